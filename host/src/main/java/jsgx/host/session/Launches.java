package jsgx.host.session;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.HexFormat;
import jsgx.arch.struct.Layouts;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.host.client.LaunchAnswer;
import jsgx.host.client.LaunchCall;
import jsgx.host.peer.Peer;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.LaunchResult;
import jsgx.launch.Launcher;
import jsgx.launch.governor.Governor;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;

/** Launches that front ends ask for, on the host's processor and by its rules. */
final class Launches {

    private final HostContext context;
    private final Claims claims;

    Launches(HostContext context, Claims claims) {
        this.context = context;
        this.claims = claims;
    }

    /** Makes a launch that lies in a memory file of so many bytes. */
    byte[] launch(int descriptor, long bytes, Peer peer) throws HostException, IOException {
        try (Arena arena = Arena.ofConfined()) {
            LaunchCall call = LaunchCall.read(descriptor, bytes, arena);
            Claims.Granted granted = claims.check(call.wishes(), peer);
            LaunchOptions options = options(call, granted.workload());
            // The launcher is not closed: the platform is the host's.
            Launcher launcher =
                    Launcher.on(context.running(), context.governance().options());
            LaunchResult result = granted.call(() -> launcher.launch(call.image(), call.sigstruct(), options));
            return LaunchAnswer.write(new LaunchAnswer.Launched(
                    result, governor().placement(), granted.workload().name()));
        } catch (LaunchException e) {
            throw new HostException(String.valueOf(e.getMessage()), e);
        }
    }

    /** What the policy says to a launch that lies in a memory file. */
    byte[] judge(int descriptor, long bytes, Peer peer) throws HostException, IOException {
        try (Arena arena = Arena.ofConfined()) {
            LaunchCall call = LaunchCall.read(descriptor, bytes, arena);
            Claims.Granted granted = claims.check(call.wishes(), peer);
            LaunchOptions options = options(call, granted.workload());
            PolicySubject subject =
                    options.subject(call.image(), call.sigstruct(), governor().now());
            PolicyVerdict verdict = granted.call(() -> governor().judge(subject));
            return LaunchAnswer.write(
                    new LaunchAnswer.Judged(verdict, granted.workload().name()));
        }
    }

    private Governor governor() {
        return context.running().governor();
    }

    private LaunchOptions options(LaunchCall call, Workload workload) {
        InterfaceKind kind = call.interfaceKind();
        if (kind == null) {
            kind = governor().placement().inUserSpace() ? InterfaceKind.ISGX : InterfaceKind.V5;
        }
        String enclave = HexFormat.of().formatHex(call.sigstruct().enclaveHash().toArray(Layouts.U8));
        LaunchOptions options = LaunchOptions.through(kind)
                .withAttributes(call.attributes())
                .withMiscSelect(call.miscSelect())
                .forWorkload(workload)
                .withLabel(workload.name() + "/" + enclave);
        if (call.token().length != 0) {
            options = options.withToken(call.token());
        }
        return call.signed() == null ? options : options.compareWith(call.signed());
    }
}

package jsgx.host.session;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.HexFormat;
import jsgx.arch.struct.Layouts;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.host.client.LaunchAnswer;
import jsgx.host.client.LaunchCall;
import jsgx.host.config.HostOptions.Right;
import jsgx.host.peer.Grants;
import jsgx.host.peer.Peer;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.LaunchResult;
import jsgx.launch.Launcher;
import jsgx.launch.governor.Governor;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyFile;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;

/** Launches that front ends ask for, on the host's processor and by its rules. */
final class Launches {

    private static final int LONGEST_WORKLOAD = 255;
    private static final int LONGEST_POLICY = 1 << 20;

    private final HostContext context;
    private final Grants grants;

    Launches(HostContext context, Grants grants) {
        this.context = context;
        this.grants = grants;
    }

    /** Makes a launch that lies in a memory file. */
    byte[] launch(int descriptor, Peer peer) throws HostException, IOException {
        try (Arena arena = Arena.ofConfined()) {
            LaunchCall call = LaunchCall.read(descriptor, arena);
            Workload workload = workload(call, peer);
            checkPlacement(call, peer);
            LaunchOptions options = options(call, workload);
            checkPolicy(call, peer, options);
            // The launcher is not closed: the platform is the host's.
            Launcher launcher =
                    Launcher.on(context.running(), context.governance().options());
            LaunchResult result = launcher.launch(call.image(), call.sigstruct(), options);
            return LaunchAnswer.write(
                    new LaunchAnswer.Launched(result, governor().placement(), workload.name()));
        } catch (LaunchException e) {
            throw new HostException(String.valueOf(e.getMessage()), e);
        }
    }

    /** What the policy says to a launch that lies in a memory file. */
    byte[] judge(int descriptor, Peer peer) throws HostException, IOException {
        try (Arena arena = Arena.ofConfined()) {
            LaunchCall call = LaunchCall.read(descriptor, arena);
            Workload workload = workload(call, peer);
            checkPlacement(call, peer);
            LaunchOptions options = options(call, workload);
            checkPolicy(call, peer, options);
            return LaunchAnswer.write(
                    new LaunchAnswer.Judged(governor().judge(subject(call, options)), workload.name()));
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

    private PolicySubject subject(LaunchCall call, LaunchOptions options) {
        return options.subject(call.image(), call.sigstruct(), governor().now());
    }

    private Workload workload(LaunchCall call, Peer peer) throws HostException {
        String name = call.wishes().workload();
        if (name.isEmpty()) {
            return peer.workload();
        }
        check(peer, Right.WORKLOAD);
        if (name.length() > LONGEST_WORKLOAD || name.chars().anyMatch(Character::isISOControl)) {
            throw new HostException("--workload: expected 1 to 255 characters that can be printed");
        }
        return new Workload(name);
    }

    private void checkPlacement(LaunchCall call, Peer peer) throws HostException {
        String wanted = call.wishes().placement();
        if (wanted.isEmpty()) {
            return;
        }
        check(peer, Right.PLACEMENT);
        String own = governor().placement().id();
        if (!wanted.equals(own)) {
            throw new HostException(
                    "--placement %s: this host keeps tokens in placement %s, for all launches".formatted(wanted, own));
        }
    }

    /** A policy of the user's own is asked besides the host's, which has the last word. */
    private void checkPolicy(LaunchCall call, Peer peer, LaunchOptions options) throws HostException {
        String text = call.wishes().policy();
        if (text.isEmpty()) {
            return;
        }
        check(peer, Right.POLICY);
        if (text.length() > LONGEST_POLICY) {
            throw new HostException(
                    "--policy: %d characters, expected at most %d".formatted(text.length(), LONGEST_POLICY));
        }
        try {
            Policy policy = PolicyFile.parse("--policy", text);
            PolicyVerdict verdict = policy.judge(subject(call, options));
            if (!verdict.effect().launches()) {
                throw new HostException("%s: --policy says so by rule \"%s\"%s"
                        .formatted(
                                verdict.effect().code(),
                                verdict.rule(),
                                verdict.reason().isEmpty() ? "" : ": " + verdict.reason()));
            }
        } catch (PolicyException e) {
            throw new HostException("--policy: " + e.getMessage(), e);
        }
    }

    private void check(Peer peer, Right right) throws HostException {
        if (!grants.allows(peer, right)) {
            throw new HostException(Grants.refusal(peer, right));
        }
    }
}

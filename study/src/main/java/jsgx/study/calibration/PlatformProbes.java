package jsgx.study.calibration;

import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.HexFormat;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.driver.Completion;
import jsgx.driver.Decision;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.InterfaceKind;
import jsgx.driver.LaunchRequest;
import jsgx.driver.TokenSupplier;
import jsgx.driver.Workload;
import jsgx.launch.Governance;
import jsgx.launch.LaunchException;
import jsgx.launch.LeAuthority.Answer;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.audit.Durability;
import jsgx.launch.governor.Governor;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.IssuedToken;
import jsgx.launch.governor.Placement;
import jsgx.launch.le.LeRequest;
import jsgx.launch.load.EnclaveLoader;
import jsgx.launch.token.TokenIdentity;
import jsgx.launch.token.TokenSource;

/** The steps that need a platform: the launch enclave, the governor, the kernel's way to a token and EINIT. */
final class PlatformProbes {

    static final Workload WORKLOAD = new Workload("calibration");

    private static final int HOT = 256;

    private PlatformProbes() {}

    /** A token from the launch enclave, each for another enclave. */
    static Probe launchEnclave(Machines machines) throws LaunchException, IOException {
        RunningPlatform running = switchOn(machines, GovernorOptions.defaults());
        long[] number = new long[1];
        return probe(running, () -> {
            TokenIdentity asked = Enclaves.identity(number[0]++);
            LeRequest request = new LeRequest(asked.mrEnclave(), asked.mrSigner(), asked.attributes());
            long start = System.nanoTime();
            Answer answer = running.authority().ask(request);
            return took(start, granted(answer));
        });
    }

    /** A token that the kernel's cache has, by the governor's own way to it. */
    static Probe kernelHit() throws LaunchException, IOException {
        RunningPlatform running =
                switchOn(Machines.JAVA, GovernorOptions.defaults().withPlacement(Placement.KERNEL));
        Governor governor = running.governor();
        int[] next = new int[1];
        return probe(running, () -> {
            TokenIdentity asked = Enclaves.identity(next[0]++ % HOT);
            long start = System.nanoTime();
            var issue = governor.issue(asked, WORKLOAD);
            long nanos = took(start, granted(issue.answer()));
            // The first of each is a miss, which the warm-up has.
            return issue.source() == TokenSource.KERNEL_CACHE ? nanos : Sampler.NO_SAMPLE;
        });
    }

    /**
     * What the governor does to a launch whose token is at hand: judges, records the intent, enters the launch into the revision file and leaves it, records
     * the outcome.
     */
    static Probe govern(Path folder) throws LaunchException, IOException {
        Governance governance = Governance.in(folder, InstantSource.system(), Durability.GROUP);
        RunningPlatform running = switchOn(Machines.JAVA, governance.options());
        Enclaves enclaves = new Enclaves();
        byte[] token = token(running, enclaves.identity);
        long[] number = new long[] {1L << 40};
        Probe probe = probe(running, () -> {
            LaunchRequest request = new LaunchRequest(
                    number[0]++,
                    InterfaceKind.ISGX,
                    WORKLOAD,
                    enclaves.sigstruct.memory().toArray(Layouts.U8),
                    enclaves.identity.mrEnclave(),
                    enclaves.identity.mrSigner(),
                    Enclaves.ATTRIBUTES,
                    0,
                    enclaves.image.size(),
                    token,
                    TokenSupplier.CALLER,
                    HexFormat.of().parseHex(running.platform().leMrSigner()));
            long start = System.nanoTime();
            Decision decision = running.governor().decide(request);
            var _ = running.governor().complete(request, new Completion.NotExecuted(0, "calibration"));
            return took(start, decision instanceof Decision.Allow);
        });
        return closing(probe, governance);
    }

    /** What the governor does to a request of user space for a token: all of it but the token's own way. */
    static Probe issue(Path folder) throws LaunchException, IOException {
        Governance governance = Governance.in(folder, InstantSource.system(), Durability.GROUP);
        RunningPlatform running = switchOn(Machines.JAVA, governance.options());
        TokenIdentity asked = Enclaves.identity(0);
        Probe probe = probe(running, () -> {
            long start = System.nanoTime();
            IssuedToken issued = running.governor().issueToUserSpace(asked, WORKLOAD);
            return took(start, granted(issued.issue().answer())) - issued.tokenNanos();
        });
        return closing(probe, governance);
    }

    private static Probe closing(Probe probe, Governance governance) {
        return new Probe() {
            @Override
            public long sample() throws LaunchException, IOException {
                return probe.sample();
            }

            @Override
            public void close() throws LaunchException, IOException {
                probe.close();
                governance.close();
            }
        };
    }

    /** INIT with a good token, by a governor that lets everything launch and records nothing. */
    static Probe einit() throws LaunchException, IOException {
        RunningPlatform running = switchOn(Machines.JAVA, GovernorOptions.defaults());
        Enclaves enclaves = new Enclaves();
        EinitToken token = EinitToken.of(token(running, enclaves.identity));
        return probe(running, () -> {
            var device = running.driver().device(InterfaceKind.ISGX);
            try (EnclaveLoader loader =
                    new EnclaveLoader(InterfaceKind.ISGX, device.open(WORKLOAD), new EmbeddedAddressSpace())) {
                loader.create(enclaves.image, Enclaves.ATTRIBUTES, 0);
                loader.addPages(enclaves.image.pages());
                long start = System.nanoTime();
                long result = loader.init(enclaves.sigstruct, token);
                return took(start, result == 0);
            } catch (DeviceAbsentException e) {
                throw new IllegalStateException("a new platform has /dev/isgx", e);
            }
        });
    }

    /** A token of the launch enclave. */
    static byte[] token(RunningPlatform running, TokenIdentity identity) {
        LeRequest request = new LeRequest(identity.mrEnclave(), identity.mrSigner(), identity.attributes());
        if (running.authority().ask(request) instanceof Answer.Granted(byte[] token)) {
            return token;
        }
        throw new IllegalStateException("the launch enclave of a new platform makes tokens");
    }

    static RunningPlatform switchOn(Machines machines, GovernorOptions governance) throws LaunchException, IOException {
        return machines.switchOn(Platform.create(new SecureRandom()), governance);
    }

    private static boolean granted(Answer answer) {
        return answer instanceof Answer.Granted;
    }

    private static long took(long start, boolean done) {
        long nanos = System.nanoTime() - start;
        if (!done) {
            throw new IllegalStateException(
                    "a step of the calibration was refused on a new platform, which refuses none");
        }
        return nanos;
    }

    private static Probe probe(RunningPlatform running, Probe step) {
        return new Probe() {
            @Override
            public long sample() throws LaunchException, IOException {
                return step.sample();
            }

            @Override
            public void close() {
                running.close();
            }
        };
    }
}

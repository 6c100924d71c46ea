package jsgx.host.fleet;

import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import jsgx.arch.struct.Attributes;
import jsgx.host.config.HostOptions;
import jsgx.image.SigningKey;
import jsgx.launch.Governance;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.audit.AuditReader;
import jsgx.launch.audit.Durability;
import jsgx.launch.file.PrivateFile;
import jsgx.launch.governor.Revocation;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;
import org.jspecify.annotations.Nullable;

/** A host of a fleet in this process: state folder, governor and member. */
final class TestHost implements AutoCloseable {

    private static final SigningKey LE_KEY = SigningKey.generate(new SecureRandom());

    final Path state;
    final String name;
    final Governance governance;
    final RunningPlatform running;
    final @Nullable FleetMember inFleet;

    private TestHost(
            Path state, String name, Governance governance, RunningPlatform running, @Nullable FleetMember member) {
        this.state = state;
        this.name = name;
        this.governance = governance;
        this.running = running;
        this.inFleet = member;
    }

    static HostOptions.Fleet settings(URI engine, @Nullable Path password, boolean goOn) {
        return new HostOptions.Fleet(engine, password, "test", Duration.ofSeconds(1), goOn);
    }

    static Platform platform() {
        return Platform.create(new SecureRandom()).withLeKey(LE_KEY).withEpc(4L << 20);
    }

    static TestHost start(Path state, Platform platform, HostOptions.Fleet settings) throws LaunchException {
        PrivateFile.ensureFolder(state);
        String name = state.getFileName().toString();
        FleetMember member = FleetMember.of(settings, name, InstantSource.system(), System::nanoTime);
        Governance governance = Governance.in(state, InstantSource.system(), Durability.ASYNC)
                .withFleet(member)
                .withTokens();
        RunningPlatform running = RunningPlatform.of(platform, governance.options());
        TestHost host = new TestHost(state, name, governance, running, member);
        member.join(
                state, platform.id(), governance.options(), running.governor().revoker());
        return host;
    }

    /** A host of no fleet. */
    static TestHost alone(Path state) throws LaunchException {
        PrivateFile.ensureFolder(state);
        Governance governance =
                Governance.in(state, InstantSource.system(), Durability.ASYNC).withTokens();
        RunningPlatform running = RunningPlatform.of(platform(), governance.options());
        return new TestHost(state, state.getFileName().toString(), governance, running, null);
    }

    FleetMember member() {
        return Objects.requireNonNull(inFleet);
    }

    /** What is said to the launch of an enclave of this signer. */
    PolicyVerdict judge(String mrSigner) {
        byte[] signer = java.util.HexFormat.of().parseHex(mrSigner);
        return running.governor()
                .judge(new PolicySubject(
                        new byte[32],
                        signer,
                        0,
                        0,
                        new Attributes(Attributes.MODE64BIT, 3),
                        0,
                        8192,
                        "test",
                        InstantSource.system().instant()));
    }

    PolicyVerdict.Effect effect(Revocation.Signer signer) {
        return judge(signer.mrSigner()).effect();
    }

    /** The host's own trail. */
    List<AuditEntry> trail() {
        List<AuditEntry> all = new ArrayList<>();
        try (AuditReader reader = AuditReader.open(state.resolve("audit"))) {
            reader.read(all::add);
        } catch (LaunchException e) {
            throw new AssertionError(e);
        }
        return all;
    }

    static void until(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within a minute: " + what);
            }
            TimeUnit.MILLISECONDS.sleep(2);
        }
    }

    @Override
    public void close() throws LaunchException {
        if (inFleet != null) {
            inFleet.close();
        }
        running.close();
        governance.close();
    }
}

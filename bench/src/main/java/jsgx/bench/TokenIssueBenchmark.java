package jsgx.bench;

import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import jsgx.arch.crypto.Cmac;
import jsgx.arch.struct.Attributes;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.le.JavaLaunchEnclave;
import jsgx.launch.le.LaunchEnclave;
import jsgx.launch.le.LaunchEnclaveException;
import jsgx.launch.le.LaunchEnclaveRunner;
import jsgx.launch.le.LeAnswer;
import jsgx.launch.le.LeProfile;
import jsgx.launch.le.LeRequest;
import jsgx.launch.le.WhiteList;
import jsgx.launch.load.EnclaveLostException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A token from the launch enclave, from EENTER to EEXIT; and the limit: the cryptography that it cannot do without, a key
 * derivation and two CMACs under fresh keys.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TokenIssueBenchmark {

    private static final int KEY_DEPENDENCIES = 644;
    private static final int REPORT_BODY = 384;
    private static final int TOKEN_BODY = 192;

    private final SecureRandom random = new SecureRandom();
    private final Platform platform = Platform.create(random);
    private final RunningPlatform machine = RunningPlatform.of(platform);
    private final LaunchEnclaveRunner.Running launchEnclave = start();
    private final LeRequest request =
            new LeRequest(new byte[32], new byte[32], new Attributes(Attributes.MODE64BIT, 3));
    private final byte[] keyDependencies = new byte[KEY_DEPENDENCIES];
    private final byte[] reportBody = new byte[REPORT_BODY];
    private final byte[] tokenBody = new byte[TOKEN_BODY];
    private final byte[] key = new byte[Cmac.SIZE];
    private final Cmac packageKey = new Cmac(key);

    @Setup
    public void fill() {
        random.nextBytes(keyDependencies);
        random.nextBytes(tokenBody);
    }

    @Benchmark
    public LeAnswer issue() throws EnclaveLostException {
        return launchEnclave.ask(request);
    }

    /** EREPORT's key and MAC, EGETKEY's key, the token's MAC. */
    @Benchmark
    public byte[] limit() {
        byte[] reportMac = new Cmac(packageKey.mac(keyDependencies)).mac(reportBody);
        byte[] tokenMac = new Cmac(packageKey.mac(keyDependencies)).mac(tokenBody);
        tokenMac[0] ^= reportMac[0];
        return tokenMac;
    }

    @TearDown
    public void switchOff() {
        launchEnclave.close();
        machine.close();
    }

    private LaunchEnclaveRunner.Running start() {
        LaunchEnclave enclave = LaunchEnclave.of(platform.leKey(), LeProfile.V5, WhiteList.NONE);
        try {
            return new JavaLaunchEnclave(random).start(enclave, machine.driver());
        } catch (LaunchEnclaveException e) {
            throw new IllegalStateException("the launch enclave of a new platform starts", e);
        }
    }
}

package jsgx.driver;

import java.util.Random;
import java.util.function.UnaryOperator;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.TestSigner;
import jsgx.arch.epc.Epc;
import jsgx.driver.core.Launches;

/**
 * A machine with the driver: its hash MSRs hold the hash of {@link TestSigner#OTHER}, who signs launch enclaves here, and its authority
 * makes tokens.
 */
final class Machine implements AutoCloseable {

    static final TestSigner AUTHOR = TestSigner.AUTHOR;
    static final TestSigner LE = TestSigner.OTHER;
    static final Workload WORKLOAD = new Workload("test");

    final ProcessorPackage cpu;
    final Tokens tokens;
    final SgxDriver driver;

    Machine(int epcPages) {
        this(epcPages, CpuFeatures.SGX2, options -> options);
    }

    Machine(int epcPages, CpuFeatures features, UnaryOperator<DriverOptions> change) {
        this(Epc.allocate((long) epcPages * Plan.PAGE), features, change);
    }

    Machine(Epc epc, CpuFeatures features, UnaryOperator<DriverOptions> change) {
        Random random = new Random(7);
        cpu = new ProcessorPackage(Fuses.burn(random), features, CpuSvn.ZERO, new byte[16], epc, random);
        tokens = new Tokens(cpu, LE.mrSigner());
        DriverOptions options = DriverOptions.defaults()
                .withProcessors(4)
                .withAuthority(tokens)
                .withPause(duration -> {})
                .withLaunchEnclaveSigner(LE.mrSigner())
                .withSwapThread(false)
                .withFirmware(lp -> lp.firmwareLePubKeyHash(Launches.msrs(LE.mrSigner())));
        driver = new SgxDriver(cpu, change.apply(options));
    }

    Process process(InterfaceKind kind) {
        return new Process(this, kind);
    }

    @Override
    public void close() {
        driver.close();
    }
}

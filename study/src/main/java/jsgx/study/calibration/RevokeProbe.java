package jsgx.study.calibration;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Map;
import jsgx.launch.Governance;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.Durability;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.Revocation;
import jsgx.launch.governor.Revoker;

/** Revocations in a folder with nothing to purge and no launch on its way. */
final class RevokeProbe implements Probe {

    private final Governance governance;
    private final Revoker revoker;
    private long number;

    RevokeProbe(Path folder) {
        governance = Governance.in(folder, InstantSource.system(), Durability.GROUP);
        GovernorOptions options = governance.options();
        revoker = new Revoker(options.revocations(), options.audit(), options.clock(), Map.of());
    }

    @Override
    public long sample() throws LaunchException {
        Revocation revocation = new Revocation.Enclave(
                HexFormat.of().formatHex(Enclaves.identity(number++).mrEnclave()));
        long start = System.nanoTime();
        revoker.revoke(revocation);
        return System.nanoTime() - start;
    }

    @Override
    public void close() throws LaunchException {
        governance.close();
    }
}

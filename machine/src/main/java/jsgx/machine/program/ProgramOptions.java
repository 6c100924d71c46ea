package jsgx.machine.program;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import org.jspecify.annotations.Nullable;

/**
 * What a run may do and see.
 *
 * @param interfaces whose devices there are; a driver that found no hardware for its device has none all the same
 * @param workload whom all enclaves of the run are charged to; null for the uid of the process that opens the device
 * @param hidden folders that the program can read nothing of and change nothing in; real paths
 * @param launchEnclave whether its {@code /dev/sgx} is the one that the kernel hands to its own launch enclave
 */
public record ProgramOptions(
        Set<InterfaceKind> interfaces, @Nullable Workload workload, List<Path> hidden, boolean launchEnclave) {

    public ProgramOptions {
        interfaces = Set.copyOf(interfaces);
        hidden = List.copyOf(hidden);
    }

    /** All devices, a workload for each uid, nothing hidden. */
    public static ProgramOptions defaults() {
        return new ProgramOptions(Set.of(InterfaceKind.values()), null, List.of(), false);
    }

    /** Whom all enclaves are charged to; empty where that is a matter of uids. */
    public Optional<Workload> workloadOfAll() {
        return Optional.ofNullable(workload);
    }
}

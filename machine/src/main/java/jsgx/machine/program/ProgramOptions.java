package jsgx.machine.program;

import java.nio.file.Path;
import java.util.List;
import jsgx.driver.Workload;
import jsgx.machine.linux.SeccompFilter;
import org.jspecify.annotations.Nullable;

/**
 * What a run may do and see.
 *
 * @param workload whom all enclaves of the run are charged to; null for the user of the process that opens the device
 * @param hidden files and folders that the program can read nothing of and change nothing in
 * @param patchCpuid whether CPUID instructions of the program's files are replaced, as they cannot be made to trap here
 * @param action how a filter hands a system call to the supervision
 * @param strict whether system calls inside an enclave are undefined there, and its pages are shown only while a thread is inside
 */
public record ProgramOptions(
        @Nullable Workload workload,
        List<Path> hidden,
        boolean patchCpuid,
        SeccompFilter.Action action,
        boolean strict) {

    public ProgramOptions {
        hidden = List.copyOf(hidden);
    }

    /** A workload for each user, nothing hidden, CPUID replaced, calls traced. */
    public static ProgramOptions defaults() {
        return new ProgramOptions(null, List.of(), true, SeccompFilter.Action.TRACE, false);
    }
}

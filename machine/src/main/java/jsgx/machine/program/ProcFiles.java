package jsgx.machine.program;

/** Files of /proc that tell of the program's memory: they show devices as the kernel would, and nothing of jsgx. */
final class ProcFiles {

    ProcFiles(ProgramThread thread) {}

    /**
     * The kernel opened a file for the thread.
     *
     * @param name where it leads
     * @return the descriptor that the program gets, or a negated errno
     */
    long opened(String name, int descriptor, int flags) {
        return descriptor;
    }
}

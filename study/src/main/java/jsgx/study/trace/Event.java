package jsgx.study.trace;

/** What can happen on the hosts of a trace. Subject and object are numbers of what the trace names. */
public enum Event {
    /** A workload (subject) launches an enclave (object). */
    LAUNCH("launch", Kind.WORKLOAD, Kind.ENCLAVE),
    /** A workload (subject) launches an enclave (object) and knows that it will not launch it again. */
    LAST_LAUNCH("last-launch", Kind.WORKLOAD, Kind.ENCLAVE),
    /** A machine (subject) restarts: the memory of its kernel and of its workloads is lost, their disks are not. */
    REBOOT("reboot", Kind.MACHINE, Kind.NOTHING),
    /** A machine (subject), which is virtual, goes on on another package (object): its memory and disks come with it. */
    MIGRATE("migrate", Kind.MACHINE, Kind.PACKAGE),
    /** The launch enclave of a package (subject) is rotated to one of another signer: tokens of the former are refused with code 16. */
    ROTATE_LAUNCH_ENCLAVE("rotate-launch-enclave", Kind.PACKAGE, Kind.NOTHING),
    /** A package (subject) gets a newer microcode: CPUSVN rises, and tokens of the former are still taken. */
    RAISE_CPUSVN("raise-cpusvn", Kind.PACKAGE, Kind.NOTHING),
    /** A package (subject) goes back to an older microcode: tokens made since are refused with code 32. */
    LOWER_CPUSVN("lower-cpusvn", Kind.PACKAGE, Kind.NOTHING),
    /** An enclave (object) is revoked on all packages. */
    REVOKE("revoke", Kind.NOTHING, Kind.ENCLAVE),
    /** The revocation of an enclave (object) is taken back on all packages; its tokens were purged, and it needs fresh ones. */
    REINSTATE("reinstate", Kind.NOTHING, Kind.ENCLAVE);

    private final String word;
    private final Kind subject;
    private final Kind object;

    Event(String word, Kind subject, Kind object) {
        this.word = word;
        this.subject = subject;
        this.object = object;
    }

    /** What a number of an event is the number of. */
    public enum Kind {
        WORKLOAD("workload"),
        MACHINE("machine"),
        PACKAGE("package"),
        ENCLAVE("enclave"),
        NOTHING("");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        /** The member of a trace file's line that names it. */
        @Override
        public String toString() {
            return word;
        }
    }

    /** What its subject is. */
    public Kind subject() {
        return subject;
    }

    /** What its object is. */
    public Kind object() {
        return object;
    }

    /** Its name as a trace file has it. */
    @Override
    public String toString() {
        return word;
    }
}

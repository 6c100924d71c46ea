package jsgx.study.trace;

/** What can happen on the hosts of a trace. Subject and object are numbers of what the trace names. */
public enum Event {
    /** A workload (subject) launches an enclave (object). */
    LAUNCH,
    /** A workload (subject) launches an enclave (object) and knows that it will not launch it again. */
    LAST_LAUNCH,
    /** A machine (subject) restarts: the memory of its kernel and of its workloads is lost, their disks are not. */
    REBOOT,
    /** A machine (subject), which is virtual, goes on on another package (object): its memory and disks come with it. */
    MIGRATE,
    /** The launch enclave of a package (subject) is rotated to one of another signer: tokens of the former are refused with code 16. */
    ROTATE_LAUNCH_ENCLAVE,
    /** A package (subject) gets a newer microcode: CPUSVN rises, and tokens of the former are still taken. */
    RAISE_CPUSVN,
    /** A package (subject) goes back to an older microcode: tokens made since are refused with code 32. */
    LOWER_CPUSVN,
    /** An enclave (object) is revoked on all packages. */
    REVOKE
}

package jsgx.machine.event;

import java.util.OptionalLong;
import jsgx.arch.Leaf;

/** Something of SGX that happened in a run. */
public sealed interface SgxEvent {

    /** The process; the thread's identifier where it is a thread's event. */
    int tid();

    /** A device was opened; the result is a descriptor or a negated errno. */
    record Opened(int tid, String path, long result) implements SgxEvent {}

    /** The last descriptor of an open device was closed. */
    record Released(int tid, String path) implements SgxEvent {}

    /**
     * An ioctl of a device.
     *
     * @param name the request's name
     * @param arguments its decoded arguments, for people
     * @param result as the program sees it
     * @param nanos how long it took
     */
    record Ioctl(int tid, String path, String name, String arguments, long result, long nanos) implements SgxEvent {}

    /** mmap, mprotect, munmap or mremap of a mapping of a device; the result as the program sees it. */
    record Mapped(int tid, String call, long address, long length, int protection, long result) implements SgxEvent {}

    /**
     * An ENCLU leaf.
     *
     * @param enclave the enclave's number; 0 where none is known
     * @param outcome success, code or fault, for people
     */
    record Enclu(int tid, long enclave, Leaf leaf, long rbx, long rcx, long rdx, String outcome) implements SgxEvent {}

    /**
     * An asynchronous exit.
     *
     * @param cause the exception with its error code, or the interrupt, for people
     * @param address of the page, empty where the cause has none
     */
    record AsynchronousExit(int tid, long enclave, String cause, OptionalLong address, long rip) implements SgxEvent {}

    /**
     * A page fault in a mapping of a device that the driver was asked to repair.
     *
     * @param answer what the driver said
     */
    record PageFault(int tid, long enclave, long address, boolean write, String answer) implements SgxEvent {}

    /** A page left the program's memory because the EPC was short of pages, or came back. */
    record PageMoved(int tid, long address, boolean reclaimed) implements SgxEvent {}

    /** A process of the run began (fork or exec), or ended. */
    record Process(int tid, String what) implements SgxEvent {}
}

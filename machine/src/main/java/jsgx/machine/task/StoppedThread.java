package jsgx.machine.task;

import jsgx.arch.RegisterFile;

/** A thread of the program at a stop: who it is, and its registers. */
public interface StoppedThread {

    /** The process (thread group) that it belongs to. */
    int pid();

    /** The thread. */
    int tid();

    /**
     * Its registers while it is stopped, FS and GS base and extended state among them. At a system call RIP is behind the
     * instruction and RAX is what the thread will find there.
     */
    RegisterFile registers();
}

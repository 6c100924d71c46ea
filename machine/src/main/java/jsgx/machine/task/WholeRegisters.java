package jsgx.machine.task;

import jsgx.arch.RegisterFile;

/** Registers whose extended state can be carried elsewhere: as ptrace has it (NT_X86_XSTATE). */
public interface WholeRegisters extends RegisterFile {

    byte[] extendedState();

    void extendedState(byte[] state);
}

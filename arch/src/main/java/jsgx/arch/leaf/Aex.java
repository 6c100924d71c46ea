package jsgx.arch.leaf;

import static jsgx.arch.struct.Layouts.u16;
import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Fault;
import jsgx.arch.Leaf;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.Xsave;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Exinfo;
import jsgx.arch.struct.Gprsgx;
import jsgx.arch.struct.MiscSelect;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Tcs;

/**
 * Asynchronous enclave exit: what the processor does before an exception or interrupt inside an enclave reaches the operating
 * system (SDM 3D, "AEX Operational Detail"). It cannot fail: the pages that it writes were checked at entry.
 */
public final class Aex {

    /** An exception or interrupt on its way to the operating system. */
    public record Event(Kind kind, int vector, int errorCode, long address) {

        /** Whether the processor found something wrong, or something came from elsewhere. */
        public enum Kind {
            EXCEPTION,
            INTERRUPT
        }

        /** An interrupt, NMI, SMI or the like. */
        public static Event interrupt(int vector) {
            return new Event(Kind.INTERRUPT, vector, 0, 0);
        }

        /** An exception without an error code or with the error code 0. */
        public static Event exception(int vector) {
            return exception(vector, 0);
        }

        public static Event exception(int vector, int errorCode) {
            return new Event(Kind.EXCEPTION, vector, errorCode, 0);
        }

        /** #PF with the address that CR2 gets. */
        public static Event pageFault(long address, int errorCode) {
            return new Event(Kind.EXCEPTION, PF, errorCode, address);
        }

        /** What a leaf or an access raised. */
        public static Event of(Fault fault) {
            return new Event(Kind.EXCEPTION, fault.vector().number(), fault.errorCode(), fault.address());
        }

        private boolean is(int exception) {
            return kind == Kind.EXCEPTION && vector == exception;
        }
    }

    private static final int DE = 0;
    private static final int DB = 1;
    private static final int BP = 3;
    private static final int OF = 4;
    private static final int BR = 5;
    private static final int UD = 6;
    private static final int GP = 13;
    private static final int PF = 14;
    private static final int MF = 16;
    private static final int AC = 17;
    private static final int XM = 19;
    private static final int CP = 21;

    private static final int FCW = 0;
    private static final int FSW = 2;
    private static final int X87_SSE = 3;

    private Aex() {}

    /**
     * Leaves the enclave for its AEP, with the state of the thread in the SSA frame and a synthetic state in the registers.
     *
     * @return the event as the operating system sees it
     */
    public static Event run(LogicalProcessor lp, Event event) {
        EnclaveMode mode = lp.enclaveMode();
        if (mode == null) {
            throw new IllegalStateException("an AEX happens inside an enclave, this processor is outside");
        }
        ProcessorPackage cpu = lp.processorPackage();
        Secs secs = new Secs(cpu.epc().page(mode.secs()));
        Tcs tcs = new Tcs(cpu.epc().page(mode.tcs()));
        Gprsgx gprsgx = mode.ssa().gprsgx(cpu.epc());
        RegisterFile registers = lp.registers();

        save(registers, gprsgx, event);
        long xfrm = secs.attributes().xfrm();
        saveExtended(registers, cpu.epc(), mode, xfrm);
        CetState.save(lp, mode);
        report(event, secs.miscSelect(), gprsgx, mode.ssa().exinfo(cpu.epc()));

        synthesize(registers, lp.mode64(), mode, tcs, gprsgx);
        registers.xrstor(initialExtended(event), xfrm);
        EnclaveEntry.restoreOutside(lp, mode);
        tcs.cssa(tcs.cssa() + 1);
        EnclaveEntry.leave(lp, mode, tcs);
        return event.is(PF)
                ? new Event(event.kind(), event.vector(), event.errorCode(), event.address() & -Epc.PAGE_SIZE)
                : event;
    }

    private static void save(RegisterFile registers, Gprsgx gprsgx, Event event) {
        for (int number = 0; number < Gprsgx.GENERAL; number++) {
            gprsgx.general(number, registers.get(RegisterFile.GENERAL.get(number)));
        }
        gprsgx.rip(registers.get(Register.RIP));
        long rflags = registers.get(Register.RFLAGS) & ~Rflags.TF;
        gprsgx.rflags(isFault(event) ? rflags | Rflags.RF : rflags);
        gprsgx.fsBase(registers.get(Register.FS_BASE));
        gprsgx.gsBase(registers.get(Register.GS_BASE));
    }

    /** Whether the exception is a fault, for which RFLAGS.RF is pushed as 1 outside SGX too. */
    private static boolean isFault(Event event) {
        return event.kind() == Event.Kind.EXCEPTION
                && switch (event.vector()) {
                    case DB, BP, OF -> false;
                    default -> true;
                };
    }

    private static void saveExtended(RegisterFile registers, Epc epc, EnclaveMode mode, long xfrm) {
        MemorySegment area = mode.ssa().readXsave(epc, Xsave.size(xfrm));
        registers.xsave(area, xfrm);
        u64(area, Xsave.XCOMP_BV, 0);
        u64(area, Xsave.XCOMP_BV + 8, 0);
        mode.ssa().writeXsave(epc, area);
    }

    /** EXITINFO and EXINFO: what the enclave learns of the reason. */
    private static void report(Event event, int miscSelect, Gprsgx gprsgx, Exinfo exinfo) {
        int exitInfo = 0;
        if (event.kind() == Event.Kind.EXCEPTION) {
            switch (event.vector()) {
                case DE, DB, BR, UD, MF, AC, XM ->
                    exitInfo = Gprsgx.exitInfoOf(event.vector(), Gprsgx.HARDWARE_EXCEPTION);
                case BP -> exitInfo = Gprsgx.exitInfoOf(BP, Gprsgx.SOFTWARE_EXCEPTION);
                case PF, GP -> {
                    if ((miscSelect & MiscSelect.EXINFO) != 0) {
                        exitInfo = Gprsgx.exitInfoOf(event.vector(), Gprsgx.HARDWARE_EXCEPTION);
                        describe(event, exinfo);
                    }
                }
                case CP -> {
                    if ((miscSelect & MiscSelect.CPINFO) != 0) {
                        exitInfo = Gprsgx.exitInfoOf(CP, Gprsgx.HARDWARE_EXCEPTION);
                        describe(event, exinfo);
                    }
                }
                default -> {}
            }
        }
        gprsgx.exitInfo(exitInfo);
    }

    private static void describe(Event event, Exinfo exinfo) {
        exinfo.memory().fill((byte) 0);
        exinfo.maddr(event.is(PF) ? event.address() : 0);
        exinfo.errcd(event.errorCode());
    }

    /** What the interrupt handler and the AEP find in the general registers. */
    private static void synthesize(RegisterFile registers, boolean mode64, EnclaveMode mode, Tcs tcs, Gprsgx gprsgx) {
        registers.set(Register.RAX, Leaf.ERESUME.number());
        registers.set(Register.RBX, mode.tcsLinear());
        registers.set(Register.RCX, tcs.aep());
        registers.set(Register.RDX, 0);
        registers.set(Register.RSI, 0);
        registers.set(Register.RDI, 0);
        registers.set(Register.RSP, gprsgx.ursp());
        registers.set(Register.RBP, gprsgx.urbp());
        if (mode64) {
            for (Register register : RegisterFile.GENERAL.subList(Register.R8.ordinal(), Gprsgx.GENERAL)) {
                registers.set(register, 0);
            }
        }
        registers.set(Register.RIP, tcs.aep());
        registers.set(Register.RFLAGS, registers.get(Register.RFLAGS) & ~Rflags.CLEARED_BY_AEX);
    }

    /** x87 and SSE as an AEX leaves them, for XRSTOR; the other features go into their initial state. */
    private static MemorySegment initialExtended(Event event) {
        MemorySegment area = MemorySegment.ofArray(new byte[Xsave.LEGACY_AND_HEADER]);
        u16(area, FCW, event.is(MF) ? 0x37e : 0x37f);
        u16(area, FSW, event.is(MF) ? 0x8081 : 0);
        u32(area, Xsave.MXCSR, event.is(XM) ? 0x1f01 : 0x1fb0);
        u64(area, Xsave.XSTATE_BV, X87_SSE);
        return area;
    }
}

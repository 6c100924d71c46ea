package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.canonical;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;
import jsgx.arch.EnclaveMode;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.Segments;
import jsgx.arch.SsaPages;
import jsgx.arch.epc.SecsState;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Tcs;

/**
 * An entry into an enclave in the making: what EENTER and ERESUME check alike, and how they enter. It holds the TCS's STATE
 * and a place in the enclave's epoch from its beginning, so that no second entry can use the TCS and no ETRACK can pass by
 * the thread between its checks and its entry. An entry that comes to nothing is {@link #abandon abandoned}.
 */
final class EnclaveEntry {

    /** Bytes of ENCLU. */
    private static final int ENCLU_LENGTH = 3;

    private static final VarHandle STATE =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private static final long X87_SSE = 3;
    private static final long LOW_32 = 0xffff_ffffL;

    final LogicalProcessor lp;
    final int tcsPage;
    final Tcs tcs;
    final int secsPage;
    final Secs secs;
    private final SecsState state;
    private final long epoch;
    private final boolean claimed;

    /** Begins with a page that the EPCM says is a TCS. */
    EnclaveEntry(LogicalProcessor lp, int tcsPage) {
        ProcessorPackage cpu = lp.processorPackage();
        this.lp = lp;
        this.tcsPage = tcsPage;
        this.tcs = new Tcs(cpu.epc().page(tcsPage));
        this.secsPage = cpu.epcm().enclaveSecs(tcsPage);
        this.secs = new Secs(cpu.epc().page(secsPage));
        this.state = Objects.requireNonNull(cpu.secs(secsPage), "a valid TCS has its SECS in the EPC");
        this.epoch = state.enter();
        this.claimed = STATE.compareAndSet(tcs.memory(), 0L, Tcs.INACTIVE, Tcs.ACTIVE);
    }

    /** Gives back what the entry held. */
    void abandon() {
        if (claimed) {
            release(tcs);
        }
        state.leave(epoch);
    }

    /** TCS.STATE := INACTIVE, after all else that leaving writes. */
    static void release(Tcs tcs) {
        STATE.setRelease(tcs.memory(), 0L, Tcs.INACTIVE);
    }

    /** The segments of a 32-bit program: DS, then the bases. */
    static void segments(
            LogicalProcessor lp,
            LeafCheck dsUsable,
            LeafCheck csAndDsBase,
            LeafCheck esBase,
            LeafCheck ssBase,
            LeafCheck ssBig) {
        if (lp.mode64()) {
            return;
        }
        Segments segments = lp.segments();
        if (!segments.dsUsable()) {
            throw gp(dsUsable, "a usable DS that expands up", "another one");
        }
        if (segments.csBase() != 0 || segments.dsBase() != 0) {
            throw gp(csAndDsBase, "0 and 0", hex(segments.csBase()) + " and " + hex(segments.dsBase()));
        }
        if (segments.esBase() != 0) {
            throw gp(esBase, "0", hex(segments.esBase()));
        }
        if (segments.ssBase() != 0) {
            throw gp(ssBase, "0", hex(segments.ssBase()));
        }
        if (!segments.ssBig()) {
            throw gp(ssBig, "SS.B 1", "SS.B 0");
        }
    }

    void flagsReserved(LeafCheck check) {
        boolean notify = lp.processorPackage().features().aexNotify();
        long reserved = ~(notify ? Tcs.DBGOPTIN | Tcs.AEXNOTIFY : Tcs.DBGOPTIN);
        if ((tcs.flags() & reserved) != 0) {
            throw gp(check, "0 in bits " + hex(reserved), hex(tcs.flags()));
        }
    }

    void initialized(LeafCheck check) {
        if (!secs.attributes().has(Attributes.INIT)) {
            throw gp(check, "ATTRIBUTES.INIT", secs.attributes().toString());
        }
    }

    void mode(LeafCheck check) {
        if (lp.mode64() != secs.attributes().has(Attributes.MODE64BIT)) {
            throw gp(
                    check,
                    lp.mode64() ? "MODE64BIT" : "no MODE64BIT",
                    secs.attributes().toString());
        }
    }

    void osfxsr(LeafCheck check) {
        if (!lp.osfxsr()) {
            throw gp(check, "CR4.OSFXSR 1", "CR4.OSFXSR 0");
        }
    }

    void xfrm(LeafCheck withoutXsave, LeafCheck inXcr0) {
        long xfrm = secs.attributes().xfrm();
        if (!lp.osxsave()) {
            if (xfrm != X87_SSE) {
                throw gp(withoutXsave, hex(X87_SSE), hex(xfrm));
            }
        } else if ((xfrm & lp.xcr0()) != xfrm) {
            throw gp(inXcr0, "bits of " + hex(lp.xcr0()), hex(xfrm));
        }
    }

    void aexNotify(LeafCheck check) {
        long flags = tcs.flags();
        boolean own = (flags & Tcs.AEXNOTIFY) != 0;
        if ((flags & Tcs.DBGOPTIN) == 0 && own != secs.attributes().has(Attributes.AEXNOTIFY)) {
            throw gp(check, secs.attributes().toString(), "TCS.FLAGS " + hex(flags));
        }
    }

    /** The check that another frame is free for an AEX. */
    void frameFree(LeafCheck check) {
        if (Integer.compareUnsigned(tcs.cssa(), tcs.nssa()) >= 0) {
            throw gp(
                    check,
                    "CSSA below NSSA " + Integer.toUnsignedString(tcs.nssa()),
                    "CSSA " + Integer.toUnsignedString(tcs.cssa()));
        }
    }

    /** The address at which an entry begins: BASEADDR and TCS.OENTRY. */
    long entryPoint() {
        return secs.baseAddr() + tcs.oentry();
    }

    /** The check that an address can be RIP. */
    static void target(LogicalProcessor lp, long target, LeafCheck isCanonical, LeafCheck inCs) {
        if (lp.mode64()) {
            canonical(target, isCanonical);
        } else if (Long.compareUnsigned(target, lp.segments().csLimit()) > 0) {
            throw gp(inCs, "at most " + hex(lp.segments().csLimit()), hex(target));
        }
    }

    /** FS or GS base as the TCS gives it. */
    long base(long offset) {
        return secs.baseAddr() + offset;
    }

    /** The check that FS or GS of a 32-bit enclave falls within DS. */
    void segmentInDs(long offset, int limit, LeafCheck check) {
        long first = base(offset) & LOW_32;
        long last = first + Integer.toUnsignedLong(limit) & LOW_32;
        Segments segments = lp.segments();
        boolean wraps = last < first;
        if (wraps ? !segments.dsReaches4G() : last > segments.dsLimit()) {
            throw gp(check, "inside DS, up to " + hex(segments.dsLimit()), hex(first) + " to " + hex(last));
        }
    }

    void inactive(LeafCheck check) {
        if (!claimed) {
            throw gp(check, "TCS.STATE 0", "TCS.STATE " + hex(tcs.state()));
        }
    }

    /**
     * Enters: the processor is in enclave mode, with FS, GS, XCR0 and TF of the enclave. RIP and the general registers are the
     * leaf's to set.
     */
    void enter(long tcsLinear, long aep, SsaPages ssa, CetState cet, long fsBase, long gsBase) {
        RegisterFile registers = lp.registers();
        tcs.aep(aep);
        boolean optIn = (tcs.flags() & Tcs.DBGOPTIN) != 0;
        long rflags = registers.get(Register.RFLAGS);
        EnclaveMode.Outside outside = new EnclaveMode.Outside(
                registers.get(Register.FS_BASE),
                registers.get(Register.GS_BASE),
                lp.xcr0(),
                (rflags & Rflags.TF) != 0,
                registers.get(Register.U_CET),
                registers.get(Register.SSP));
        if (lp.osxsave()) {
            lp.xcr0(secs.attributes().xfrm());
        }
        registers.set(Register.FS_BASE, fsBase);
        registers.set(Register.GS_BASE, gsBase);
        if (!optIn) {
            registers.set(Register.RFLAGS, rflags & ~Rflags.TF);
        }
        if (lp.processorPackage().features().cet()) {
            registers.set(Register.U_CET, cet.uCet());
            registers.set(Register.SSP, cet.ssp());
        }
        lp.enclaveMode(new EnclaveMode(
                secsPage,
                state,
                epoch,
                tcsPage,
                tcsLinear,
                secs.baseAddr(),
                secs.size(),
                ssa,
                cet.saveArea(),
                outside,
                optIn));
    }

    /** The processor is inside since an entry that happened without it; registers are as they are. */
    static void happened(LogicalProcessor lp, EnclaveMode earlier, long aep, EnclaveMode.Outside outside) {
        Tcs tcs = new Tcs(lp.processorPackage().epc().page(earlier.tcs()));
        Secs secs = new Secs(lp.processorPackage().epc().page(earlier.secs()));
        STATE.setVolatile(tcs.memory(), 0L, Tcs.ACTIVE);
        tcs.aep(aep);
        if (lp.osxsave()) {
            lp.xcr0(secs.attributes().xfrm());
        }
        lp.enclaveMode(new EnclaveMode(
                earlier.secs(),
                earlier.enclave(),
                earlier.enclave().enter(),
                earlier.tcs(),
                earlier.tcsLinear(),
                earlier.elrangeBase(),
                earlier.elrangeSize(),
                earlier.ssa(),
                earlier.cetSaveArea(),
                outside,
                earlier.debugOptIn()));
    }

    /** What EENTER and a notifying ERESUME do to the registers: RAX, RCX and RIP, with RSP and RBP kept for an AEX. */
    void begin(SsaPages ssa, long target) {
        RegisterFile registers = lp.registers();
        var gprsgx = ssa.gprsgx(lp.processorPackage().epc());
        gprsgx.ursp(registers.get(Register.RSP));
        gprsgx.urbp(registers.get(Register.RBP));
        registers.set(Register.RCX, registers.get(Register.RIP) + ENCLU_LENGTH);
        registers.set(Register.RAX, Integer.toUnsignedLong(tcs.cssa()));
        registers.set(Register.RIP, target);
    }

    /** What EEXIT and AEX undo: FS, GS, XCR0 and TF, and CET. */
    static void restoreOutside(LogicalProcessor lp, EnclaveMode mode) {
        RegisterFile registers = lp.registers();
        EnclaveMode.Outside outside = mode.outside();
        registers.set(Register.FS_BASE, outside.fsBase());
        registers.set(Register.GS_BASE, outside.gsBase());
        if (lp.osxsave()) {
            lp.xcr0(outside.xcr0());
        }
        if (!mode.debugOptIn()) {
            long rflags = registers.get(Register.RFLAGS);
            registers.set(Register.RFLAGS, outside.tf() ? rflags | Rflags.TF : rflags & ~Rflags.TF);
        }
        if (lp.processorPackage().features().cet()) {
            registers.set(Register.U_CET, outside.uCet());
            registers.set(Register.SSP, outside.ssp());
        }
    }

    /** Leaves enclave mode; the TCS is free and the thread no longer counts for ETRACK. */
    static void leave(LogicalProcessor lp, EnclaveMode mode, Tcs tcs) {
        lp.enclaveMode(null);
        release(tcs);
        mode.enclave().leave(mode.entryEpoch());
    }
}

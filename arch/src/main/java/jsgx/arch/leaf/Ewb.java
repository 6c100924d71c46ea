package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.epcPage;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;
import static jsgx.arch.leaf.Operands.pf;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.crypto.Measurement;
import jsgx.arch.crypto.PageCipher;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Pageinfo;
import jsgx.arch.struct.Pcmd;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.VaPage;
import org.jspecify.annotations.Nullable;

/** EWB: takes a page out of the EPC, encrypted (SDM 3D, "EWB—Invalidate an EPC Page and Write out to Main Memory"). */
public final class Ewb {

    /** The checks of EWB in their order. */
    public enum Check implements LeafCheck {
        PAGEINFO_ALIGNED("RBX (PAGEINFO) is a multiple of 32"),
        EPC_PAGE_ALIGNED("RCX is a multiple of 4096"),
        EPC_PAGE_IN_EPC("RCX is in the EPC"),
        VA_SLOT_ALIGNED("RDX (the version array's slot) is a multiple of 8"),
        VA_SLOT_IN_EPC("RDX is in the EPC"),
        DISTINCT_PAGES("RCX and RDX are in different EPC pages"),
        LINADDR_ZERO("PAGEINFO.LINADDR is 0"),
        PAGEINFO_SECS_ZERO("PAGEINFO.SECS is 0"),
        PCMD_ALIGNED("PAGEINFO.PCMD is a multiple of 128"),
        SRCPGE_ALIGNED("PAGEINFO.SRCPGE is a multiple of 4096"),
        EPC_PAGE_FREE("no other leaf uses the EPC page"),
        VA_FREE("no other leaf has the version array for itself"),
        EPC_PAGE_VALID("the EPC page is valid"),
        VA_VALID("RDX is in a valid PT_VA page"),
        TRACKING_FREE("no ETRACK runs on the page's enclave"),
        BLOCKED("the page of an enclave is blocked"),
        TRACKED("an ETRACK came after EBLOCK, and every thread from before it has left the enclave"),
        CHILD_PRESENT("no page of the enclave is in the EPC where the page is a SECS"),
        VA_SLOT_EMPTY("the version array's slot is 0");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EWB;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    /** What is written outside the EPC, reached before anything changes. */
    private record Destination(Pageinfo pageinfo, MemorySegment srcPge, Pcmd pcmd) {}

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EWB, Outcome.Flags.CLEARED);

    private Ewb() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#ewb} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rbx, long rcx, long rdx) {
        aligned(rbx, Pageinfo.ALIGNMENT, Check.PAGEINFO_ALIGNED);
        aligned(rcx, Epc.PAGE_SIZE, Check.EPC_PAGE_ALIGNED);
        int page = epcPage(lp, rcx, Check.EPC_PAGE_IN_EPC);
        aligned(rdx, VaPage.SLOT_SIZE, Check.VA_SLOT_ALIGNED);
        int va = epcPage(lp, rdx, Check.VA_SLOT_IN_EPC);
        if (page == va) {
            throw gp(Check.DISTINCT_PAGES, "two EPC pages", "RCX " + hex(rcx) + ", RDX " + hex(rdx));
        }

        Destination destination = destination(lp, rbx);
        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryExclusive(page)) {
            throw gp(Check.EPC_PAGE_FREE, "no concurrent leaf", "a leaf that uses the page");
        }
        try {
            if (!epcm.tryShared(va)) {
                throw gp(Check.VA_FREE, "no concurrent leaf", "a leaf that has the page for itself");
            }
            try {
                if (!epcm.valid(page)) {
                    throw pf(lp, Check.EPC_PAGE_VALID, rcx, "a valid page", "EPCM.VALID 0");
                }
                VersionArray.requireValid(lp, va, rdx, Check.VA_VALID);
                PageType type = PageType.of(epcm.pageType(page));
                Outcome refused = type.hasSecs() ? checkTracking(lp, page) : checkChildren(lp, page, type);
                return refused != null ? refused : evict(lp.processorPackage(), page, type, va, rdx, destination);
            } finally {
                epcm.releaseShared(va);
            }
        } finally {
            epcm.releaseExclusive(page);
        }
    }

    private static Destination destination(LogicalProcessor lp, long rbx) {
        Pageinfo pageinfo = new Pageinfo(Operands.read(lp, rbx, Pageinfo.SIZE, Check.PAGEINFO_ALIGNED));
        long srcPge = pageinfo.srcPge();
        long pcmd = pageinfo.pcmd();
        if (pageinfo.linAddr() != 0) {
            throw gp(Check.LINADDR_ZERO, "0", hex(pageinfo.linAddr()));
        }
        if (pageinfo.secs() != 0) {
            throw gp(Check.PAGEINFO_SECS_ZERO, "0", hex(pageinfo.secs()));
        }
        aligned(pcmd, Pcmd.ALIGNMENT, Check.PCMD_ALIGNED);
        aligned(srcPge, Epc.PAGE_SIZE, Check.SRCPGE_ALIGNED);
        return new Destination(
                new Pageinfo(Operands.write(lp, rbx, Pageinfo.SIZE, Check.PAGEINFO_ALIGNED)),
                Operands.write(lp, srcPge, Epc.PAGE_SIZE, Check.SRCPGE_ALIGNED),
                new Pcmd(Operands.write(lp, pcmd, Pcmd.SIZE, Check.PCMD_ALIGNED)));
    }

    private static @Nullable Outcome checkTracking(LogicalProcessor lp, int page) {
        ProcessorPackage cpu = lp.processorPackage();
        Epcm epcm = cpu.epcm();
        int secs = epcm.enclaveSecs(page);
        // The manual's "EBLOCK is not correct", which its list of exceptions calls a tracking resource in use. EWB does
        // not
        // take the facility: pages of one enclave leave on several processors at once.
        if (epcm.isTracking(secs)) {
            throw gp(Check.TRACKING_FREE, "no concurrent ETRACK or ETRACKC", "one that runs");
        }
        if (!epcm.has(page, Epcm.BLOCKED)) {
            return zf(Check.BLOCKED, SgxError.PAGE_NOT_BLOCKED, "EPCM.BLOCKED 1", "EPCM.BLOCKED 0");
        }
        SecsState state = cpu.requireSecs(secs);
        if (!state.tracked(epcm.blockEpoch(page))) {
            return zf(
                    Check.TRACKED,
                    SgxError.NOT_TRACKED,
                    "ETRACK after EBLOCK, and no thread inside from before it",
                    state.epoch() == epcm.blockEpoch(page)
                            ? "no ETRACK since EBLOCK"
                            : Operands.threads(state.threadsBefore()) + " from before the last ETRACK");
        }
        return null;
    }

    private static @Nullable Outcome checkChildren(LogicalProcessor lp, int page, PageType type) {
        if (type == PageType.SECS) {
            int children = lp.processorPackage().requireSecs(page).children();
            if (children != 0) {
                return zf(Check.CHILD_PRESENT, SgxError.CHILD_PRESENT, "no page in the EPC", children + " in the EPC");
            }
        }
        return null;
    }

    private static Outcome evict(
            ProcessorPackage cpu, int page, PageType type, int va, long rdx, Destination destination) {
        Epcm epcm = cpu.epcm();
        long linAddr = epcm.enclaveAddress(page);
        long flags = epcm.flags(page) & Epcm.SECINFO_MASK;
        long version = cpu.nextVersion();
        // A page without a SECS is bound to no enclave; a SECS tells software which one it is all the same.
        SecsState own = type == PageType.SECS ? cpu.requireSecs(page) : null;
        SecsState parent = type.hasSecs() ? cpu.requireSecs(epcm.enclaveSecs(page)) : null;
        long eid = parent == null ? 0 : parent.eid();

        Pcmd pcmd = destination.pcmd();
        cpu.pageCipher()
                .encrypt(
                        version,
                        new MacHeader(eid, linAddr, flags).bytes(),
                        cpu.epc().page(page),
                        destination.srcPge(),
                        pcmd.mac());
        pcmd.memory().asSlice(0, Pcmd.SIZE - PageCipher.MAC_SIZE).fill((byte) 0);
        pcmd.secinfo().flags(flags);
        pcmd.enclaveId(own == null ? eid : own.eid());
        destination.pageinfo().linAddr(linAddr);

        long before = VersionArray.exchange(cpu.epc().page(va), rdx, version);
        epcm.invalidate(page);
        if (parent != null) {
            parent.removeChild();
        }
        if (own != null) {
            forget(cpu, page, own);
        }
        return before == 0
                ? SUCCESS
                : new Outcome.Error(
                        Check.VA_SLOT_EMPTY,
                        SgxError.VA_SLOT_OCCUPIED,
                        Outcome.Flags.CF,
                        "0 in the slot",
                        "version " + hex(before) + "; the page left the EPC all the same");
    }

    /** What the processor kept beside the SECS goes; a measurement that is not finished waits for ELDU. */
    private static void forget(ProcessorPackage cpu, int page, SecsState state) {
        Measurement measurement = state.measurement();
        if (measurement != null) {
            cpu.keepMeasurement(state.eid(), measurement);
        }
        cpu.secs(page, null);
    }

    private static Outcome zf(Check check, SgxError code, String expected, String found) {
        return new Outcome.Error(check, code, Outcome.Flags.ZF, expected, found);
    }
}

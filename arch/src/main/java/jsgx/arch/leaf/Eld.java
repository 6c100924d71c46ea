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
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Pageinfo;
import jsgx.arch.struct.Pcmd;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.VaPage;

/**
 * ELDB, ELDU, ELDBC and ELDUC: bring a page back that EWB took out (SDM 3D, "ELDB/ELDU/ELDBC/ELDUC—Load an EPC Page and
 * Mark its State"). B loads it blocked, U unblocked; C returns a code where another leaf is in the way.
 */
public final class Eld {

    /** The checks of the four leaves in their order. */
    public enum Step {
        PAGEINFO_ALIGNED("RBX (PAGEINFO) is a multiple of 32"),
        EPC_PAGE_ALIGNED("RCX is a multiple of 4096"),
        EPC_PAGE_IN_EPC("RCX is in the EPC"),
        VA_SLOT_ALIGNED("RDX (the version array's slot) is a multiple of 8"),
        VA_SLOT_IN_EPC("RDX is in the EPC"),
        PCMD_ALIGNED("PAGEINFO.PCMD is a multiple of 128"),
        SRCPGE_ALIGNED("PAGEINFO.SRCPGE is a multiple of 4096"),
        EPC_PAGE_FREE("no other leaf uses the EPC page"),
        VA_FREE("no other leaf has the version array for itself"),
        EPCM_INVALID("the EPC page is not in use (EPCM.VALID is 0)"),
        VA_VALID("RDX is in a valid PT_VA page"),
        SECS_ALIGNED("PAGEINFO.SECS is a multiple of 4096 where the page belongs to an enclave"),
        SECS_IN_EPC("PAGEINFO.SECS is in the EPC where the page belongs to an enclave"),
        SECS_FREE("no other leaf has the SECS for itself"),
        SECS_VALID("PAGEINFO.SECS is a valid PT_SECS page where the page belongs to an enclave"),
        MAC("the MAC in the PCMD is that of the page, its metadata, its enclave and the version in the slot"),
        VERSION_UNCHANGED("the slot still has the version with which the page was verified");

        private final String rule;

        Step(String rule) {
            this.rule = rule;
        }
    }

    /**
     * A check of one of the four leaves.
     *
     * @param leaf the leaf that was executed
     * @param which the check
     */
    public record Check(Leaf leaf, Step which) implements LeafCheck {
        @Override
        public String name() {
            return which.name();
        }

        @Override
        public int ordinal() {
            return which.ordinal();
        }

        @Override
        public String rule() {
            return which.rule;
        }

        @Override
        public int steps() {
            return Step.values().length;
        }
    }

    private final LogicalProcessor lp;
    private final ProcessorPackage cpu;
    private final Leaf leaf;

    private Eld(LogicalProcessor lp, Leaf leaf) {
        this.lp = lp;
        this.cpu = lp.processorPackage();
        this.leaf = leaf;
    }

    /**
     * Runs one of the leaves; {@link jsgx.arch.Encls#eldu} and its siblings are the way in.
     *
     * @param leaf ELDB, ELDU, ELDBC or ELDUC
     */
    public static Outcome run(LogicalProcessor lp, Leaf leaf, long rbx, long rcx, long rdx) {
        return new Eld(lp, leaf).load(rbx, rcx, rdx);
    }

    private Outcome load(long rbx, long rcx, long rdx) {
        aligned(rbx, Pageinfo.ALIGNMENT, check(Step.PAGEINFO_ALIGNED));
        aligned(rcx, Epc.PAGE_SIZE, check(Step.EPC_PAGE_ALIGNED));
        int page = epcPage(lp, rcx, check(Step.EPC_PAGE_IN_EPC));
        aligned(rdx, VaPage.SLOT_SIZE, check(Step.VA_SLOT_ALIGNED));
        int va = epcPage(lp, rdx, check(Step.VA_SLOT_IN_EPC));

        Pageinfo pageinfo = new Pageinfo(Operands.read(lp, rbx, Pageinfo.SIZE, check(Step.PAGEINFO_ALIGNED)));
        Source source = new Source(pageinfo.linAddr(), pageinfo.srcPge(), pageinfo.pcmd(), pageinfo.secs());
        aligned(source.pcmd, Pcmd.ALIGNMENT, check(Step.PCMD_ALIGNED));
        aligned(source.srcPge, Epc.PAGE_SIZE, check(Step.SRCPGE_ALIGNED));

        Epcm epcm = cpu.epcm();
        if (!epcm.tryExclusive(page)) {
            return conflict(Step.EPC_PAGE_FREE, "a leaf that uses the page");
        }
        try {
            if (!epcm.tryShared(va)) {
                return conflict(Step.VA_FREE, "a leaf that has the page for itself");
            }
            try {
                if (epcm.valid(page)) {
                    PageType type = PageType.of(epcm.pageType(page));
                    throw pf(lp, check(Step.EPCM_INVALID), rcx, "a free page", "PT_" + type);
                }
                VersionArray.requireValid(lp, va, rdx, check(Step.VA_VALID));
                return load(page, va, rdx, source);
            } finally {
                epcm.releaseShared(va);
            }
        } finally {
            epcm.releaseExclusive(page);
        }
    }

    /** The fields of PAGEINFO, read once. */
    private record Source(long linAddr, long srcPge, long pcmd, long secs) {}

    private Outcome load(int page, int va, long rdx, Source source) {
        MemorySegment pcmd = MemorySegment.ofArray(new byte[Pcmd.SIZE]);
        pcmd.copyFrom(Operands.read(lp, source.pcmd, Pcmd.SIZE, check(Step.PCMD_ALIGNED)));
        Pcmd scratch = new Pcmd(pcmd);
        if (!scratch.secinfo().pageType().hasSecs()) {
            return load(page, va, rdx, source, scratch, Epcm.NO_SECS);
        }
        aligned(source.secs, Secs.ALIGNMENT, check(Step.SECS_ALIGNED));
        int secs = epcPage(lp, source.secs, check(Step.SECS_IN_EPC));
        Epcm epcm = cpu.epcm();
        if (!epcm.tryShared(secs)) {
            return conflict(Step.SECS_FREE, "a leaf that has the SECS for itself");
        }
        try {
            // The manual's operation reads EID from any page here; its list of exceptions has the page type.
            if (!epcm.valid(secs) || epcm.pageType(secs) != PageType.SECS.code()) {
                throw pf(lp, check(Step.SECS_VALID), source.secs, "a valid PT_SECS page", "another page");
            }
            return load(page, va, rdx, source, scratch, secs);
        } finally {
            epcm.releaseShared(secs);
        }
    }

    private Outcome load(int page, int va, long rdx, Source source, Pcmd pcmd, int secs) {
        MemorySegment versions = cpu.epc().page(va);
        MemorySegment content = cpu.epc().page(page);
        long version = VersionArray.get(versions, rdx);
        long eid = secs == Epcm.NO_SECS ? 0 : cpu.requireSecs(secs).eid();
        boolean genuine = cpu.pageCipher()
                .decrypt(
                        version,
                        new MacHeader(eid, source.linAddr, pcmd.memory()).bytes(),
                        Operands.read(lp, source.srcPge, Epc.PAGE_SIZE, check(Step.SRCPGE_ALIGNED)),
                        pcmd.mac(),
                        content);
        if (!genuine) {
            return new Outcome.Error(
                    check(Step.MAC),
                    SgxError.MAC_COMPARE_FAIL,
                    Outcome.Flags.ZF,
                    "MAC " + Bytes.hex(pcmd.mac()),
                    version == 0
                            ? "another MAC, with no version in the slot"
                            : "another MAC, with version " + hex(version) + " and EID " + eid);
        }
        // Two leaves may verify the same page at once; one of them loads it.
        if (!VersionArray.clear(versions, rdx, version)) {
            throw gp(
                    check(Step.VERSION_UNCHANGED),
                    "version " + hex(version),
                    "version " + hex(VersionArray.get(versions, rdx)));
        }
        commit(page, (int) pcmd.secinfo().flags() & Epcm.SECINFO_MASK, source.linAddr, secs);
        return new Outcome.Success(leaf, Outcome.Flags.CLEARED);
    }

    private void commit(int page, int flags, long linAddr, int secs) {
        Epcm epcm = cpu.epcm();
        if (secs != Epcm.NO_SECS) {
            SecsState state = cpu.requireSecs(secs);
            state.addChild();
            boolean blocked = leaf == Leaf.ELDB || leaf == Leaf.ELDBC;
            epcm.set(page, blocked ? flags | Epcm.BLOCKED : flags, linAddr, secs);
            if (blocked) {
                epcm.recordEpoch(page, state.epoch());
            }
            return;
        }
        if (flags >>> Epcm.PT_SHIFT == PageType.SECS.code()) {
            cpu.secs(page, recall(cpu.epc().page(page)));
        }
        epcm.set(page, flags, linAddr, Epcm.NO_SECS);
    }

    /** What the processor keeps beside a SECS, made again from the SECS. */
    private SecsState recall(MemorySegment content) {
        long eid = new SecsInternals(content).eid();
        boolean initialized = new Secs(content).attributes().has(Attributes.INIT);
        Measurement measurement = initialized ? null : cpu.takeMeasurement(eid);
        return new SecsState(eid, measurement);
    }

    private Check check(Step step) {
        return new Check(leaf, step);
    }

    /** #GP(0) from ELDB and ELDU, a code from ELDBC and ELDUC. */
    private Outcome conflict(Step step, String found) {
        if (leaf == Leaf.ELDB || leaf == Leaf.ELDU) {
            throw gp(check(step), "no concurrent leaf", found);
        }
        return new Outcome.Error(
                check(step), SgxError.EPC_PAGE_CONFLICT, Outcome.Flags.ZF, "no concurrent leaf", found);
    }
}

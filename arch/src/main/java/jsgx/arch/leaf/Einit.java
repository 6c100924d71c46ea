package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.epcPage;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;
import static jsgx.arch.leaf.Operands.pf;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.crypto.KeyDependencies;
import jsgx.arch.crypto.Measurement;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.Sigstruct;
import org.jspecify.annotations.Nullable;

/** EINIT: makes an enclave ready to execute (SDM 3D, "EINIT—Initialize an Enclave for Execution"). */
public final class Einit {

    /** The checks of EINIT in their order. */
    public enum Check implements LeafCheck {
        SIGSTRUCT_ALIGNED("RBX (SIGSTRUCT) is a multiple of 4096"),
        SECS_ALIGNED("RCX (the SECS) is a multiple of 4096"),
        TOKEN_ALIGNED("RDX (EINITTOKEN) is a multiple of 512"),
        SECS_IN_EPC("RCX is in the EPC"),
        SIGSTRUCT_HEADER("SIGSTRUCT.HEADER is 06000000E10000000000010000000000H"),
        SIGSTRUCT_VENDOR("SIGSTRUCT.VENDOR is 0 or 8086H"),
        SIGSTRUCT_HEADER2("SIGSTRUCT.HEADER2 is 01010000600000006000000001000000H"),
        SIGSTRUCT_EXPONENT("SIGSTRUCT.EXPONENT is 3"),
        SIGSTRUCT_RESERVED("the reserved fields of SIGSTRUCT are 0"),
        NO_PENDING_EVENT("no interrupt, NMI, SMI, machine check or the like is pending"),
        SIGNATURE("SIGSTRUCT.SIGNATURE verifies with MODULUS, Q1 and Q2"),
        SECS_FREE("no other leaf has the SECS for itself"),
        SECS_VALID("RCX is a valid PT_SECS page"),
        ISVFAMILYID_NEEDS_KSS("SIGSTRUCT.ISVFAMILYID is 0, or ATTRIBUTES.KSS is set"),
        MEASUREMENT_FREE("no other leaf updates the measurement"),
        SECS_UNINITIALIZED("the enclave is not initialised"),
        ENCLAVEHASH("SIGSTRUCT.ENCLAVEHASH is the enclave's MRENCLAVE"),
        CONTROLLED_ATTRIBUTES("ATTRIBUTES.EINITTOKENKEY is 0, or SIGSTRUCT's signer is IA32_SGXLEPUBKEYHASH"),
        ATTRIBUTES("SECS.ATTRIBUTES is SIGSTRUCT.ATTRIBUTES under ATTRIBUTEMASK"),
        MISCSELECT("SECS.MISCSELECT is SIGSTRUCT.MISCSELECT under MISCMASK"),
        CET_ATTRIBUTES("SECS.CET_ATTRIBUTES is SIGSTRUCT.CET_ATTRIBUTES under CET_ATTRIBUTES_MASK"),
        AUTHORIZED_SIGNER("EINITTOKEN.VALID is 1, or SIGSTRUCT's signer is IA32_SGXLEPUBKEYHASH"),
        TOKEN_DEBUG("a debug launch enclave made the token for a debug enclave only"),
        TOKEN_RESERVED("the reserved fields of EINITTOKEN are 0"),
        TOKEN_CPUSVN("EINITTOKEN.CPUSVNLE is not beyond the processor's CPUSVN"),
        TOKEN_MAC("EINITTOKEN.MAC is the CMAC of the token's first 192 bytes under the launch key"),
        TOKEN_MRENCLAVE("EINITTOKEN.MRENCLAVE is the enclave's MRENCLAVE"),
        TOKEN_MRSIGNER("EINITTOKEN.MRSIGNER is the enclave's MRSIGNER"),
        TOKEN_ATTRIBUTES("EINITTOKEN.ATTRIBUTES is SECS.ATTRIBUTES");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EINIT;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EINIT, Outcome.Flags.CLEARED);

    /** CONTROLLED_ATTRIBUTES: what only an authorised signer may ask for. */
    private static final long CONTROLLED = Attributes.EINITTOKENKEY;

    private Einit() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#einit} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rbx, long rcx, long rdx) {
        aligned(rbx, Sigstruct.ALIGNMENT, Check.SIGSTRUCT_ALIGNED);
        aligned(rcx, Secs.ALIGNMENT, Check.SECS_ALIGNED);
        aligned(rdx, EinitToken.ALIGNMENT, Check.TOKEN_ALIGNED);
        int page = epcPage(lp, rcx, Check.SECS_IN_EPC);

        // TMP_SIG and TMP_TOKEN: nothing that software writes later counts.
        Sigstruct sig = Sigstruct.of(copy(lp, rbx, Sigstruct.SIZE, Check.SIGSTRUCT_ALIGNED));
        EinitToken token = EinitToken.of(copy(lp, rdx, EinitToken.SIZE, Check.TOKEN_ALIGNED));
        Outcome malformed = checkForm(lp, sig);
        if (malformed != null) {
            return malformed;
        }
        if (lp.pendingEvent()) {
            return error(Check.NO_PENDING_EVENT, SgxError.UNMASKED_EVENT, "no event", "a pending one");
        }
        if (!lp.processorPackage().verifySignature(sig)) {
            return error(
                    Check.SIGNATURE,
                    SgxError.INVALID_SIGNATURE,
                    "a signature of bytes 0 to 127 and 900 to 1027, with its quotients Q1 and Q2",
                    "another one");
        }

        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryShared(page)) {
            throw gp(Check.SECS_FREE, "no concurrent leaf", "a leaf that has the SECS for itself");
        }
        try {
            return initialize(lp, page, rcx, sig, token);
        } finally {
            epcm.releaseShared(page);
        }
    }

    private static @Nullable Outcome checkForm(LogicalProcessor lp, Sigstruct sig) {
        SgxError code = SgxError.INVALID_SIG_STRUCT;
        if (!sig.headerIsValid()) {
            return error(
                    Check.SIGSTRUCT_HEADER,
                    code,
                    "06000000e10000000000010000000000",
                    Bytes.hex(sig.memory().asSlice(0, 16)));
        }
        if (!sig.vendorIsValid()) {
            return error(Check.SIGSTRUCT_VENDOR, code, "0 or 0x8086", hex(Integer.toUnsignedLong(sig.vendor())));
        }
        if (!sig.header2IsValid()) {
            return error(
                    Check.SIGSTRUCT_HEADER2,
                    code,
                    "01010000600000006000000001000000",
                    Bytes.hex(sig.memory().asSlice(24, 16)));
        }
        if (!sig.exponentIsValid()) {
            return error(Check.SIGSTRUCT_EXPONENT, code, "3", Integer.toUnsignedString(sig.exponent()));
        }
        boolean cet = lp.processorPackage().features().cet();
        if (!sig.reservedIsZero() || !(cet || sig.cetFieldsAreZero())) {
            return error(Check.SIGSTRUCT_RESERVED, code, "0 in the reserved fields", "other bytes");
        }
        return null;
    }

    private static Outcome initialize(LogicalProcessor lp, int page, long rcx, Sigstruct sig, EinitToken token) {
        ProcessorPackage cpu = lp.processorPackage();
        Epcm epcm = cpu.epcm();
        SecsState state = cpu.secs(page);
        if (!epcm.valid(page) || epcm.pageType(page) != PageType.SECS.code() || state == null) {
            throw pf(lp, Check.SECS_VALID, rcx, "a valid PT_SECS page", "another page");
        }
        Secs secs = new Secs(cpu.epc().page(page));
        if (!secs.attributes().has(Attributes.KSS) && !Bytes.isZero(sig.isvFamilyId())) {
            return error(
                    Check.ISVFAMILYID_NEEDS_KSS,
                    SgxError.INVALID_SIG_STRUCT,
                    "0 without ATTRIBUTES.KSS",
                    Bytes.hex(sig.isvFamilyId()));
        }
        if (!epcm.tryMeasuring(page)) {
            throw gp(Check.MEASUREMENT_FREE, "no concurrent EADD, EEXTEND or EINIT", "one that runs");
        }
        try {
            // The manual's exception list has both #GP and #PF for this; the model takes #GP, as EADD and EEXTEND do.
            Measurement measurement = state.measurement();
            if (measurement == null || secs.attributes().has(Attributes.INIT)) {
                throw gp(Check.SECS_UNINITIALIZED, "ATTRIBUTES.INIT 0", "an initialised enclave");
            }
            MemorySegment mrEnclave = MemorySegment.ofArray(measurement.value());
            MemorySegment mrSigner = MemorySegment.ofArray(sha256(sig.modulus()));
            Outcome refused = checkRequirements(lp, secs, sig, mrEnclave, mrSigner);
            if (refused == null) {
                refused = LaunchToken.check(lp, secs.attributes(), token, mrEnclave, mrSigner);
            }
            if (refused != null) {
                return refused;
            }
            commit(secs, sig, mrEnclave, mrSigner);
            state.endMeasurement();
            return SUCCESS;
        } finally {
            epcm.releaseMeasuring(page);
        }
    }

    /** What SIGSTRUCT demands of the enclave. */
    private static @Nullable Outcome checkRequirements(
            LogicalProcessor lp, Secs secs, Sigstruct sig, MemorySegment mrEnclave, MemorySegment mrSigner) {
        if (sig.enclaveHash().mismatch(mrEnclave) != -1) {
            return error(
                    Check.ENCLAVEHASH,
                    SgxError.INVALID_MEASUREMENT,
                    Bytes.hex(sig.enclaveHash()),
                    Bytes.hex(mrEnclave));
        }
        SgxError code = SgxError.INVALID_ATTRIBUTE;
        Attributes attributes = secs.attributes();
        if ((attributes.flags() & CONTROLLED) != 0 && !lp.lePubKeyHashIs(mrSigner)) {
            return error(Check.CONTROLLED_ATTRIBUTES, code, lePubKeyHash(lp), Bytes.hex(mrSigner));
        }
        Attributes mask = sig.attributeMask();
        if (!attributes.and(mask).equals(sig.attributes().and(mask))) {
            return error(
                    Check.ATTRIBUTES,
                    code,
                    sig.attributes().and(mask) + " under mask " + hex(mask.flags()) + " and " + hex(mask.xfrm()),
                    attributes.toString());
        }
        if (((secs.miscSelect() ^ sig.miscSelect()) & sig.miscMask()) != 0) {
            return error(
                    Check.MISCSELECT,
                    code,
                    underMask(sig.miscSelect(), sig.miscMask()),
                    hex(Integer.toUnsignedLong(secs.miscSelect())));
        }
        boolean cet = lp.processorPackage().features().cet();
        if (cet && ((secs.cetAttributes() ^ sig.cetAttributes()) & sig.cetAttributesMask()) != 0) {
            return error(
                    Check.CET_ATTRIBUTES,
                    code,
                    underMask(sig.cetAttributes(), sig.cetAttributesMask()),
                    hex(secs.cetAttributes()));
        }
        return null;
    }

    private static void commit(Secs secs, Sigstruct sig, MemorySegment mrEnclave, MemorySegment mrSigner) {
        secs.mrEnclave(mrEnclave);
        secs.mrSigner(mrSigner);
        secs.isvProdId(sig.isvProdId());
        secs.isvSvn(sig.isvSvn());
        SecsInternals internals = new SecsInternals(secs.memory());
        internals.isvExtProdId().copyFrom(sig.isvExtProdId());
        internals.isvFamilyId().copyFrom(sig.isvFamilyId());
        // TMP_SIG_PADDING, the top of S^3 mod N: of an accepted signature it has this one value.
        internals.padding().copyFrom(MemorySegment.ofArray(KeyDependencies.hardcodedPkcs15Padding()));
        secs.attributes(secs.attributes().with(Attributes.INIT));
    }

    static Outcome error(Check check, SgxError code, String expected, String found) {
        return new Outcome.Error(check, code, Outcome.Flags.ZF, expected, found);
    }

    /** IA32_SGXLEPUBKEYHASH as people read an MRSIGNER. */
    static String lePubKeyHash(LogicalProcessor lp) {
        return Bytes.hex(MemorySegment.ofArray(lp.lePubKeyHash()));
    }

    private static String underMask(int value, int mask) {
        return hex(Integer.toUnsignedLong(value & mask)) + " under mask " + hex(Integer.toUnsignedLong(mask));
    }

    private static byte[] copy(LogicalProcessor lp, long address, long size, Check check) {
        return Operands.read(lp, address, size, check).toArray(Layouts.U8);
    }

    private static byte[] sha256(MemorySegment bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes.toArray(Layouts.U8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}

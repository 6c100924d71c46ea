package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.enclavePage;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;
import static jsgx.arch.leaf.Operands.inElrange;

import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Optional;
import jsgx.arch.CpuSvn;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.crypto.Cmac;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.KeyName;
import jsgx.arch.struct.KeyPolicy;
import jsgx.arch.struct.KeyRequest;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.SgxError;
import org.jspecify.annotations.Nullable;

/** EGETKEY: derives a key for the running enclave (SDM 3D, "EGETKEY—Retrieves a Cryptographic Key"). */
public final class Egetkey {

    /** The checks of EGETKEY in their order. */
    public enum Check implements LeafCheck {
        KEYREQUEST_ALIGNED("RBX (KEYREQUEST) is a multiple of 512"),
        KEYREQUEST_IN_ELRANGE("RBX (KEYREQUEST) is in ELRANGE"),
        KEYREQUEST_IN_EPC("RBX (KEYREQUEST) is in the EPC"),
        KEYREQUEST_VALID("KEYREQUEST", PageCondition.VALID),
        KEYREQUEST_NOT_BLOCKED("KEYREQUEST", PageCondition.NOT_BLOCKED),
        KEYREQUEST_PT_REG("KEYREQUEST", PageCondition.PT_REG),
        KEYREQUEST_OWN_SECS("KEYREQUEST", PageCondition.OWN_SECS),
        KEYREQUEST_NOT_PENDING("KEYREQUEST", PageCondition.NOT_PENDING),
        KEYREQUEST_NOT_MODIFIED("KEYREQUEST", PageCondition.NOT_MODIFIED),
        KEYREQUEST_ENCLAVEADDRESS("KEYREQUEST", PageCondition.ENCLAVEADDRESS),
        KEYREQUEST_R("KEYREQUEST", PageCondition.R),
        OUTPUT_ALIGNED("RCX (the key) is a multiple of 16"),
        OUTPUT_IN_ELRANGE("RCX (the key) is in ELRANGE"),
        OUTPUT_IN_EPC("RCX (the key) is in the EPC"),
        OUTPUT_VALID("the key", PageCondition.VALID),
        OUTPUT_NOT_BLOCKED("the key", PageCondition.NOT_BLOCKED),
        OUTPUT_PT_REG("the key", PageCondition.PT_REG),
        OUTPUT_OWN_SECS("the key", PageCondition.OWN_SECS),
        OUTPUT_NOT_PENDING("the key", PageCondition.NOT_PENDING),
        OUTPUT_NOT_MODIFIED("the key", PageCondition.NOT_MODIFIED),
        OUTPUT_ENCLAVEADDRESS("the key", PageCondition.ENCLAVEADDRESS),
        OUTPUT_W("the key", PageCondition.W),
        KEYREQUEST_RESERVED("the reserved fields of KEYREQUEST are 0"),
        KEYPOLICY_RESERVED("the reserved bits of KEYPOLICY are 0"),
        KEYPOLICY_NEEDS_KSS("KEYPOLICY uses its bits 2 to 5 only in an enclave with ATTRIBUTES.KSS"),
        CONFIGSVN_NEEDS_KSS("CONFIGSVN is 0 in an enclave without ATTRIBUTES.KSS"),
        LAUNCHKEY_ATTRIBUTE("the launch key is only for an enclave with ATTRIBUTES.EINITTOKENKEY"),
        PROVISIONKEY_ATTRIBUTE("the provisioning keys are only for an enclave with ATTRIBUTES.PROVISIONKEY"),
        CPUSVN("KEYREQUEST.CPUSVN is not beyond the processor's"),
        ISVSVN("KEYREQUEST.ISVSVN is not beyond the enclave's"),
        CONFIGSVN("KEYREQUEST.CONFIGSVN of a sealing key is not beyond the enclave's"),
        KEYNAME("KEYREQUEST.KEYNAME is that of a key");

        private final String rule;
        private final @Nullable PageCondition page;

        Check(String rule) {
            this.rule = rule;
            this.page = null;
        }

        Check(String operand, PageCondition page) {
            this.rule = page.rule(operand);
            this.page = page;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EGETKEY;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final int OUTPUT_ALIGNMENT = 16;
    private static final EnclaveOperand KEYREQUEST =
            EnclaveOperand.read(EnumSet.range(Check.KEYREQUEST_VALID, Check.KEYREQUEST_R), check -> check.page);
    private static final EnclaveOperand OUTPUT =
            EnclaveOperand.written(EnumSet.range(Check.OUTPUT_VALID, Check.OUTPUT_W), check -> check.page);
    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EGETKEY, Outcome.Flags.CLEARED);

    private Egetkey() {}

    /** Runs the leaf; {@link jsgx.arch.Enclu#egetkey} is the way in. */
    public static Outcome run(LogicalProcessor lp, EnclaveMode mode, long rbx, long rcx) {
        aligned(rbx, KeyRequest.ALIGNMENT, Check.KEYREQUEST_ALIGNED);
        inElrange(mode, rbx, Check.KEYREQUEST_IN_ELRANGE);
        int requestPage = enclavePage(lp, rbx, false, Check.KEYREQUEST_IN_EPC);
        KeyRequest request = KeyRequest.of(KEYREQUEST
                .bytes(lp, requestPage, rbx, mode.secs(), KeyRequest.SIZE)
                .toArray(Layouts.U8));
        aligned(rcx, OUTPUT_ALIGNMENT, Check.OUTPUT_ALIGNED);
        inElrange(mode, rcx, Check.OUTPUT_IN_ELRANGE);
        int outputPage = enclavePage(lp, rcx, true, Check.OUTPUT_IN_EPC);
        MemorySegment output = OUTPUT.bytes(lp, outputPage, rcx, mode.secs(), Cmac.SIZE);

        ProcessorPackage cpu = lp.processorPackage();
        Secs secs = new Secs(cpu.epc().page(mode.secs()));
        checkFormat(cpu, secs, request);
        Optional<KeyName> name = KeyName.of(request.keyName());
        if (name.isEmpty()) {
            return error(Check.KEYNAME, SgxError.INVALID_KEYNAME, "0 to 4", Integer.toString(request.keyName()));
        }
        Outcome refusal = checkRights(cpu, secs, name.get(), request);
        if (refusal != null) {
            return refusal;
        }
        output.copyFrom(MemorySegment.ofArray(Keys.requested(cpu, name.get(), secs, request)));
        return SUCCESS;
    }

    private static void checkFormat(ProcessorPackage cpu, Secs secs, KeyRequest request) {
        if (!request.reservedIsZero() || !(cpu.features().cet() || request.cetFieldsAreZero())) {
            throw gp(Check.KEYREQUEST_RESERVED, "0 in the reserved fields", "other bytes");
        }
        int policy = request.keyPolicy();
        if ((policy & KeyPolicy.RESERVED) != 0) {
            throw gp(Check.KEYPOLICY_RESERVED, "0 in bits 15:6", hex(policy));
        }
        if (!secs.attributes().has(Attributes.KSS)) {
            if ((policy & KeyPolicy.KSS_ONLY) != 0) {
                throw gp(Check.KEYPOLICY_NEEDS_KSS, "0 in bits 5:2", KeyPolicy.toString(policy));
            }
            if (request.configSvn() != 0) {
                throw gp(Check.CONFIGSVN_NEEDS_KSS, "0", Integer.toString(request.configSvn()));
            }
        }
    }

    /** The error for an enclave that may not have this key; null where it may. */
    private static @Nullable Outcome checkRights(ProcessorPackage cpu, Secs secs, KeyName name, KeyRequest request) {
        Attributes attributes = secs.attributes();
        switch (name) {
            case EINITTOKEN -> {
                if (!attributes.has(Attributes.EINITTOKENKEY)) {
                    return attribute(Check.LAUNCHKEY_ATTRIBUTE, "EINITTOKENKEY", attributes);
                }
            }
            case PROVISION, PROVISION_SEAL -> {
                if (!attributes.has(Attributes.PROVISIONKEY)) {
                    return attribute(Check.PROVISIONKEY_ATTRIBUTE, "PROVISIONKEY", attributes);
                }
            }
            case SEAL -> {}
            case REPORT -> {
                // The versions in the request play no part.
                return null;
            }
        }
        CpuSvn svn = CpuSvn.at(request.cpuSvn());
        if (svn.beyond(cpu.cpuSvn())) {
            return error(Check.CPUSVN, SgxError.INVALID_CPUSVN, "at most " + cpu.cpuSvn(), svn.toString());
        }
        if (request.isvSvn() > secs.isvSvn()) {
            return svn(Check.ISVSVN, secs.isvSvn(), request.isvSvn());
        }
        // The 2018 pseudo-code has this for SEAL alone; its prose, and later manuals, for all keys that take a
        // CONFIGSVN.
        boolean sealing = name == KeyName.SEAL || name == KeyName.PROVISION_SEAL;
        if (sealing && request.configSvn() > secs.configSvn()) {
            return svn(Check.CONFIGSVN, secs.configSvn(), request.configSvn());
        }
        return null;
    }

    private static Outcome attribute(Check check, String expected, Attributes found) {
        return error(check, SgxError.INVALID_ATTRIBUTE, expected, found.toString());
    }

    private static Outcome svn(Check check, int own, int requested) {
        return error(check, SgxError.INVALID_ISVSVN, "at most " + own, Integer.toString(requested));
    }

    private static Outcome error(Check check, SgxError code, String expected, String found) {
        return new Outcome.Error(check, code, Outcome.Flags.ZF, expected, found);
    }
}

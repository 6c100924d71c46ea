package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.enclavePage;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.inElrange;

import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.crypto.Cmac;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Report;
import jsgx.arch.struct.ReportData;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.TargetInfo;
import org.jspecify.annotations.Nullable;

/** EREPORT: makes a report of the running enclave (SDM 3D, "EREPORT—Create a Cryptographic Report of the Enclave"). */
public final class Ereport {

    /** The checks of EREPORT in their order. */
    public enum Check implements LeafCheck {
        TARGETINFO_ALIGNED("RBX (TARGETINFO) is a multiple of 512"),
        TARGETINFO_IN_ELRANGE("RBX (TARGETINFO) is in ELRANGE"),
        TARGETINFO_IN_EPC("RBX (TARGETINFO) is in the EPC"),
        TARGETINFO_VALID("TARGETINFO", PageCondition.VALID),
        TARGETINFO_NOT_BLOCKED("TARGETINFO", PageCondition.NOT_BLOCKED),
        TARGETINFO_PT_REG("TARGETINFO", PageCondition.PT_REG),
        TARGETINFO_OWN_SECS("TARGETINFO", PageCondition.OWN_SECS),
        TARGETINFO_NOT_PENDING("TARGETINFO", PageCondition.NOT_PENDING),
        TARGETINFO_NOT_MODIFIED("TARGETINFO", PageCondition.NOT_MODIFIED),
        TARGETINFO_ENCLAVEADDRESS("TARGETINFO", PageCondition.ENCLAVEADDRESS),
        TARGETINFO_R("TARGETINFO", PageCondition.R),
        TARGETINFO_RESERVED("the reserved fields of TARGETINFO are 0"),
        REPORTDATA_ALIGNED("RCX (REPORTDATA) is a multiple of 128"),
        REPORTDATA_IN_ELRANGE("RCX (REPORTDATA) is in ELRANGE"),
        REPORTDATA_IN_EPC("RCX (REPORTDATA) is in the EPC"),
        REPORTDATA_VALID("REPORTDATA", PageCondition.VALID),
        REPORTDATA_NOT_BLOCKED("REPORTDATA", PageCondition.NOT_BLOCKED),
        REPORTDATA_PT_REG("REPORTDATA", PageCondition.PT_REG),
        REPORTDATA_OWN_SECS("REPORTDATA", PageCondition.OWN_SECS),
        REPORTDATA_NOT_PENDING("REPORTDATA", PageCondition.NOT_PENDING),
        REPORTDATA_NOT_MODIFIED("REPORTDATA", PageCondition.NOT_MODIFIED),
        REPORTDATA_ENCLAVEADDRESS("REPORTDATA", PageCondition.ENCLAVEADDRESS),
        REPORTDATA_R("REPORTDATA", PageCondition.R),
        OUTPUT_ALIGNED("RDX (the output) is a multiple of 512"),
        OUTPUT_IN_ELRANGE("RDX (the output) is in ELRANGE"),
        OUTPUT_IN_EPC("RDX (the output) is in the EPC"),
        OUTPUT_VALID("the output", PageCondition.VALID),
        OUTPUT_NOT_BLOCKED("the output", PageCondition.NOT_BLOCKED),
        OUTPUT_PT_REG("the output", PageCondition.PT_REG),
        OUTPUT_OWN_SECS("the output", PageCondition.OWN_SECS),
        OUTPUT_NOT_PENDING("the output", PageCondition.NOT_PENDING),
        OUTPUT_NOT_MODIFIED("the output", PageCondition.NOT_MODIFIED),
        OUTPUT_ENCLAVEADDRESS("the output", PageCondition.ENCLAVEADDRESS),
        OUTPUT_W("the output", PageCondition.W);

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
            return Leaf.EREPORT;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final EnclaveOperand TARGETINFO =
            EnclaveOperand.read(EnumSet.range(Check.TARGETINFO_VALID, Check.TARGETINFO_R), check -> check.page);
    private static final EnclaveOperand REPORTDATA =
            EnclaveOperand.read(EnumSet.range(Check.REPORTDATA_VALID, Check.REPORTDATA_R), check -> check.page);
    private static final EnclaveOperand OUTPUT =
            EnclaveOperand.written(EnumSet.range(Check.OUTPUT_VALID, Check.OUTPUT_W), check -> check.page);
    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EREPORT, Outcome.Flags.UNCHANGED);

    private Ereport() {}

    /** Runs the leaf; {@link jsgx.arch.Enclu#ereport} is the way in. */
    public static Outcome run(LogicalProcessor lp, EnclaveMode mode, long rbx, long rcx, long rdx) {
        aligned(rbx, TargetInfo.ALIGNMENT, Check.TARGETINFO_ALIGNED);
        inElrange(mode, rbx, Check.TARGETINFO_IN_ELRANGE);
        int targetPage = enclavePage(lp, rbx, false, Check.TARGETINFO_IN_EPC);
        TargetInfo target = TargetInfo.of(TARGETINFO
                .bytes(lp, targetPage, rbx, mode.secs(), TargetInfo.SIZE)
                .toArray(Layouts.U8));
        ProcessorPackage cpu = lp.processorPackage();
        boolean cet = cpu.features().cet();
        if (!target.reservedIsZero() || !(cet || target.cetFieldsAreZero())) {
            throw gp(Check.TARGETINFO_RESERVED, "0 in the reserved fields", "other bytes");
        }

        aligned(rcx, ReportData.ALIGNMENT, Check.REPORTDATA_ALIGNED);
        inElrange(mode, rcx, Check.REPORTDATA_IN_ELRANGE);
        int dataPage = enclavePage(lp, rcx, false, Check.REPORTDATA_IN_EPC);
        MemorySegment data = REPORTDATA.bytes(lp, dataPage, rcx, mode.secs(), ReportData.SIZE);

        aligned(rdx, Report.ALIGNMENT, Check.OUTPUT_ALIGNED);
        inElrange(mode, rdx, Check.OUTPUT_IN_ELRANGE);
        int outputPage = enclavePage(lp, rdx, true, Check.OUTPUT_IN_EPC);
        MemorySegment output = OUTPUT.bytes(lp, outputPage, rdx, mode.secs(), Report.SIZE);

        // The MAC is over bytes that no other thread of the enclave can change meanwhile.
        Report report = Report.allocate();
        Secs secs = new Secs(cpu.epc().page(mode.secs()));
        byte[] keyId = cpu.reportKeyId();
        describe(report, cpu, secs, cet);
        report.reportData(data);
        report.keyId(keyId);
        byte[] key = Keys.report(cpu, secs, target, keyId);
        report.mac(new Cmac(key).mac(report.body().toArray(Layouts.U8)));
        output.copyFrom(report.memory());
        return SUCCESS;
    }

    private static void describe(Report report, ProcessorPackage cpu, Secs secs, boolean cet) {
        SecsInternals internals = new SecsInternals(secs.memory());
        report.cpuSvn(cpu.cpuSvn().bytes());
        report.isvFamilyId(internals.isvFamilyId());
        report.isvExtProdId(internals.isvExtProdId());
        report.isvProdId(secs.isvProdId());
        report.isvSvn(secs.isvSvn());
        report.attributes(secs.attributes());
        report.mrEnclave(secs.mrEnclave());
        report.mrSigner(secs.mrSigner());
        report.miscSelect(secs.miscSelect());
        report.configId(secs.configId());
        report.configSvn(secs.configSvn());
        if (cet) {
            report.cetAttributes(secs.cetAttributes());
        }
    }
}

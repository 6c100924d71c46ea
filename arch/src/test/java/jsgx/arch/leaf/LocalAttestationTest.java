package jsgx.arch.leaf;

import static jsgx.arch.TestMachine.succeeds;
import static jsgx.arch.TestSigner.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import jsgx.arch.Enclu;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.TestSigner;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.KeyName;
import jsgx.arch.struct.KeyRequest;
import jsgx.arch.struct.Report;
import jsgx.arch.struct.ReportData;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.TargetInfo;
import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.macs.CMac;
import org.bouncycastle.crypto.params.KeyParameter;
import org.junit.jupiter.api.Test;

/** Local attestation: a report that one enclave makes for another, verified with the key that only that other one gets. */
class LocalAttestationTest {

    private static final long TARGETINFO = 0;
    private static final long REPORTDATA = 512;
    private static final long OUTPUT = 1024;
    private static final long KEYREQUEST = 2048;
    private static final long KEY = 3072;

    private final TestMachine machine = TestMachine.sgx2();
    private final Random random = new Random(10);

    @Test
    void theTargetVerifiesTheReport() {
        Party source = new Party(TestEnclave.BASE, code("source"), Attributes.KSS);
        Party target = new Party(TestEnclave.BASE + (1L << 32), code("target"), Attributes.KSS | Attributes.DEBUG);
        assertThat(target.verifies(source.report(target))).isTrue();
    }

    @Test
    void nobodyElseVerifiesIt() {
        Party source = new Party(TestEnclave.BASE, code("source"), Attributes.KSS);
        Party target = new Party(TestEnclave.BASE + (1L << 32), code("target"), Attributes.KSS);
        Party other = new Party(TestEnclave.BASE + (2L << 32), code("other"), Attributes.KSS);
        Party twin = new Party(TestEnclave.BASE + (3L << 32), code("target"), Attributes.KSS);
        Report report = source.report(target);
        assertThat(target.verifies(report)).isTrue();
        assertThat(other.verifies(report)).isFalse();
        assertThat(source.verifies(report)).isFalse();
        // Same measurement and attributes, another CONFIGID.
        assertThat(twin.verifies(report)).isFalse();
    }

    @Test
    void everyBitOfTheBodyIsUnderTheMac() {
        Party source = new Party(TestEnclave.BASE, code("source"), Attributes.KSS);
        Party target = new Party(TestEnclave.BASE + (1L << 32), code("target"), Attributes.KSS);
        byte[] genuine = bytes(source.report(target).memory());
        for (int bit = 0; bit < Report.BODY_SIZE * 8; bit += 1 + random.nextInt(40)) {
            byte[] forged = genuine.clone();
            forged[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(target.verifies(Report.of(forged))).as("bit %d", bit).isFalse();
        }
    }

    @Test
    void theReportSaysWhoTheSourceIs() {
        Party source = new Party(TestEnclave.BASE, code("source"), Attributes.KSS | Attributes.DEBUG);
        Party target = new Party(TestEnclave.BASE + (1L << 32), code("target"), 0);
        Report report = source.report(target);
        Secs secs = source.enclave.secsInEpc();
        SecsInternals internals = new SecsInternals(secs.memory());
        assertThat(report.reservedIsZero()).isTrue();
        assertThat(bytes(report.cpuSvn())).isEqualTo(TestMachine.CPU_SVN.bytes());
        assertThat(report.miscSelect()).isEqualTo(1);
        assertThat(report.attributes()).isEqualTo(secs.attributes());
        assertThat(report.attributes().has(Attributes.INIT | Attributes.DEBUG | Attributes.KSS))
                .isTrue();
        assertThat(bytes(report.mrEnclave())).isEqualTo(source.enclave.mrEnclave());
        assertThat(bytes(report.mrSigner())).isEqualTo(TestSigner.AUTHOR.mrSigner());
        assertThat(report.isvProdId()).isEqualTo(7);
        assertThat(report.isvSvn()).isEqualTo(3);
        assertThat(bytes(report.configId())).isEqualTo(bytes(secs.configId())).isNotEqualTo(new byte[64]);
        assertThat(report.configSvn()).isEqualTo(9);
        assertThat(bytes(report.isvFamilyId()))
                .isEqualTo(bytes(internals.isvFamilyId()))
                .isNotEqualTo(new byte[16]);
        assertThat(bytes(report.isvExtProdId()))
                .isEqualTo(bytes(internals.isvExtProdId()))
                .isNotEqualTo(new byte[16]);
        assertThat(bytes(report.reportData())).isEqualTo(source.data);
        assertThat(bytes(report.keyId())).isEqualTo(machine.cpu.reportKeyId());
    }

    @Test
    void aReportDoesNotOutliveTheReset() {
        Party source = new Party(TestEnclave.BASE, code("source"), 0);
        Party target = new Party(TestEnclave.BASE + (1L << 32), code("target"), 0);
        byte[] before = bytes(source.report(target).keyId());
        machine.cpu.powerLoss();
        assertThat(machine.cpu.reportKeyId()).isNotEqualTo(before);
    }

    private static byte[] code(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** An enclave with a page of operands. */
    private final class Party {

        private final TestEnclave enclave;
        private final MemorySegment operands;
        private final byte[] data = new byte[ReportData.SIZE];

        Party(long base, byte[] code, long attributes) {
            enclave = TestEnclave.create(machine, secs -> {
                secs.baseAddr(base);
                secs.miscSelect(1);
                secs.attributes(new Attributes(Attributes.MODE64BIT | attributes, 3));
                if ((attributes & Attributes.KSS) != 0) {
                    byte[] configId = new byte[64];
                    random.nextBytes(configId);
                    secs.configId(configId);
                    secs.configSvn(9);
                }
            });
            enclave.add(0, TestEnclave.RX, code);
            enclave.addTcs(0x1000, 0x2000);
            enclave.add(0x2000, TestEnclave.RW, new byte[0]);
            int page = enclave.addUnmeasured(0x3000, TestEnclave.RW, new byte[0]);
            enclave.init(sigstruct -> {
                sigstruct.isvProdId(7);
                sigstruct.isvSvn(3);
                if ((attributes & Attributes.KSS) != 0) {
                    byte[] id = new byte[16];
                    random.nextBytes(id);
                    sigstruct.isvFamilyId(id);
                    random.nextBytes(id);
                    sigstruct.isvExtProdId(id);
                }
            });
            operands = machine.cpu.epc().page(page);
            random.nextBytes(data);
        }

        Report report(Party forWhom) {
            Secs peer = forWhom.enclave.secsInEpc();
            TargetInfo target = new TargetInfo(operands.asSlice(TARGETINFO, TargetInfo.SIZE));
            target.measurement(peer.mrEnclave());
            target.attributes(peer.attributes());
            target.miscSelect(peer.miscSelect());
            target.configId(peer.configId());
            target.configSvn(peer.configSvn());
            new ReportData(operands.asSlice(REPORTDATA, ReportData.SIZE))
                    .memory()
                    .copyFrom(MemorySegment.ofArray(data));
            inside(() -> succeeds(Enclu.ereport(machine.lp, at(TARGETINFO), at(REPORTDATA), at(OUTPUT))));
            return Report.of(bytes(operands.asSlice(OUTPUT, Report.SIZE)));
        }

        boolean verifies(Report report) {
            KeyRequest request = new KeyRequest(operands.asSlice(KEYREQUEST, KeyRequest.SIZE));
            request.keyName(KeyName.REPORT.code());
            request.keyId(report.keyId());
            inside(() -> succeeds(Enclu.egetkey(machine.lp, at(KEYREQUEST), at(KEY))));
            CMac mac = new CMac(AESEngine.newInstance());
            mac.init(new KeyParameter(bytes(operands.asSlice(KEY, 16))));
            mac.update(bytes(report.memory()), 0, Report.BODY_SIZE);
            byte[] expected = new byte[16];
            mac.doFinal(expected, 0);
            return MemorySegment.ofArray(expected).mismatch(report.mac()) == -1;
        }

        private long at(long offset) {
            return enclave.base() + 3L * Epc.PAGE_SIZE + offset;
        }

        private void inside(Runnable work) {
            machine.lp.cpl(3);
            succeeds(Enclu.eenter(machine.lp, enclave.base() + 0x1000, 0x40_0000));
            work.run();
            succeeds(Enclu.eexit(machine.lp, 0x40_0000));
            machine.lp.cpl(0);
        }
    }
}

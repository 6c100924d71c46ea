package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fault;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestMachine;
import jsgx.arch.leaf.Eupdatesvn.Check;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;

class EupdatesvnTest extends LeafChecks<Check, LeafAttempt> {

    private static final CpuSvn NEWER = CpuSvn.parse("09080808080808080808080808080808");

    EupdatesvnTest() {
        super(Check.class);
        error(Check.EPC_FREE, SgxError.EPC_NOT_READY, a -> a.holdShared(a.free - 1));
        error(Check.EPC_FREE, SgxError.EPC_NOT_READY, a -> a.holdExclusive(0));
        error(
                Check.EPC_EMPTY,
                SgxError.EPC_NOT_READY,
                a -> a.epcm.set(a.machine.cpu.epc().pages() - 1, PageType.VA.code() << 8, 0, -1));
        error(Check.ENTROPY, SgxError.INSUFFICIENT_ENTROPY, a -> a.machine.cpu.entropy(() -> false));
        error(
                Check.SVN_NEWER,
                SgxError.NO_UPDATE,
                Outcome.Flags.CF,
                a -> a.machine.cpu.loadMicrocode(TestMachine.CPU_SVN));
        error(
                Check.SVN_NEWER,
                SgxError.NO_UPDATE,
                Outcome.Flags.CF,
                a -> a.machine.cpu.loadMicrocode(CpuSvn.parse("09070808080808080808080808080808")));
    }

    @Override
    LeafAttempt call() {
        LeafAttempt a = empty(CpuFeatures.SGX2);
        a.machine.cpu.loadMicrocode(NEWER);
        return a;
    }

    private static LeafAttempt empty(CpuFeatures features) {
        LeafAttempt a = new LeafAttempt(Leaf.EUPDATESVN, features);
        for (int page = 0; page < a.machine.cpu.epc().pages(); page++) {
            a.epcm.invalidate(page);
        }
        return a;
    }

    @Test
    void theLoadedMicrocodeCounts() {
        LeafAttempt a = call();
        byte[] key = a.machine.cpu.pagingKey();
        byte[] keyId = a.machine.cpu.reportKeyId();
        assertThat(a.machine.cpu.cpuSvn()).isEqualTo(TestMachine.CPU_SVN);
        TestMachine.succeeds(a.run());
        assertThat(a.machine.cpu.cpuSvn()).isEqualTo(NEWER);
        assertThat(a.machine.cpu.pagingKey()).isNotEqualTo(key);
        assertThat(a.machine.cpu.reportKeyId()).isEqualTo(keyId);
        assertThat(a.run())
                .isInstanceOfSatisfying(
                        Outcome.Error.class, e -> assertThat(e.code()).isEqualTo(SgxError.NO_UPDATE));
    }

    @Test
    void thePagingKeyIsNewWithoutAnUpdateTooButNotWithoutEntropy() {
        LeafAttempt a = call();
        byte[] key = a.machine.cpu.pagingKey();
        a.machine.cpu.entropy(() -> false);
        a.run();
        assertThat(a.machine.cpu.pagingKey()).isEqualTo(key);
        a.machine.cpu.entropy(() -> true);
        a.machine.cpu.cpuSvn(NEWER);
        a.run();
        assertThat(a.machine.cpu.pagingKey()).isNotEqualTo(key);
    }

    @Test
    void aBootMakesMicrocodeCountAtOnce() {
        LeafAttempt a = call();
        a.machine.cpu.cpuSvn(CpuSvn.ZERO);
        assertThat(a.machine.cpu.cpuSvn()).isEqualTo(CpuSvn.ZERO);
        assertThat(a.machine.cpu.microcodeSvn()).isEqualTo(CpuSvn.ZERO);
    }

    @Test
    void aProcessorOf2018HasNoSuchLeaf() {
        LeafAttempt a = empty(CpuFeatures.SGX1_FLC);
        assertThat(a.run())
                .isInstanceOfSatisfying(
                        Outcome.Faulted.class, f -> assertThat(f.fault()).isEqualTo(Fault.gp()));
    }
}

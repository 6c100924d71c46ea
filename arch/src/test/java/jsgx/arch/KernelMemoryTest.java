package jsgx.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jsgx.arch.LinearMemory.PageFaultException;
import jsgx.arch.epc.Epc;
import org.junit.jupiter.api.Test;

class KernelMemoryTest {

    private final KernelMemory memory = new KernelMemory(Epc.allocate(0x3000, 0x2000));

    @Test
    void theDirectMapHasEveryPageAndNoMore() {
        assertThat(memory.epcPage(KernelMemory.epcAddress(0))).isZero();
        assertThat(memory.epcPage(KernelMemory.epcAddress(4) + 0xfff)).isEqualTo(4);
        assertThat(memory.epcPage(KernelMemory.epcAddress(5))).isEqualTo(LinearMemory.UNMAPPED);
        assertThat(memory.epcPage(KernelMemory.EPC_BASE - 1)).isEqualTo(LinearMemory.UNMAPPED);
        assertThat(memory.epcPage(0)).isEqualTo(LinearMemory.UNMAPPED);
        assertThat(memory.epcPage(-1)).isEqualTo(LinearMemory.UNMAPPED);
    }

    @Test
    void aWindowShowsWhatIsMappedThere() throws PageFaultException {
        MemorySegment bytes = MemorySegment.ofArray(new byte[0x2000]);
        long at = memory.map(3, bytes);
        memory.ordinary(at + 0x1ff8, 8, true).set(ValueLayout.JAVA_BYTE, 7, (byte) 5);

        assertThat(memory.epcPage(at)).isEqualTo(LinearMemory.ORDINARY);
        assertThat(bytes.get(ValueLayout.JAVA_BYTE, 0x1fff)).isEqualTo((byte) 5);
        assertThat(memory.ordinary(at, 0x2000, false).byteSize()).isEqualTo(0x2000);
        assertThat(at % Epc.PAGE_SIZE).isZero();
    }

    @Test
    void outsideAWindowIsAPageFault() {
        long at = memory.map(0, MemorySegment.ofArray(new byte[0x1000]));

        assertThatThrownBy(() -> memory.ordinary(at + 0xff9, 8, false))
                .isInstanceOfSatisfying(PageFaultException.class, fault -> {
                    assertThat(fault.address()).isEqualTo(at + 0xff9);
                    assertThat(fault.errorCode()).isZero();
                });
        assertThatThrownBy(() -> memory.ordinary(KernelMemory.windowAddress(1), 1, true))
                .isInstanceOfSatisfying(
                        PageFaultException.class,
                        fault -> assertThat(fault.errorCode()).isEqualTo(Fault.PF_WRITE));
        assertThatThrownBy(() -> memory.ordinary(KernelMemory.windowAddress(16), 1, false))
                .isInstanceOf(PageFaultException.class);
        assertThatThrownBy(() -> memory.ordinary(-1, 1, false)).isInstanceOf(PageFaultException.class);
    }

    @Test
    void readOnlyMemoryIsNotWritten() throws PageFaultException {
        long at = memory.map(0, MemorySegment.ofArray(new byte[16]).asReadOnly());

        assertThat(memory.ordinary(at, 16, false).byteSize()).isEqualTo(16);
        assertThatThrownBy(() -> memory.ordinary(at, 16, true))
                .isInstanceOfSatisfying(
                        PageFaultException.class,
                        fault -> assertThat(fault.errorCode()).isEqualTo(Fault.PF_WRITE | Fault.PF_PRESENT));
    }

    @Test
    void whatWasMappedCanBeForgotten() {
        long at = memory.map(15, MemorySegment.ofArray(new byte[16]));
        memory.unmapAll();

        assertThat(memory.epcPage(at)).isEqualTo(LinearMemory.UNMAPPED);
        assertThatThrownBy(() -> memory.map(16, MemorySegment.NULL)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}

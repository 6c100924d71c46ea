package jsgx.arch.epc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

class EpcTest {

    @Test
    void pagesAreNumberedThroughAllSections() {
        Epc.Section first = new Epc.Section(0x8000_0000L, memory(0x2000));
        Epc.Section second = new Epc.Section(0x1_0000_0000L, memory(0x1000));
        Epc.Section third = new Epc.Section(0x9000_0000L, memory(0x3000));
        Epc epc = new Epc(List.of(first, second, third));
        for (int page = 0; page < 6; page++) {
            epc.page(page).fill((byte) page);
        }

        assertThat(epc.pages()).isEqualTo(6);
        assertThat(first.memory().get(ValueLayout.JAVA_BYTE, 0x1fff)).isEqualTo((byte) 1);
        assertThat(second.memory().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 2);
        assertThat(third.memory().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 3);
        assertThat(third.memory().get(ValueLayout.JAVA_BYTE, 0x2fff)).isEqualTo((byte) 5);
        assertThat(epc.physicalAddress(1)).isEqualTo(0x8000_1000L);
        assertThat(epc.physicalAddress(2)).isEqualTo(0x1_0000_0000L);
        assertThat(epc.physicalAddress(5)).isEqualTo(0x9000_2000L);
        assertThatThrownBy(() -> epc.page(6)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> epc.page(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void aPageIsItsOwnBytesOnly() {
        Epc epc = Epc.allocate(0x2000);

        assertThat(epc.page(1).byteSize()).isEqualTo(Epc.PAGE_SIZE);
        assertThatThrownBy(() -> epc.page(1).get(ValueLayout.JAVA_BYTE, Epc.PAGE_SIZE))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void allocatedSectionsDoNotOverlap() {
        Epc epc = Epc.allocate(64L << 20, 0x1000);

        assertThat(epc.sections().get(1).physicalBase())
                .isGreaterThanOrEqualTo(epc.sections().get(0).physicalBase() + (64L << 20));
        assertThat(epc.page(0).address() % Epc.PAGE_SIZE).isZero();
    }

    @Test
    void sectionsAreWholePages() {
        MemorySegment page = memory(0x1000);
        assertThatThrownBy(() -> new Epc.Section(0x10, page)).hasMessageContaining("page-aligned");
        assertThatThrownBy(() -> new Epc.Section(0, page.asSlice(0, 0xfff))).hasMessageContaining("4095 bytes");
        assertThatThrownBy(() -> new Epc.Section(0, page.asSlice(0, 0))).hasMessageContaining("0 bytes");
        assertThatThrownBy(() -> new Epc(List.of())).hasMessageContaining("at least one");
    }

    private static MemorySegment memory(int size) {
        return MemorySegment.ofArray(new long[size / Long.BYTES]);
    }
}

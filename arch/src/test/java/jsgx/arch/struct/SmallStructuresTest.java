package jsgx.arch.struct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the table of layouts does not say: parts of parts, slots, single bits. */
class SmallStructuresTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 16})
    void anSsaFrameEndsWithTheRegistersAndTheMiscRegion(int pages) {
        int size = pages * 4096;
        byte[] image = new byte[size];
        SsaFrame frame = new SsaFrame(MemorySegment.ofArray(image));
        frame.gprsgx().rax(0xAA);
        frame.exinfo().maddr(0xBB);
        frame.gprsgx().gsBase(0xCCL << 56);

        assertThat(image[size - 184]).isEqualTo((byte) 0xAA);
        assertThat(image[size - 200]).isEqualTo((byte) 0xBB);
        assertThat(image[size - 1]).isEqualTo((byte) 0xCC);
        assertThat(frame.xsave().byteSize()).isEqualTo(size - 184);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 184, 4095, 4097})
    void anSsaFrameIsWholePages(int size) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SsaFrame(MemorySegment.ofArray(new byte[size])))
                .withMessageContaining("whole pages");
    }

    @Test
    void anSsaFrameNeedsRoomForAllItsParts() {
        assertThat(SsaFrame.requiredSize(576, 0)).isEqualTo(576 + 184);
        assertThat(SsaFrame.requiredSize(576, MiscSelect.EXINFO)).isEqualTo(576 + 184 + 16);
    }

    @Test
    void aSlotIsEightBytes() {
        byte[] image = new byte[4096];
        VaPage page = VaPage.of(image);
        page.slot(1, 0x0102030405060708L);
        page.slot(511, -1);

        assertThat(page.slot(1)).isEqualTo(0x0102030405060708L);
        assertThat(image[8]).isEqualTo((byte) 8);
        assertThat(image[4095]).isEqualTo((byte) -1);
        assertThat(page.slot(0)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 512})
    void thereAre512Slots(int index) {
        VaPage page = VaPage.allocate();

        assertThat(VaPage.SLOTS).isEqualTo(512);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> page.slot(index));
    }

    @Test
    void thePcmdStartsWithASecinfo() {
        Pcmd pcmd = Pcmd.allocate();
        pcmd.secinfo().pageType(PageType.TRIM);

        assertThat(pcmd.memory().get(Layouts.U16, 0)).isEqualTo((short) 0x400);
        assertThat(pcmd.secinfo().memory().byteSize()).isEqualTo(64);
    }

    @Test
    void theReportsBodyEndsBeforeKeyid() {
        Report report = Report.allocate();
        report.body().fill((byte) 1);

        assertThat(Views.isZero(report.memory(), 384, 432)).isTrue();
        assertThat(report.body().byteSize()).isEqualTo(384);
    }

    @Test
    void exitInfoHoldsVectorTypeAndValid() {
        assertThat(Gprsgx.exitInfoOf(14, Gprsgx.HARDWARE_EXCEPTION)).isEqualTo(0x8000_030E);
        assertThat(Gprsgx.exitInfoOf(3, Gprsgx.SOFTWARE_EXCEPTION)).isEqualTo(0x8000_0603);
    }

    @Test
    void twoFlagsOfATcsAreDefined() {
        Tcs tcs = Tcs.allocate();
        tcs.flags(Tcs.DBGOPTIN | Tcs.AEXNOTIFY);
        assertThat(tcs.flags()).isEqualTo(3);
        assertThat(tcs.flagsReservedIsZero()).isTrue();

        tcs.flags(4);
        assertThat(tcs.flagsReservedIsZero()).isFalse();
    }

    @Test
    void blockedIsTheTopBitOfRdinfosFlags() {
        assertThat(Rdinfo.BLOCKED).isEqualTo(0x8000_0000_0000_0000L);
    }
}

package jsgx.arch;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.struct.Layouts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegisterModelTest {

    private static final long AMX = 0x6_02e7L;

    private final RegisterModel registers = new RegisterModel();

    private static MemorySegment area(Random random, long xfrm) {
        byte[] bytes = new byte[Xsave.size(xfrm)];
        random.nextBytes(bytes);
        MemorySegment area = MemorySegment.ofArray(bytes);
        Layouts.u32(area, Xsave.MXCSR, 0x1f80);
        Layouts.u32(area, Xsave.MXCSR + 4, 0xffff);
        area.asSlice(Xsave.XSTATE_BV, 64).fill((byte) 0);
        Layouts.u64(area, Xsave.XSTATE_BV, xfrm);
        return area;
    }

    private MemorySegment saved(long xfrm) {
        MemorySegment area = MemorySegment.ofArray(new byte[Xsave.size(xfrm)]);
        registers.xsave(area, xfrm);
        return area;
    }

    @Test
    void aRegisterKeepsItsValue() {
        for (Register register : Register.values()) {
            registers.set(register, ~register.ordinal());
        }
        for (Register register : Register.values()) {
            assertThat(registers.get(register)).isEqualTo(~register.ordinal());
        }
    }

    @Test
    void generalRegistersHaveTheirEncoding() {
        assertThat(RegisterFile.GENERAL)
                .hasSize(16)
                .startsWith(
                        Register.RAX,
                        Register.RCX,
                        Register.RDX,
                        Register.RBX,
                        Register.RSP,
                        Register.RBP,
                        Register.RSI,
                        Register.RDI);
        assertThat(RegisterFile.GENERAL.getLast()).isEqualTo(Register.R15);
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 7, 0x1f, 0xe7, 0x2e7, AMX})
    void whatXrstorLoadsXsaveStores(long xfrm) {
        MemorySegment area = area(new Random(xfrm), xfrm);
        assertThat(registers.xrstor(area, xfrm)).isTrue();
        MemorySegment saved = saved(xfrm);
        assertThat(Layouts.u64(saved, Xsave.XSTATE_BV)).isEqualTo(xfrm);
        assertThat(saved.asSlice(0, 416).mismatch(area.asSlice(0, 416))).isEqualTo(-1);
        for (int i = 2; i < 64; i++) {
            if ((xfrm >>> i & 1) != 0) {
                int[] c = Xsave.component(i);
                assertThat(saved.asSlice(c[0], c[1]).mismatch(area.asSlice(c[0], c[1])))
                        .as("component %d", i)
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void xsaveWritesNothingElse() {
        MemorySegment area = MemorySegment.ofArray(new byte[Xsave.size(0x2e7)]).fill((byte) 0x5a);
        registers.xsave(area, 7);
        assertThat(area.asSlice(416, 96).toArray(Layouts.U8)).containsOnly(0x5a);
        assertThat(area.asSlice(520, 56).toArray(Layouts.U8))
                .as("the rest of the header")
                .containsOnly(0x5a);
        assertThat(area.asSlice(832).toArray(Layouts.U8)).containsOnly(0x5a);
        assertThat(Layouts.u64(area, Xsave.XSTATE_BV)).isEqualTo(0x5a5a5a5a5a5a5a5fL);
    }

    @Test
    void aFeatureThatTheAreaLacksIsInitialised() {
        assertThat(registers.xrstor(area(new Random(1), 0xe7), 0xe7)).isTrue();
        MemorySegment empty = MemorySegment.ofArray(new byte[Xsave.LEGACY_AND_HEADER]);
        Layouts.u32(empty, Xsave.MXCSR, 0x1fa0);
        assertThat(registers.xrstor(empty, 0xe7)).isTrue();
        MemorySegment expected = MemorySegment.ofArray(new byte[Xsave.size(0xe7)]);
        Layouts.u16(expected, 0, 0x37f);
        Layouts.u32(expected, Xsave.MXCSR, 0x1fa0);
        Layouts.u32(expected, Xsave.MXCSR + 4, 0xffff);
        Layouts.u64(expected, Xsave.XSTATE_BV, 0xe7);
        assertThat(saved(0xe7).mismatch(expected)).isEqualTo(-1);
    }

    @Test
    void featuresThatAreNotAskedForStay() {
        MemorySegment all = area(new Random(2), 0xe7);
        assertThat(registers.xrstor(all, 0xe7)).isTrue();
        assertThat(registers.xrstor(area(new Random(3), 3), 3)).isTrue();
        int[] avx = Xsave.component(2);
        assertThat(saved(0xe7).asSlice(avx[0], avx[1]).mismatch(all.asSlice(avx[0], avx[1])))
                .isEqualTo(-1);
    }

    @Test
    void anAreaThatXrstorFaultsOnChangesNothing() {
        assertThat(registers.xrstor(area(new Random(4), 7), 7)).isTrue();
        MemorySegment before = saved(7);
        MemorySegment foreign = area(new Random(5), 7);
        Layouts.u64(foreign, Xsave.XSTATE_BV, 0x207);
        assertThat(registers.xrstor(foreign, 7)).isFalse();
        MemorySegment compact = area(new Random(6), 7);
        Layouts.u64(compact, Xsave.XCOMP_BV, 1L << 63);
        assertThat(registers.xrstor(compact, 7)).isFalse();
        MemorySegment reserved = area(new Random(7), 7);
        Layouts.u64(reserved, Xsave.XCOMP_BV + 8, 1);
        assertThat(registers.xrstor(reserved, 7)).isFalse();
        MemorySegment mxcsr = area(new Random(8), 7);
        Layouts.u32(mxcsr, Xsave.MXCSR, 1 << 16);
        assertThat(registers.xrstor(mxcsr, 7)).isFalse();
        assertThat(saved(7).mismatch(before)).isEqualTo(-1);
    }
}

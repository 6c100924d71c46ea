package jsgx.arch.struct;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class SecinfoTest {

    static Stream<Arguments> bits() {
        return Stream.of(
                bit(0, Secinfo::r, Secinfo::r),
                bit(1, Secinfo::w, Secinfo::w),
                bit(2, Secinfo::x, Secinfo::x),
                bit(3, Secinfo::pending, Secinfo::pending),
                bit(4, Secinfo::modified, Secinfo::modified),
                bit(5, Secinfo::pr, Secinfo::pr));
    }

    private static Arguments bit(int bit, Predicate<Secinfo> get, BiConsumer<Secinfo, Boolean> set) {
        return Arguments.of(bit, get, set);
    }

    @ParameterizedTest
    @MethodSource("bits")
    void aFlagIsItsBitAndNoOther(int bit, Predicate<Secinfo> get, BiConsumer<Secinfo, Boolean> set) {
        Secinfo secinfo = Secinfo.allocate();
        set.accept(secinfo, true);
        assertThat(secinfo.flags()).isEqualTo(1L << bit);
        assertThat(get.test(secinfo)).isTrue();

        secinfo.flags(-1);
        set.accept(secinfo, false);
        assertThat(secinfo.flags()).isEqualTo(~(1L << bit));
        assertThat(get.test(secinfo)).isFalse();
    }

    @ParameterizedTest
    @EnumSource(PageType.class)
    void thePageTypeIsInBits8To15(PageType type) {
        Secinfo secinfo = Secinfo.allocate();
        secinfo.flags(-1);
        secinfo.pageType(type);

        assertThat(secinfo.flags()).isEqualTo(~0xFF00L | (long) type.code() << 8);
        assertThat(secinfo.pageType()).isEqualTo(type);
    }

    @Test
    void flagsAreReservedAtBits6And7AndFrom16() {
        assertThat(IntStream.range(0, 64).filter(bit -> !reservedIsZero(1L << bit)))
                .containsExactlyElementsOf(IntStream.concat(IntStream.range(6, 8), IntStream.range(16, 64))
                        .boxed()
                        .toList());
    }

    private static boolean reservedIsZero(long flags) {
        Secinfo secinfo = Secinfo.allocate();
        secinfo.flags(flags);
        return secinfo.reservedIsZero();
    }
}

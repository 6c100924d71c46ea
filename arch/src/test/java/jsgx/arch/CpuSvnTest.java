package jsgx.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class CpuSvnTest {

    @Test
    void oneNewerComponentIsBeyond() {
        CpuSvn current = CpuSvn.parse("020602ff010100000000000000000000");

        assertThat(current.beyond(current)).isFalse();
        assertThat(CpuSvn.ZERO.beyond(current)).isFalse();
        assertThat(current.beyond(CpuSvn.ZERO)).isTrue();
        assertThat(CpuSvn.parse("00000000000000000000000000000001").beyond(current))
                .isTrue();
        // Unsigned: 80H is newer than 7FH.
        assertThat(CpuSvn.parse("80000000000000000000000000000000")
                        .beyond(CpuSvn.parse("7f000000000000000000000000000000")))
                .isTrue();
    }

    @Test
    void neitherOrBothMayBeBeyondTheOther() {
        Random random = new Random(16);
        byte[] a = new byte[16];
        byte[] b = new byte[16];
        for (int i = 0; i < 1000; i++) {
            random.nextBytes(a);
            random.nextBytes(b);
            boolean larger = false;
            for (int at = 0; at < 16; at++) {
                larger |= Byte.compareUnsigned(a[at], b[at]) > 0;
            }
            assertThat(new CpuSvn(a).beyond(new CpuSvn(b))).isEqualTo(larger);
        }
    }

    @Test
    void itIsAValue() {
        CpuSvn svn = CpuSvn.parse("020602ff010100000000000000000000");

        assertThat(svn).isEqualTo(new CpuSvn(svn.bytes())).hasToString("020602ff010100000000000000000000");
        svn.bytes()[0] = 9;
        assertThat(svn.bytes()[0]).isEqualTo((byte) 2);
        assertThatThrownBy(() -> CpuSvn.parse("0206")).isInstanceOf(IllegalArgumentException.class);
    }
}

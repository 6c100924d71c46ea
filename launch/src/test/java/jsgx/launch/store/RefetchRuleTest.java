package jsgx.launch.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import jsgx.arch.struct.Attributes;
import org.junit.jupiter.api.Test;

class RefetchRuleTest {

    private static final Attributes PLAIN = new Attributes(Attributes.MODE64BIT, 3);
    private static final byte[] TOKEN = TestTokens.token(TestTokens.identity(1), 1);

    @Test
    void fourResultsMayBeTheTokensFault() {
        assertThat(LongStream.concat(LongStream.rangeClosed(-200, 300), LongStream.of(0x40000000L, 0x40000001L))
                        .filter(result -> RefetchRule.refetches(result, TOKEN, PLAIN)))
                .containsExactly(4L, 16L, 32L, 0x40000001L);
    }

    @Test
    void code2IsOnlyWhereTheTokenIsForOtherAttributes() {
        assertThat(RefetchRule.refetches(2, TOKEN, PLAIN)).isFalse();
        assertThat(RefetchRule.refetches(2, TOKEN, PLAIN.with(Attributes.DEBUG)))
                .isTrue();
        assertThat(RefetchRule.refetches(2, TOKEN, new Attributes(Attributes.MODE64BIT, 7)))
                .isTrue();
    }
}

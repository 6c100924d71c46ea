package jsgx.image;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Any text as the layout of a raw blob. */
class RawLayoutFuzzTest {

    private static final MemorySegment BLOB =
            MemorySegment.ofArray(SgxsBytes.filled(0x2345, 7)).asReadOnly();

    static Stream<byte[]> seeds() {
        return Stream.of("size auto\nssa-frame-size 1\nrange 0 0x1000 tcs measured\n", """
                        # all
                        size 0x8000
                        ssa-frame-size 2
                        range 0x1000 0x1000 r-x 0x00ff at 0x10
                        range 0x4000 8192 rw- unmeasured zero
                        """)
                .map(text -> text.getBytes(StandardCharsets.UTF_8));
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "2m")
    void parses(byte[] bytes) {
        try {
            RawLayout layout = RawLayout.parse(new String(bytes, StandardCharsets.UTF_8));
            Fuzzing.accepted(layout.apply(BLOB, ImageOptions.DEFAULT));
        } catch (ImageException e) {
            Fuzzing.refused(e);
        }
    }
}

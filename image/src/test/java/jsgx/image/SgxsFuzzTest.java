package jsgx.image;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Any bytes as an SGXS stream. */
class SgxsFuzzTest {

    static Stream<byte[]> seeds() {
        byte[] sized = new SgxsBytes()
                .ecreate(1, 0x4000)
                .page(0, 0x100, SgxsReaderTest.tcs())
                .eadd(0x1000, 0x203)
                .eextend(0x1000, SgxsBytes.filled(256, 1))
                .unmeasured(0x1100, SgxsBytes.filled(256, 2))
                .bytes();
        byte[] unsized = new SgxsBytes()
                .unsized(1, 0x10)
                .eadd(0, 0x205)
                .eadd(0x1000, 0x203)
                .bytes();
        return Stream.of(sized, unsized);
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "2m")
    void reads(byte[] bytes) {
        try {
            Fuzzing.accepted(EnclaveFiles.read(MemorySegment.ofArray(bytes), ImageOptions.DEFAULT));
        } catch (ImageException e) {
            Fuzzing.refused(e);
        }
    }
}

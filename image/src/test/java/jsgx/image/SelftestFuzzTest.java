package jsgx.image;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Any bytes as an ELF file of the kernel's selftest. */
class SelftestFuzzTest {

    static Stream<byte[]> seeds() {
        return Stream.of(new ElfBytes()
                .load(Elf.PF_R | Elf.PF_W, 0x100, 0, 0x100, 0x100)
                .load(Elf.PF_R | Elf.PF_X, 0x1000, 0x1000, 0x20, 0x20)
                .load(Elf.PF_R | Elf.PF_W, 0x2000, 0x2000, 0x10, 0x1000)
                .content(0x1000, SgxsBytes.filled(0x20, 0x90))
                .length(0x2010)
                .bytes());
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

package jsgx.image;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;
import jsgx.arch.struct.Layouts;
import org.junit.jupiter.params.provider.MethodSource;

/** Any bytes as a shared object that the Intel SDK signed. */
class SdkFuzzTest {

    static Stream<byte[]> seeds() {
        SdkBytes metadata = new SdkBytes(2, 4);
        int tcs = metadata.data(SgxsBytes.filled(72, 0));
        int patch = metadata.data(SgxsBytes.filled(8, 9));
        metadata.patch(0x210, patch, 8)
                .entry(SdkBytes.ADD, 2, 0x8000, 0, 0, 0x203)
                .entry(SdkBytes.ADD_EXTEND, 1, 0xa000, 0xcc, 0, 0x203)
                .entry(SdkBytes.ADD_EXTEND, 1, 0xb000, 72, tcs, 0x100)
                .group(2, 2, 0x4000);
        return Stream.of(
                object(metadata),
                object(new SdkBytes(1, 3)),
                object(new SdkBytes(13, 2).range(0x140000, 0x100000, 0x100000).extension(0x1001)));
    }

    private static byte[] object(SdkBytes metadata) {
        byte[] section = SdkBytes.section(metadata);
        byte[] dynamic = new byte[0x80];
        MemorySegment entries = MemorySegment.ofArray(dynamic);
        long[] words = {22, 0, 7, 0x2340, 8, 24, 0, 0, 0x1ffc, 8, 0};
        for (int i = 0; i < words.length; i++) {
            Layouts.u64(entries, 8L * i, words[i]);
        }
        return new ElfBytes()
                .load(Elf.PF_R | Elf.PF_X, 0x200, 0x1200, 0x100, 0x100)
                .load(Elf.PF_R | Elf.PF_W, 0x300, 0x2300, 0x80, 0x1800)
                .segment(Elf.PT_DYNAMIC, Elf.PF_R, 0x300, 0x2300, 0x80, 0x80)
                .content(0x200, SgxsBytes.filled(0x100, 0x90))
                .content(0x300, dynamic)
                .content(0x400, section)
                .section(SdkMetadata.SECTION, 0, 0x400, section.length)
                .section(".rela.dyn", 0x2340, 0x340, 24)
                .bytes();
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

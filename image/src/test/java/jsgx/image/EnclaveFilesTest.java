package jsgx.image;

import static jsgx.image.SgxsBytes.filled;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnclaveFilesTest {

    private static final String UNKNOWN =
            "a file of no known format at offset 0x0: expected an SGXS stream (\"ECREATE\" or \"UNSIZED\"), an ELF file"
                    + " (7f 45 4c 46), or a layout for a raw blob, found ";

    private static void refused(byte[] bytes, String message) {
        assertThatThrownBy(() -> EnclaveFiles.read(MemorySegment.ofArray(bytes), ImageOptions.DEFAULT))
                .isInstanceOf(ImageException.class)
                .hasMessage(message);
    }

    @Test
    void saysWhatAFileShouldBeginWith() {
        refused(new byte[0], UNKNOWN + "the end of the file");
        refused(new byte[] {1, 2}, UNKNOWN + "01 02");
        refused("#!/bin/sh\n".getBytes(StandardCharsets.US_ASCII), UNKNOWN + "23 21 2f 62 69 6e 2f 73");
        refused(filled(1808, 0), UNKNOWN + "00 00 00 00 00 00 00 00");
    }

    @Test
    void tellsABareSigstructFromAnEnclave() {
        Sigstruct sigstruct = Sigstruct.allocate();
        sigstruct.writeFixedFields();
        refused(
                sigstruct.memory().toArray(Layouts.U8),
                "the file at offset 0x0: expected an enclave, found a bare SIGSTRUCT, which has no pages");
        assertThat(EnclaveFiles.isSigstruct(sigstruct.memory())).isTrue();
        assertThat(EnclaveFiles.isSigstruct(MemorySegment.ofArray(new byte[1807])))
                .isFalse();
        assertThat(EnclaveFiles.isSigstruct(MemorySegment.ofArray(new byte[1808])))
                .isFalse();
    }

    @Test
    void tellsWhatAnotherElfFileIs() {
        byte[] elf = new ElfBytes().length(0x100).bytes();
        refused(changed(elf, 4, 1), "the ELF class at offset 0x4: expected 64-bit, 02, found 01");
        refused(changed(elf, 5, 2), "the ELF byte order at offset 0x5: expected little-endian, 01, found 02");
        refused(changed(elf, 18, 0xb7), "the ELF machine at offset 0x12: expected x86-64, 3e 00, found b7 00");
        refused(Arrays.copyOf(elf, 40), "the ELF header is cut off at offset 0x0: expected 64 bytes, found 40 bytes");
        refused(
                changed(new ElfBytes().load(6, 0, 0, 0, 0).bytes(), 54, 57),
                "the size of a program header at offset 0x36: expected 56, 38 00, found 39 00");
    }

    @Test
    void namesTheFile(@TempDir Path folder) throws Exception {
        Path file = Files.write(folder.resolve("app"), new byte[] {1, 2});
        assertThatThrownBy(() -> EnclaveFiles.read(file, ImageOptions.DEFAULT))
                .isInstanceOf(ImageException.class)
                .hasMessage(file + ": " + UNKNOWN + "01 02");
        assertThatThrownBy(() -> EnclaveFiles.readSigstruct(file, ImageOptions.DEFAULT))
                .hasMessage(file + ": " + UNKNOWN + "01 02");
        assertThatThrownBy(() -> EnclaveFiles.read(folder, ImageOptions.DEFAULT))
                .hasMessage(folder + ": the file: expected an enclave file, found a folder");
        assertThatThrownBy(() -> EnclaveFiles.read(folder.resolve("none"), ImageOptions.DEFAULT))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void refusesAFileWithoutEnd(@TempDir Path folder) throws Exception {
        Path zero = Path.of("/dev/zero");
        assumeTrue(Files.isReadable(zero), "no /dev/zero to read");
        assertThatThrownBy(() -> EnclaveFiles.read(zero, ImageOptions.DEFAULT))
                .hasMessage(zero + ": a file too large at offset 0x4000000: expected at most 64 MiB, found more");
        Path sparse = folder.resolve("sparse");
        try (FileChannel channel = FileChannel.open(sparse, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), 1L << 31);
        }
        assertThatThrownBy(() -> EnclaveFiles.read(sparse, ImageOptions.DEFAULT))
                .hasMessage(sparse + ": a file too large at offset 0x40000000: expected at most 1024 MiB, found more");
    }

    @Test
    void failureHasItsParts(@TempDir Path folder) throws Exception {
        Path file = Files.write(folder.resolve("app"), new byte[] {1, 2});
        try {
            EnclaveFiles.read(file, ImageOptions.DEFAULT);
            throw new AssertionError("read");
        } catch (ImageException e) {
            assertThat(e.offset()).isZero();
            assertThat(e.what()).isEqualTo("a file of no known format");
            assertThat(e.expected()).startsWith("an SGXS stream");
            assertThat(e.found()).isEqualTo("01 02");
        }
        assertThat(ImageException.of("a", "b", "c").offset()).isEqualTo(ImageException.NO_OFFSET);
    }

    @Test
    void readsAFile(@TempDir Path folder) throws Exception {
        byte[] stream = new SgxsBytes()
                .ecreate(1, 0x2000)
                .page(0, 0x203, filled(4096, 1))
                .bytes();
        Path file = Files.write(folder.resolve("app.sgxs"), stream);
        EnclaveImage image = EnclaveFiles.read(file, ImageOptions.DEFAULT);
        assertThat(ImageMeasurement.measure(image))
                .isEqualTo(new ImageMeasurement(SgxsBytes.sha256(stream), 1, 1, 0x2000, 1));
        Sigstruct sigstruct = Sigstruct.allocate();
        assertThat(image.withSigstruct(sigstruct).sigstruct()).contains(sigstruct);
        assertThat(EnclaveFiles.readSigstruct(file, ImageOptions.DEFAULT)).isEmpty();
    }

    /** Whatever is cut off: a line for people, or the image of what is there. */
    @Test
    void anyFileCutOffAnywhereIsAnsweredWithALine() {
        byte[] section = SdkBytes.section(new SdkBytes(2, 4).entry(3, 1, 0x8000, 1, 0, 0x203));
        byte[] sdk = new ElfBytes()
                .load(Elf.PF_R | Elf.PF_X, 0x200, 0, 0x100, 0x100)
                .content(0x200, filled(0x100, 1))
                .content(0x400, section)
                .section(SdkMetadata.SECTION, 0, 0x400, section.length)
                .bytes();
        byte[] selftest = new ElfBytes()
                .load(Elf.PF_R | Elf.PF_W, 0x1000, 0, 0x1000, 0x1000)
                .load(Elf.PF_R | Elf.PF_X, 0x2000, 0, 0x10, 0x10)
                .length(0x2010)
                .bytes();
        for (byte[] whole : new byte[][] {sdk, selftest}) {
            int refused = 0;
            for (int length = 0; length < whole.length; length++) {
                MemorySegment cut = MemorySegment.ofArray(Arrays.copyOf(whole, length));
                try {
                    EnclaveFiles.read(cut, ImageOptions.DEFAULT);
                } catch (ImageException e) {
                    assertThat(e.getMessage()).contains("expected ").doesNotContain("\n");
                    refused++;
                }
            }
            assertThat(refused).isGreaterThan(whole.length / 3);
        }
    }

    private static byte[] changed(byte[] bytes, int at, int value) {
        byte[] copy = bytes.clone();
        copy[at] = (byte) value;
        return copy;
    }
}

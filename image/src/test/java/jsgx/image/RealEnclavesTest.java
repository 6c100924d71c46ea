package jsgx.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Enclaves that others built and signed: each must measure to the ENCLAVEHASH of its own SIGSTRUCT.
 *
 * <p>They lie in the folder {@code $JSGX_SDK_ENCLAVES}, at any depth, and are not part of the project: shared objects signed
 * with the Intel SDK ({@code .so}), SGXS streams beside their SIGSTRUCT ({@code x.sgxs}, {@code x.sig}), and launch enclaves of
 * the v5 driver's lineage beside theirs ({@code x.blob}, {@code x.sigstruct}).
 */
@Tag("interop")
class RealEnclavesTest {

    @TestFactory
    Stream<DynamicTest> measuresToWhatItsSignerSigned() throws IOException {
        String folder = System.getenv("JSGX_SDK_ENCLAVES");
        if (folder == null) {
            String message = "set JSGX_SDK_ENCLAVES to a folder of signed enclaves that others made";
            return Stream.of(DynamicTest.dynamicTest("nothing to measure", () -> Assumptions.abort(message)));
        }
        return files(folder).stream()
                .map(file -> DynamicTest.dynamicTest(String.valueOf(file.getFileName()), () -> check(file)));
    }

    private static void check(Path file) throws IOException, ImageException {
        String name = file.toString();
        if (name.endsWith(".so")) {
            sharedObject(file);
        } else if (name.endsWith(".sgxs")) {
            EnclaveImage image = EnclaveFiles.read(file, ImageOptions.DEFAULT);
            signed(image, sigstruct(name, ".sgxs", ".sig"));
        } else {
            ImageOptions options = ImageOptions.DEFAULT.withLayout(new RawLayout.V5Le());
            signed(EnclaveFiles.read(file, options), sigstruct(name, ".blob", ".sigstruct"));
        }
    }

    private static void sharedObject(Path file) throws IOException, ImageException {
        EnclaveImage image = EnclaveFiles.read(file, ImageOptions.DEFAULT);
        signed(image, image.sigstruct().orElseThrow());

        Elf elf = Elf.parse(new Input(MemorySegment.ofArray(Files.readAllBytes(file))));
        Elf.Section section = elf.section(SdkMetadata.SECTION).orElseThrow();
        for (SdkMetadata metadata : SdkMetadata.all(elf.input(), section)) {
            EnclaveImage older = SdkReader.read(elf, metadata, ImageOptions.DEFAULT);
            signed(older, older.sigstruct().orElseThrow());
        }
    }

    private static void signed(EnclaveImage image, Sigstruct sigstruct) {
        assertThat(ImageMeasurement.measure(image).mrEnclave())
                .isEqualTo(HexFormat.of().formatHex(sigstruct.enclaveHash().toArray(Layouts.U8)));
        // Early SDKs marked SIGSTRUCTs that were made for debugging in HEADER's last bit, which no processor takes.
        assertThat(SigstructCheck.check(sigstruct).findings())
                .allMatch(f -> f.valid() || f.found().equals("06000000e10000000000010000000080"));
    }

    private static Sigstruct sigstruct(String name, String suffix, String other) throws IOException {
        Path beside = Path.of(name.substring(0, name.length() - suffix.length()) + other);
        return Sigstruct.of(Files.readAllBytes(beside));
    }

    private static List<Path> files(String folder) throws IOException {
        try (Stream<Path> files = Files.walk(Path.of(folder))) {
            return files.filter(f -> f.toString().matches(".*\\.(so|sgxs|blob)"))
                    .sorted()
                    .toList();
        }
    }
}

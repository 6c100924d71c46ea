package jsgx.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import jsgx.arch.Vectors;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import jsgx.image.SigstructCheck.Part;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SigstructCheckTest {

    private static final byte[] SIGNED = signed();

    private static byte[] signed() {
        try {
            String hash = "ab".repeat(32);
            return SigstructSigner.sign(SigstructOptions.of(hash, 0x20171219), TestKey.KEY)
                    .memory()
                    .toArray(Layouts.U8);
        } catch (ImageException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Part> invalid(byte[] sigstruct) {
        return SigstructCheck.check(Sigstruct.of(sigstruct)).findings().stream()
                .filter(f -> !f.valid())
                .map(SigstructCheck.Finding::part)
                .toList();
    }

    /** The vectors' README names each signer and hash. */
    @ParameterizedTest
    @CsvSource({
        "fortanix-sig1.sigstruct,        83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e, c50673624a6cb17c1c6c2a4e6906f47a170c4629b8723781d1017ef376f1a75d",
        "intel-le-1.6.sigstruct,         acb77012053e05a63d413b8bbae8fb6c5d73b3f2996d91c43bbbf90959c0f8d4, 1e3278db70199c7b3a7fd5af21824fae5ca6337d275d0fb7c4580fa2da4f3503",
        "intel-le-2.17.sigstruct,        acb77012053e05a63d413b8bbae8fb6c5d73b3f2996d91c43bbbf90959c0f8d4, 043cf35340a4b6f151365c6d75d649e8bab47127f9ea9c9696a8ac7b7275b8c9",
        "intel-kernel-le-2019.sigstruct, c28c852f22e9f39345039929fbecd6ada69c2aa89fdac9ac2f6abacd6b236174, daa800288f0d88b078999477538bb9c0888d1e0eafe0be202c493d3e274ed980",
    })
    void realSignaturesAreValid(String name, String mrSigner, String enclaveHash) {
        Sigstruct sigstruct = Sigstruct.of(Vectors.bytes(name));
        SigstructCheck check = SigstructCheck.check(sigstruct);
        assertThat(check.findings()).allMatch(SigstructCheck.Finding::valid);
        assertThat(check.valid()).isTrue();
        assertThat(SigstructCheck.mrSigner(sigstruct)).isEqualTo(mrSigner);
        assertThat(HexFormat.of().formatHex(sigstruct.enclaveHash().toArray(Layouts.U8)))
                .isEqualTo(enclaveHash);
    }

    @Test
    void ownSignatureIsValid() {
        assertThat(invalid(SIGNED)).isEmpty();
    }

    /** Offsets of the fields from the manual's table; a signed byte that changes breaks the signature besides. */
    @ParameterizedTest
    @CsvSource({
        "0, HEADER SIGNATURE",
        "15, HEADER SIGNATURE",
        "16, VENDOR SIGNATURE",
        "20, SIGNATURE",
        "24, HEADER2 SIGNATURE",
        "39, HEADER2 SIGNATURE",
        "40, SIGNATURE",
        "44, RESERVED SIGNATURE",
        "127, RESERVED SIGNATURE",
        "300, SIGNATURE Q1 Q2",
        "512, EXPONENT",
        "515, EXPONENT",
        "600, SIGNATURE Q1 Q2",
        "900, SIGNATURE",
        "910, RESERVED SIGNATURE",
        "928, SIGNATURE",
        "960, SIGNATURE",
        "992, RESERVED SIGNATURE",
        "1024, SIGNATURE",
        "1028, RESERVED",
        "1039, RESERVED",
        "1040, Q1",
        "1423, Q1",
        "1424, Q2",
        "1807, Q2",
    })
    void oneBitBreaksWhatItBelongsTo(int offset, String parts) {
        byte[] flipped = SIGNED.clone();
        flipped[offset] ^= 2;
        assertThat(invalid(flipped).stream().map(Part::name).toList()).isEqualTo(List.of(parts.split(" ", -1)));
    }

    @Test
    void everyBitIsOfSomePart() {
        IntStream.range(0, 300).map(i -> i * 6 + 2).forEach(offset -> {
            byte[] flipped = SIGNED.clone();
            flipped[offset] ^= (byte) (1 << offset % 8);
            assertThat(invalid(flipped)).as("bit of byte %d", offset).isNotEmpty();
        });
    }

    @Test
    void zeroModulusIsAFinding() {
        byte[] zero = SIGNED.clone();
        Arrays.fill(zero, 128, 512, (byte) 0);
        assertThat(invalid(zero)).containsExactly(Part.MODULUS, Part.SIGNATURE, Part.Q1, Part.Q2);
        SigstructCheck check = SigstructCheck.check(Sigstruct.of(zero));
        assertThat(check.finding(Part.MODULUS).found()).isEqualTo("0");
        assertThat(check.finding(Part.SIGNATURE).found()).isEqualTo("a signature that is not below the modulus");

        Arrays.fill(zero, 516, 900, (byte) 0);
        assertThat(invalid(zero)).containsExactly(Part.MODULUS, Part.SIGNATURE, Part.Q1, Part.Q2);
    }

    @Test
    void evenAndShortModulusAreFindings() {
        byte[] even = SIGNED.clone();
        even[128] &= (byte) 0xfe;
        assertThat(SigstructCheck.check(Sigstruct.of(even))
                        .finding(Part.MODULUS)
                        .found())
                .isEqualTo("an even number of 3072 bits");
        byte[] one = SIGNED.clone();
        Arrays.fill(one, 128, 512, (byte) 0);
        one[128] = 1;
        assertThat(SigstructCheck.check(Sigstruct.of(one)).finding(Part.MODULUS).found())
                .isEqualTo("an odd number of 1 bits");
    }

    @Test
    void signatureThatIsNotBelowTheModulusIsAFinding() {
        byte[] above = SIGNED.clone();
        System.arraycopy(above, 128, above, 516, 384);
        assertThat(invalid(above)).containsExactly(Part.SIGNATURE, Part.Q1, Part.Q2);
        Arrays.fill(above, 516, 900, (byte) 0xff);
        assertThat(invalid(above)).containsExactly(Part.SIGNATURE, Part.Q1, Part.Q2);
    }

    @Test
    void findsSomethingInAnyBytes() {
        SplittableRandom random = new SplittableRandom(11);
        for (int i = 0; i < 50; i++) {
            byte[] bytes = new byte[Sigstruct.SIZE];
            random.nextBytes(bytes);
            assertThat(SigstructCheck.check(Sigstruct.of(bytes)).valid()).isFalse();
        }
        assertThat(invalid(new byte[Sigstruct.SIZE])).contains(Part.HEADER, Part.EXPONENT, Part.MODULUS);
    }

    @Test
    void readsABareSigstructOrTheOneInAFile() throws ImageException {
        MemorySegment bare = MemorySegment.ofArray(SIGNED);
        assertThat(EnclaveFiles.sigstruct(bare, ImageOptions.DEFAULT)
                        .orElseThrow()
                        .memory()
                        .mismatch(bare))
                .isEqualTo(-1);
        MemorySegment stream = new SgxsBytes().ecreate(1, 0x2000).eadd(0, 0x203).segment();
        assertThat(EnclaveFiles.sigstruct(stream, ImageOptions.DEFAULT)).isEmpty();
    }
}

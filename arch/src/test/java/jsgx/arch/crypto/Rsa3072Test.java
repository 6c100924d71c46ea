package jsgx.arch.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.Random;
import jsgx.arch.TestSigner;
import jsgx.arch.Vectors;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Signatures that others made (the README of the vectors says where they come from), whole and damaged. */
class Rsa3072Test {

    /** The parts of a SIGSTRUCT that the signature check looks at: where each begins, and its size. */
    enum Part {
        HEADER(0, 128),
        BODY(900, 128),
        MODULUS(128, 384),
        SIGNATURE(516, 384),
        Q1(1040, 384),
        Q2(1424, 384);

        final int at;
        final int size;

        Part(int at, int size) {
            this.at = at;
            this.size = size;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"fortanix-sig1", "intel-le-1.6", "intel-le-2.17", "intel-kernel-le-2019"})
    void aRealSignatureVerifies(String name) {
        Sigstruct sigstruct = read(name);

        assertThat(Rsa3072.verify(sigstruct)).isTrue();
        assertThat(Rsa3072.signatureIsValid(sigstruct)).isTrue();
        assertThat(Rsa3072.q1IsValid(sigstruct)).isTrue();
        assertThat(Rsa3072.q2IsValid(sigstruct)).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void anyFlippedBitIsFound(Part part) {
        Random random = new Random(3072 + part.ordinal());
        Sigstruct sigstruct = read("fortanix-sig1");
        for (int i = 0; i < 64; i++) {
            // The first and the last bit of the part, then others.
            int bit = i < 2 ? i * (8 * part.size - 1) : random.nextInt(8 * part.size);
            flip(sigstruct, 8 * part.at + bit);
            assertThat(Rsa3072.verify(sigstruct)).as("bit %d of %s", bit, part).isFalse();
            flip(sigstruct, 8 * part.at + bit);
        }
        assertThat(Rsa3072.verify(sigstruct)).isTrue();
    }

    @Test
    void theQuotientsAreTheOnesFortanixPublishes() {
        MemorySegment signature = MemorySegment.ofArray(Vectors.bytes("fortanix-sig1.signature"));
        MemorySegment modulus = MemorySegment.ofArray(Vectors.bytes("fortanix-sig1.modulus"));

        assertThat(Rsa3072.q1(signature, modulus)).isEqualTo(Vectors.bytes("fortanix-sig1.q1"));
        assertThat(Rsa3072.q2(signature, modulus)).isEqualTo(Vectors.bytes("fortanix-sig1.q2"));
    }

    /** S + N has the same cube, and quotients to match: only the comparison with N refuses it. */
    @Test
    void aSignatureThatIsNotReducedIsRefused() {
        Sigstruct sigstruct = Sigstruct.allocate();
        TestSigner.SMALL.sign(sigstruct);
        BigInteger n = TestSigner.SMALL.modulus();
        BigInteger s = Rsa3072.integer(sigstruct.signature()).add(n);
        assertThat(Rsa3072.verify(sigstruct)).isTrue();
        sigstruct.signature(Rsa3072.littleEndian(s));
        BigInteger square = s.multiply(s);
        sigstruct.q1(Rsa3072.littleEndian(square.divide(n)));
        sigstruct.q2(Rsa3072.littleEndian(square.mod(n).multiply(s).divide(n)));

        assertThat(Rsa3072.verify(sigstruct)).isFalse();
        assertThat(Rsa3072.signatureIsValid(sigstruct)).isFalse();
        assertThat(Rsa3072.q1IsValid(sigstruct)).isFalse();
        assertThat(Rsa3072.q2IsValid(sigstruct)).isFalse();
        assertThatThrownBy(() -> Rsa3072.q1(sigstruct.signature(), sigstruct.modulus()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Rsa3072.q2(sigstruct.signature(), sigstruct.modulus()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** With Q1 one less, Q2 + S leads to the right cube: the range of what is left of the square refuses it. */
    @Test
    void quotientsThatLeaveTooMuchAreRefused() {
        Sigstruct sigstruct = Sigstruct.allocate();
        TestSigner.SMALL.sign(sigstruct);
        BigInteger s = Rsa3072.integer(sigstruct.signature());
        BigInteger q1 = Rsa3072.integer(sigstruct.q1());
        BigInteger q2 = Rsa3072.integer(sigstruct.q2());
        sigstruct.q1(Rsa3072.littleEndian(q1.subtract(BigInteger.ONE)));
        sigstruct.q2(Rsa3072.littleEndian(q2.add(s)));

        assertThat(Rsa3072.verify(sigstruct)).isFalse();
    }

    /** The other way round: with Q1 one more and Q2 - S, what is left of the square is negative. */
    @Test
    void quotientsThatLeaveTooLittleAreRefused() {
        Sigstruct sigstruct = Sigstruct.allocate();
        BigInteger s;
        BigInteger q2;
        do {
            sigstruct.swDefined(sigstruct.swDefined() + 1);
            TestSigner.SMALL.sign(sigstruct);
            s = Rsa3072.integer(sigstruct.signature());
            q2 = Rsa3072.integer(sigstruct.q2());
        } while (q2.compareTo(s) < 0 && sigstruct.swDefined() < 64);
        sigstruct.q1(Rsa3072.littleEndian(Rsa3072.integer(sigstruct.q1()).add(BigInteger.ONE)));
        sigstruct.q2(Rsa3072.littleEndian(q2.max(s).subtract(s)));

        assertThat(Rsa3072.verify(sigstruct)).isFalse();
    }

    @Test
    void aZeroModulusIsRefused() {
        Sigstruct sigstruct = Sigstruct.allocate();

        assertThat(Rsa3072.verify(sigstruct)).isFalse();
        assertThat(Rsa3072.signatureIsValid(sigstruct)).isFalse();
        assertThat(Rsa3072.q1IsValid(sigstruct)).isFalse();
    }

    @Test
    void aWrongQuotientLeavesTheSignatureValid() {
        Sigstruct sigstruct = read("intel-le-2.17");
        flip(sigstruct, 8 * Part.Q2.at);

        assertThat(Rsa3072.signatureIsValid(sigstruct)).isTrue();
        assertThat(Rsa3072.q1IsValid(sigstruct)).isTrue();
        assertThat(Rsa3072.q2IsValid(sigstruct)).isFalse();
        assertThat(Rsa3072.verify(sigstruct)).isFalse();
    }

    @Test
    void numbersAreLittleEndian() {
        byte[] bytes = Rsa3072.littleEndian(BigInteger.valueOf(0x0102));

        assertThat(bytes).hasSize(384).startsWith(2, 1, 0);
        assertThat(Rsa3072.integer(MemorySegment.ofArray(bytes))).isEqualTo(0x0102);
        BigInteger largest = BigInteger.TWO.pow(3072).subtract(BigInteger.ONE);
        assertThat(Rsa3072.integer(MemorySegment.ofArray(Rsa3072.littleEndian(largest))))
                .isEqualTo(largest);
        assertThatThrownBy(() -> Rsa3072.littleEndian(largest.add(BigInteger.ONE)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Rsa3072.littleEndian(BigInteger.valueOf(-1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Rsa3072.integer(MemorySegment.ofArray(new byte[383])))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theCacheAnswersAsTheCheckDoes() {
        SignatureCache cache = new SignatureCache(2);
        Sigstruct sigstruct = read("fortanix-sig1");
        for (int round = 0; round < 2; round++) {
            assertThat(cache.verify(sigstruct)).isTrue();
            for (Part part : Part.values()) {
                flip(sigstruct, 8 * part.at + 5);
                assertThat(cache.verify(sigstruct)).as("%s", part).isFalse();
                assertThat(cache.verify(sigstruct)).as("%s again", part).isFalse();
                flip(sigstruct, 8 * part.at + 5);
            }
            assertThat(cache.verify(read("intel-le-1.6"))).isTrue();
            assertThat(cache.verify(read("intel-le-2.17"))).isTrue();
        }
        assertThatThrownBy(() -> new SignatureCache(0)).isInstanceOf(IllegalArgumentException.class);
    }

    private static Sigstruct read(String name) {
        return Sigstruct.of(Vectors.bytes(name + ".sigstruct"));
    }

    private static void flip(Sigstruct sigstruct, int bit) {
        int at = bit / 8;
        Layouts.u8(sigstruct.memory(), at, Layouts.u8(sigstruct.memory(), at) ^ 1 << bit % 8);
    }
}

package jsgx.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

class RsaPrimesTest {

    private final SecureRandom random = new SecureRandom();

    @Test
    void aPrimeHasItsSizeAndItsTwoHighestBitsAndIs2Modulo3() {
        for (int i = 0; i < 50; i++) {
            BigInteger prime = RsaPrimes.prime(128, random);

            assertThat(prime.isProbablePrime(100)).isTrue();
            assertThat(prime.bitLength()).isEqualTo(128);
            assertThat(prime.testBit(126)).isTrue();
            assertThat(prime.mod(BigInteger.valueOf(3))).isEqualTo(BigInteger.TWO);
        }
    }

    @Test
    void theSieveIsExactWhereItsPrimesReachTheSquareRoot() {
        // Below 2^32 a number without a divisor below 2^16 is a prime.
        BigInteger start = BigInteger.valueOf(0xc000_0005L);
        assertThat(start.mod(BigInteger.valueOf(6))).isEqualTo(BigInteger.valueOf(5));

        BitSet composite = RsaPrimes.sieve(start);

        for (int i = 0; i < 1 << 14; i++) {
            assertThat(composite.get(i))
                    .as("%s + 6 * %d", start, i)
                    .isEqualTo(!start.add(BigInteger.valueOf(6L * i)).isProbablePrime(100));
        }
    }

    @Test
    void twoKeysAreNotTheSameAndHave3072Bits() {
        SigningKey one = SigningKey.generate(random);
        SigningKey other = SigningKey.generate(random);

        assertThat(one.modulus().bitLength()).isEqualTo(3072);
        assertThat(one.modulus()).isNotEqualTo(other.modulus());
    }
}

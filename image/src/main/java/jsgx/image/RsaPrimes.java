package jsgx.image;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.BitSet;

/**
 * Primes for RSA keys with exponent 3. The JDK's generator draws primes and throws away every second one, because 3 divides
 * its predecessor; here only candidates are looked at that are 2 modulo 3, and a sieve leaves few of those to test.
 */
final class RsaPrimes {

    /** Primes up to here divide no candidate that is tested. */
    private static final int SIEVE_LIMIT = 1 << 16;

    /** How many candidates a sieve holds: far more than lie between two primes of this size. */
    private static final int CANDIDATES = 1 << 14;

    /** Every candidate is odd and 2 modulo 3. */
    private static final int STEP = 6;

    private static final int CERTAINTY = 128;

    private RsaPrimes() {}

    /** A random prime with its two highest bits set, so that the product of two has twice as many bits. */
    static BigInteger prime(int bits, SecureRandom random) {
        while (true) {
            BigInteger start = new BigInteger(bits, random).setBit(bits - 1).setBit(bits - 2);
            start = start.subtract(start.mod(BigInteger.valueOf(STEP))).add(BigInteger.valueOf(STEP - 1));
            BitSet composite = sieve(start);
            for (int i = composite.nextClearBit(0); i < CANDIDATES; i = composite.nextClearBit(i + 1)) {
                BigInteger candidate = start.add(BigInteger.valueOf((long) STEP * i));
                if (candidate.isProbablePrime(CERTAINTY) && candidate.bitLength() == bits) {
                    return candidate;
                }
            }
        }
    }

    /** Which of the candidates {@code start + 6 i} have a small divisor. */
    static BitSet sieve(BigInteger start) {
        BitSet composite = new BitSet(CANDIDATES);
        BitSet notPrime = new BitSet(SIEVE_LIMIT);
        // 2 and 3 divide no candidate.
        for (int prime = 5; prime < SIEVE_LIMIT; prime = next(notPrime, prime)) {
            for (long multiple = (long) prime * prime; multiple < SIEVE_LIMIT; multiple += 2L * prime) {
                notPrime.set((int) multiple);
            }
            int rest = start.mod(BigInteger.valueOf(prime)).intValue();
            // 6 i = -rest modulo the prime, which is 1 or 5 modulo 6.
            long inverseOf6 = prime % STEP == 1 ? (5L * prime + 1) / STEP : (prime + 1L) / STEP;
            for (int i = (int) ((prime - rest) * inverseOf6 % prime); i < CANDIDATES; i += prime) {
                composite.set(i);
            }
        }
        return composite;
    }

    private static int next(BitSet notPrime, int prime) {
        int candidate = prime + 2;
        while (candidate < SIEVE_LIMIT && (candidate % 3 == 0 || notPrime.get(candidate))) {
            candidate += 2;
        }
        return candidate;
    }
}

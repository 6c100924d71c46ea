package jsgx.driver.core;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.LaunchRequest;

/** What all interfaces do at the launch of an enclave. */
public final class Launches {

    private static final int HASH_WORDS = 4;
    private static final MessageDigest SHA_256 = prototype();

    private Launches() {}

    /** What the authority is asked. */
    public static LaunchRequest request(Enclave enclave, Sigstruct sigstruct, byte[] mrSigner, byte[] callerToken) {
        return new LaunchRequest(
                enclave.id(),
                enclave.kind(),
                enclave.workload(),
                sigstruct.memory().toArray(Layouts.U8),
                sigstruct.enclaveHash().toArray(Layouts.U8),
                mrSigner,
                enclave.attributes(),
                enclave.miscSelect(),
                enclave.size(),
                callerToken);
    }

    /** MRSIGNER: SHA-256 of the modulus. */
    public static byte[] mrSigner(Sigstruct sigstruct) {
        MessageDigest digest = sha256();
        digest.update(sigstruct.modulus().asByteBuffer());
        return digest.digest();
    }

    /** A new digest. To copy one is much faster than to look a provider up. */
    private static MessageDigest sha256() {
        try {
            return (MessageDigest) SHA_256.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("the JDK's SHA-256 can be copied", e);
        }
    }

    private static MessageDigest prototype() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** A hash as the four MSRs hold it. */
    public static long[] msrs(byte[] hash) {
        MemorySegment bytes = MemorySegment.ofArray(hash);
        long[] words = new long[HASH_WORDS];
        for (int i = 0; i < words.length; i++) {
            words[i] = bytes.get(Layouts.U64, 8L * i);
        }
        return words;
    }
}

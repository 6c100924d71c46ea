package jsgx.driver.core;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.function.Function;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.Completion;
import jsgx.driver.Decision;
import jsgx.driver.Errno;
import jsgx.driver.Fate;
import jsgx.driver.LaunchAuthority;
import jsgx.driver.LaunchRequest;
import jsgx.driver.TokenSupplier;

/** What all interfaces do at the launch of an enclave. */
public final class Launches {

    private static final int HASH_WORDS = 4;
    private static final MessageDigest SHA_256 = prototype();

    private Launches() {}

    /** What the authority is asked. */
    public static LaunchRequest request(
            Enclave enclave,
            Sigstruct sigstruct,
            byte[] mrSigner,
            byte[] callerToken,
            TokenSupplier tokenSupplier,
            byte[] lePubKeyHash) {
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
                callerToken,
                tokenSupplier,
                lePubKeyHash);
    }

    /** What the result of a call is whose EINIT came out like this. */
    public interface Ending {
        long of(Completion completion) throws Refused;
    }

    /** The enclave of a launch, as the one who executes EINIT keeps it. */
    public interface Subject {

        /** EINIT succeeded and the authority lets the enclave live: it wants to know of its end. */
        void launched();

        /** The authority does not let the enclave live. */
        void tearDown();
    }

    /**
     * Asks the authority, executes EINIT where it allows that, and does with the enclave what it says then. The caller sees to
     * it that nobody hears of the enclave's end before this returns.
     *
     * @return what the call returns
     */
    public static long launch(
            LaunchAuthority authority,
            Subject enclave,
            LaunchRequest request,
            Function<Decision.Allow, Completion> einit,
            Ending ending)
            throws Refused {
        return switch (authority.decide(request)) {
            case Decision.Refuse refuse -> refuse.result();
            case Decision.Allow allow -> {
                Completion completion = execute(authority, enclave, request, allow, einit);
                yield switch (complete(authority, enclave, request, completion)) {
                    case Fate.Keep keep -> ending.of(completion);
                    case Fate.TearDown down -> down.result();
                };
            }
        };
    }

    private static Completion execute(
            LaunchAuthority authority,
            Subject enclave,
            LaunchRequest request,
            Decision.Allow allow,
            Function<Decision.Allow, Completion> einit) {
        try {
            return einit.apply(allow);
        } catch (RuntimeException | Error e) {
            // A port of the driver threw. Whoever counts launches counts this one too.
            complete(authority, enclave, request, new Completion.NotExecuted(Errno.EIO.result(), e.toString()));
            throw e;
        }
    }

    private static Fate complete(
            LaunchAuthority authority, Subject enclave, LaunchRequest request, Completion completion) {
        Fate fate;
        try {
            fate = authority.complete(request, completion);
        } catch (RuntimeException | Error e) {
            enclave.tearDown();
            throw e;
        }
        if (fate instanceof Fate.TearDown) {
            enclave.tearDown();
        } else if (completion instanceof Completion.Executed && completion.result() == 0) {
            enclave.launched();
        }
        return fate;
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

    /** A hash as MRSIGNER stores it, from the four MSRs. */
    public static byte[] hash(long[] msrs) {
        byte[] hash = new byte[Long.BYTES * HASH_WORDS];
        MemorySegment bytes = MemorySegment.ofArray(hash);
        for (int i = 0; i < HASH_WORDS; i++) {
            bytes.set(Layouts.U64, 8L * i, msrs[i]);
        }
        return hash;
    }
}

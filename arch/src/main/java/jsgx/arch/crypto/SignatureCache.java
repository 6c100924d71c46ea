package jsgx.arch.crypto;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;

/**
 * Remembers SIGSTRUCTs whose signature was accepted, for hosts that initialise the same few enclaves again and again. Its
 * key is the SHA-256 of all 1808 bytes, modulus, signature and quotients among them, so that nothing is accepted that was
 * not accepted before bit by bit. What was refused is not remembered.
 */
public final class SignatureCache {

    private record Key(long a, long b, long c, long d) {}

    private final int capacity;
    private final Set<Key> accepted = ConcurrentHashMap.newKeySet();

    /** @param capacity how many it remembers; when they are more, it forgets them all and begins anew */
    public SignatureCache(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("a cache holds at least 1 signature, not " + capacity);
        }
        this.capacity = capacity;
    }

    /** What {@link Rsa3072#verify} answers. */
    public boolean verify(Sigstruct sigstruct) {
        Key key = key(sigstruct);
        if (accepted.contains(key)) {
            return true;
        }
        if (!Rsa3072.verify(sigstruct)) {
            return false;
        }
        if (accepted.size() >= capacity) {
            accepted.clear();
        }
        accepted.add(key);
        return true;
    }

    private static Key key(Sigstruct sigstruct) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            MemorySegment hash =
                    MemorySegment.ofArray(sha256.digest(sigstruct.memory().toArray(Layouts.U8)));
            return new Key(Layouts.u64(hash, 0), Layouts.u64(hash, 8), Layouts.u64(hash, 16), Layouts.u64(hash, 24));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}

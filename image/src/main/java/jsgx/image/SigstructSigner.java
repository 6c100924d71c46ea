package jsgx.image;

import jsgx.arch.struct.Sigstruct;

/** Makes SIGSTRUCTs: equal options and an equal key give equal bytes. */
public final class SigstructSigner {

    private SigstructSigner() {}

    /** Fills a SIGSTRUCT and signs it. */
    public static Sigstruct sign(SigstructOptions options, SigningKey key) throws ImageException {
        return Skeleton.absent();
    }
}

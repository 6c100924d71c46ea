package jsgx.launch.cache;

/**
 * Where a token comes from that the cache does not hold: the launch enclave.
 *
 * @param <X> what a failed load throws
 */
@FunctionalInterface
public interface Loader<X extends Exception> {

    /** A token of 304 bytes. */
    byte[] load() throws X;
}

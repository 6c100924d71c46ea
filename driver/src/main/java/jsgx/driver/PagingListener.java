package jsgx.driver;

/**
 * The port that hears of an enclave's pages that leave the EPC for want of room, and come back, and of EPC pages that become free. It is
 * called with locks of the driver held, and must not call back into it.
 */
public interface PagingListener {

    /** Nobody hears. */
    PagingListener NOBODY = (enclave, address, reclaimed) -> {};

    /**
     * A page has left, or is back.
     *
     * @param address its linear address
     * @param reclaimed whether it left
     */
    void moved(EnclaveInfo enclave, long address, boolean reclaimed);

    /**
     * An EPC page has no content any more that anybody has a right to: before somebody else can get it.
     *
     * @param epcPage its index
     */
    default void freed(int epcPage) {}
}

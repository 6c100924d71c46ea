package jsgx.driver;

/**
 * The port that EPC pages are charged to, when they are allocated: pages of enclaves, SECS, version arrays and pages added
 * by EAUG alike. A page that is reclaimed is uncharged, and charged again when it is loaded.
 *
 * <p>Where a charge is refused, the driver reclaims pages of that workload's enclaves, of nobody else's, and asks again; only when it
 * has none that it can reclaim does the call fail, with -ENOMEM. It is asked while an enclave's lock is held, from many threads at
 * once: it answers at once, and does not call the driver.
 */
public interface EpcAccount {

    /** Takes every charge. */
    EpcAccount UNLIMITED = new EpcAccount() {
        @Override
        public boolean charge(Workload workload, int pages) {
            return true;
        }

        @Override
        public void uncharge(Workload workload, int pages) {}
    };

    /** Charges pages to a workload; false, and nothing is charged, where it may have no more. */
    boolean charge(Workload workload, int pages);

    /**
     * Whether a workload gets one more page. Those of its enclaves that left the EPC lie in ordinary memory and are not charged: without a limit an enclave
     * that is larger than any memory could be added page by page.
     *
     * @param reclaimed how many lie there
     */
    default boolean admits(Workload workload, long reclaimed) {
        return true;
    }

    /** Gives pages back. */
    void uncharge(Workload workload, int pages);
}

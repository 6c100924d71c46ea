package jsgx.host;

import jsgx.arch.epc.Epc;
import jsgx.driver.EpcAccount;
import jsgx.driver.Workload;

/**
 * An account that gives a workload no more pages where too many of its own left the EPC: those lie in this process's memory, which is everybody's.
 *
 * @param account what charges pages in the EPC
 * @param bytes how much a workload's pages may take outside of it
 */
record ReclaimLimit(EpcAccount account, long bytes) implements EpcAccount {

    @Override
    public boolean charge(Workload workload, int pages) {
        return account.charge(workload, pages);
    }

    @Override
    public boolean admits(Workload workload, long reclaimed) {
        return reclaimed < bytes / Epc.PAGE_SIZE && account.admits(workload, reclaimed);
    }

    @Override
    public void uncharge(Workload workload, int pages) {
        account.uncharge(workload, pages);
    }
}

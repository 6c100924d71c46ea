package jsgx.launch;

import jsgx.driver.EpcAccount;
import jsgx.driver.Workload;
import jsgx.launch.le.JavaLaunchEnclave;

/** Charges EPC pages to the workloads that have them; those of the launch enclave are the platform's, and no policy counts them. */
record WorkloadAccount(EpcAccount quotas) implements EpcAccount {

    @Override
    public boolean charge(Workload workload, int pages) {
        return workload.equals(JavaLaunchEnclave.WORKLOAD) || quotas.charge(workload, pages);
    }

    @Override
    public boolean admits(Workload workload, long reclaimed) {
        return workload.equals(JavaLaunchEnclave.WORKLOAD) || quotas.admits(workload, reclaimed);
    }

    @Override
    public void uncharge(Workload workload, int pages) {
        if (!workload.equals(JavaLaunchEnclave.WORKLOAD)) {
            quotas.uncharge(workload, pages);
        }
    }
}

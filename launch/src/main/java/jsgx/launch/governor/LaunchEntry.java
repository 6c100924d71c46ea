package jsgx.launch.governor;

/**
 * A launch as the processes of a state folder know it: on its way through EINIT, or an enclave that runs.
 *
 * @param running whether the enclave runs; else it is in flight
 * @param pid the process in which it is
 * @param revision the revision that it was judged under
 * @param mrEnclave lower-case hex
 * @param mrSigner lower-case hex
 * @param isvProdId SIGSTRUCT.ISVPRODID
 * @param isvSvn SIGSTRUCT.ISVSVN
 * @param workload whose it is; a long name is cut
 */
public record LaunchEntry(
        boolean running,
        long pid,
        long revision,
        String mrEnclave,
        String mrSigner,
        int isvProdId,
        int isvSvn,
        String workload) {}

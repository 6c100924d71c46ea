package jsgx.host.feed;

import java.time.Instant;
import jsgx.driver.Workload;

/**
 * What a launch tells of its enclave, for as long as it lives.
 *
 * @param enclave the driver's number
 * @param pid the process that launched it; 0 where that is not known
 * @param since when
 * @param workload whose
 * @param mrEnclave lower-case hex
 * @param mrSigner lower-case hex
 * @param product SIGSTRUCT.ISVPRODID
 * @param svn SIGSTRUCT.ISVSVN
 */
public record LaunchedEnclave(
        long enclave,
        int pid,
        Instant since,
        Workload workload,
        String mrEnclave,
        String mrSigner,
        int product,
        int svn) {}

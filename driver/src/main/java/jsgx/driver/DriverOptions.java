package jsgx.driver;

import java.util.function.Consumer;
import jsgx.arch.LogicalProcessor;

/**
 * How a driver is set up, and the ports that it is given.
 *
 * @param processors how many logical processors there are: that many leaves run at once
 * @param firmware what firmware does to each logical processor at reset: locks FEATURE_CONTROL, sets hash MSRs
 * @param authority who says what may launch
 * @param account what EPC pages are charged to
 * @param pause how the driver sleeps
 * @param paging who hears of pages that leave the EPC and come back
 * @param launchEnclaveSigner SHA-256 of the modulus that signed the v5 interface's launch enclave; empty where there is none
 * @param virtualization whether the machine can run virtual machines, so that {@code /dev/sgx_vepc} is there
 * @param swapThread whether pages are reclaimed in the background too (ksgxd), rather than by those alone who need one
 * @param tokenExtension whether {@code /dev/sgx_enclave} has the ioctl that takes and gives EINITTOKENs, which Linux does not have
 */
public record DriverOptions(
        int processors,
        Consumer<LogicalProcessor> firmware,
        LaunchAuthority authority,
        EpcAccount account,
        Pause pause,
        PagingListener paging,
        byte[] launchEnclaveSigner,
        boolean virtualization,
        boolean swapThread,
        boolean tokenExtension) {

    /** A logical processor for each of this machine's, everything allowed, no launch enclave, no token extension. */
    public static DriverOptions defaults() {
        return new DriverOptions(
                Math.max(2, Runtime.getRuntime().availableProcessors()),
                processor -> {},
                LaunchAuthority.ALLOW_ALL,
                EpcAccount.UNLIMITED,
                Pause.REAL,
                PagingListener.NOBODY,
                new byte[0],
                true,
                true,
                false);
    }

    public DriverOptions withProcessors(int count) {
        return new DriverOptions(
                count,
                firmware,
                authority,
                account,
                pause,
                paging,
                launchEnclaveSigner,
                virtualization,
                swapThread,
                tokenExtension);
    }

    public DriverOptions withFirmware(Consumer<LogicalProcessor> settings) {
        return new DriverOptions(
                processors,
                settings,
                authority,
                account,
                pause,
                paging,
                launchEnclaveSigner,
                virtualization,
                swapThread,
                tokenExtension);
    }

    public DriverOptions withAuthority(LaunchAuthority port) {
        return new DriverOptions(
                processors,
                firmware,
                port,
                account,
                pause,
                paging,
                launchEnclaveSigner,
                virtualization,
                swapThread,
                tokenExtension);
    }

    public DriverOptions withAccount(EpcAccount port) {
        return new DriverOptions(
                processors,
                firmware,
                authority,
                port,
                pause,
                paging,
                launchEnclaveSigner,
                virtualization,
                swapThread,
                tokenExtension);
    }

    public DriverOptions withPause(Pause port) {
        return new DriverOptions(
                processors,
                firmware,
                authority,
                account,
                port,
                paging,
                launchEnclaveSigner,
                virtualization,
                swapThread,
                tokenExtension);
    }

    public DriverOptions withPaging(PagingListener port) {
        return new DriverOptions(
                processors,
                firmware,
                authority,
                account,
                pause,
                port,
                launchEnclaveSigner,
                virtualization,
                swapThread,
                tokenExtension);
    }

    public DriverOptions withLaunchEnclaveSigner(byte[] hash) {
        return new DriverOptions(
                processors,
                firmware,
                authority,
                account,
                pause,
                paging,
                hash,
                virtualization,
                swapThread,
                tokenExtension);
    }

    public DriverOptions withVirtualization(boolean on) {
        return new DriverOptions(
                processors,
                firmware,
                authority,
                account,
                pause,
                paging,
                launchEnclaveSigner,
                on,
                swapThread,
                tokenExtension);
    }

    public DriverOptions withTokenExtension(boolean on) {
        return new DriverOptions(
                processors,
                firmware,
                authority,
                account,
                pause,
                paging,
                launchEnclaveSigner,
                virtualization,
                swapThread,
                on);
    }

    public DriverOptions withSwapThread(boolean on) {
        return new DriverOptions(
                processors,
                firmware,
                authority,
                account,
                pause,
                paging,
                launchEnclaveSigner,
                virtualization,
                on,
                tokenExtension);
    }
}

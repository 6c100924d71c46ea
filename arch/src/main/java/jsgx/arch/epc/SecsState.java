package jsgx.arch.epc;

import jsgx.arch.crypto.Measurement;
import org.jspecify.annotations.Nullable;

/**
 * What the processor keeps beside a SECS that is in the EPC: the measurement until EINIT, the count of pages that refer
 * to it, and the tracking of threads (ETRACK).
 *
 * <p>Tracking. The enclave has an epoch. A thread that enters belongs to the epoch of that moment; ETRACK begins the
 * next epoch, and the cycle that it began is complete when every thread of the older epoch has left. A page records the
 * epoch in which it was blocked. It is tracked when an ETRACK came after that and its cycle is complete. ETRACK refuses
 * while the cycle before is incomplete, so that only two epochs ever have threads.
 */
public final class SecsState {

    private final long eid;
    private @Nullable Measurement measurement;
    private int children;
    private long epoch = 1;
    private int threadsNow;
    private int threadsBefore;

    public SecsState(long eid, @Nullable Measurement measurement) {
        this.eid = eid;
        this.measurement = measurement;
    }

    /** SECS.EID: unique to the enclave on this package since reset. */
    public long eid() {
        return eid;
    }

    /** The measurement in progress; null once the enclave is initialised. Guarded by the measurement lock of the EPCM. */
    public @Nullable Measurement measurement() {
        return measurement;
    }

    public void endMeasurement() {
        measurement = null;
    }

    /** CHILD_PRESENT: how many EPC pages name this SECS as theirs. */
    public synchronized int children() {
        return children;
    }

    public synchronized void addChild() {
        children++;
    }

    public synchronized void removeChild() {
        children--;
    }

    /** The present epoch. */
    public synchronized long epoch() {
        return epoch;
    }

    /** A thread enters: EENTER or ERESUME. Returns the epoch that it must name when it leaves. */
    public synchronized long enter() {
        threadsNow++;
        return epoch;
    }

    /** A thread leaves: EEXIT or AEX. */
    public synchronized void leave(long entryEpoch) {
        if (entryEpoch == epoch) {
            threadsNow--;
        } else {
            threadsBefore--;
        }
    }

    /** How many threads are inside the enclave. */
    public synchronized int threads() {
        return threadsNow + threadsBefore;
    }

    /** How many threads are inside that entered before the last ETRACK. */
    public synchronized int threadsBefore() {
        return threadsBefore;
    }

    /** TRACKING: whether the cycle that the last ETRACK began is incomplete. */
    public synchronized boolean tracking() {
        return threadsBefore != 0;
    }

    /** ETRACK: begins a new epoch; false, and nothing changes, where the cycle before is incomplete. */
    public synchronized boolean track() {
        if (threadsBefore != 0) {
            return false;
        }
        epoch++;
        threadsBefore = threadsNow;
        threadsNow = 0;
        return true;
    }

    /** Whether a page blocked in the given epoch can be in no processor's TLB any more. */
    public synchronized boolean tracked(long blockEpoch) {
        return blockEpoch + 1 < epoch || (blockEpoch + 1 == epoch && threadsBefore == 0);
    }
}

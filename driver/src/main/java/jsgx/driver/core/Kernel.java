package jsgx.driver.core;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import jsgx.arch.CpuFeatures;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.driver.AddressSpace;
import jsgx.driver.DriverOptions;
import jsgx.driver.EpcCause;
import jsgx.driver.Hardware;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;

/** The part of the kernel that all interfaces share: the EPC, the logical processors, the ports. */
public final class Kernel {

    /** What the fault handler needs, which version arrays may not take. */
    private static final int FAULT_PAGES = 2;

    private final Hardware hardware;
    private final DriverOptions options;
    private final Processors processors;
    private final EpcPages pages;
    private final Reclaimer reclaimer;
    private final AtomicInteger versionArrays = new AtomicInteger();
    private final AtomicLong nextEnclave = new AtomicLong(1);
    private final AtomicInteger powerCycle = new AtomicInteger();
    private final Set<Enclave> enclaves = ConcurrentHashMap.newKeySet();
    private final LongAdder evictions = new LongAdder();
    private final LongAdder reloads = new LongAdder();

    /** How many pages of each workload lie outside of the EPC; nothing for those that have none. */
    private final ConcurrentMap<Workload, Long> reclaimed = new ConcurrentHashMap<>();

    private volatile byte[] launchEnclaveSigner;

    public Kernel(Hardware hardware, DriverOptions options) {
        this.hardware = hardware;
        this.options = options;
        this.processors = new Processors(hardware, options.processors(), options.firmware());
        this.pages = new EpcPages(hardware.cpuid().sections());
        this.reclaimer = new Reclaimer(this);
        this.launchEnclaveSigner = options.launchEnclaveSigner().clone();
    }

    public Hardware hardware() {
        return hardware;
    }

    public CpuFeatures features() {
        return hardware.cpuid().features();
    }

    public DriverOptions options() {
        return options;
    }

    public Processors processors() {
        return processors;
    }

    public EpcPages pages() {
        return pages;
    }

    public Reclaimer reclaimer() {
        return reclaimer;
    }

    /** The enclaves whose SECS was made and that were not released; in no order. */
    public Set<Enclave> enclaves() {
        return enclaves;
    }

    /** A page has left the EPC for want of room, or is back. */
    void moved(Enclave enclave, long address, boolean left) {
        (left ? evictions : reloads).increment();
        stored(enclave.workload(), left ? 1 : -1);
        options.paging().moved(enclave, address, left);
    }

    /** So many more pages of a workload lie outside of the EPC. */
    void stored(Workload workload, int more) {
        reclaimed.merge(workload, (long) more, (before, change) -> before + change == 0 ? null : before + change);
    }

    /** Whoever wants another page for an enclave must be admitted, however many of its workload's are out of the EPC. */
    void admit(Workload workload) throws Refused {
        long pages = reclaimed.getOrDefault(workload, 0L);
        Refused.unless(
                options.account().admits(workload, pages),
                EpcCause.CHARGED,
                "room for a page that leaves the EPC",
                "workload %s with %d pages out of it".formatted(workload.name(), pages));
    }

    /** How many pages of enclaves left the EPC for want of room. */
    public long evictions() {
        return evictions.sum();
    }

    /** How many of those came back. */
    public long reloads() {
        return reloads.sum();
    }

    /** A number for a new enclave. */
    public long nextEnclave() {
        return nextEnclave.getAndIncrement();
    }

    /** How often power was lost; an enclave of an earlier cycle is gone. */
    public int powerCycle() {
        return powerCycle.get();
    }

    /** SHA-256 of the modulus that signs the launch enclave, empty where there is none. */
    public byte[] launchEnclaveSigner() {
        return launchEnclaveSigner.clone();
    }

    public void launchEnclaveSigner(byte[] hash) {
        launchEnclaveSigner = hash.clone();
    }

    /** Whether the hash MSRs can be written. */
    public boolean hashWritable() {
        return processors.any().lePubKeyHashWritable();
    }

    /** Whether firmware enabled SGX and locked the register that says so. */
    public boolean sgxEnabled() {
        long needed = LogicalProcessor.FEATURE_CONTROL_LOCK | LogicalProcessor.FEATURE_CONTROL_SGX_ENABLE;
        return (processors.any().featureControl() & needed) == needed;
    }

    /**
     * Takes a free EPC page and charges it. Where the account refuses the charge, pages of the workload's own enclaves are
     * reclaimed for it, and of nobody else's.
     *
     * @param reclaim whether to reclaim pages where none is free or charged; then the caller holds no enclave's lock
     * @param caller whose signals end the wait
     * @throws Refused with an {@link EpcCause}
     */
    public int allocate(InterfaceKind kind, Workload workload, boolean reclaim, AddressSpace caller) throws Refused {
        charge(workload, reclaim, caller);
        try {
            return take(kind, reclaim, caller);
        } catch (Refused e) {
            options.account().uncharge(workload, 1);
            throw e;
        } finally {
            reclaimer.wakeBelowLow();
        }
    }

    private void charge(Workload workload, boolean reclaim, AddressSpace caller) throws Refused {
        while (!options.account().charge(workload, 1)) {
            if (!pages.mayReclaim(workload)) {
                // Unless the last of them was uncharged just now.
                Refused.unless(
                        options.account().charge(workload, 1),
                        EpcCause.CHARGED,
                        "room for a page",
                        "workload " + workload.name() + " at its limit, and no page of it that can be reclaimed");
                return;
            }
            Refused.unless(reclaim, EpcCause.FREE_AT_ONCE, "room for a page", "a workload at its limit");
            Refused.unless(!caller.signalPending(), EpcCause.NO_SIGNAL, "none", "a pending signal");
            if (reclaimer.reclaim(workload) == 0) {
                Reclaimer.waitALittle();
            }
        }
    }

    /** Whether the account refuses one more page at this moment. */
    boolean isFull(Workload workload) {
        boolean charged = options.account().charge(workload, 1);
        if (charged) {
            options.account().uncharge(workload, 1);
        }
        return !charged;
    }

    private int take(InterfaceKind kind, boolean reclaim, AddressSpace caller) throws Refused {
        while (true) {
            int page = pages.take();
            if (page != EpcPages.NONE) {
                return page;
            }
            Refused.unless(
                    kind == InterfaceKind.MAINLINE || versionArrays.get() <= pages.total() - FAULT_PAGES,
                    EpcCause.VERSION_ARRAYS,
                    "at most " + (pages.total() - FAULT_PAGES),
                    versionArrays + " version array pages");
            Refused.unless(
                    pages.reclaimable() > 0 || reclaimer.isBusy(),
                    EpcCause.RECLAIMABLE,
                    "a page",
                    "all " + pages.total() + " in use by what cannot be reclaimed");
            Refused.unless(reclaim, EpcCause.FREE_AT_ONCE, "a free page", "none");
            Refused.unless(!caller.signalPending(), EpcCause.NO_SIGNAL, "none", "a pending signal");
            if (reclaimer.reclaim() == 0) {
                Reclaimer.waitALittle();
            }
        }
    }

    /** Gives back an EPC page whose EPCM entry is invalid. */
    public void free(int page, Workload workload) {
        options.paging().freed(page);
        pages.put(page);
        options.account().uncharge(workload, 1);
    }

    /**
     * EREMOVEs an EPC page and gives it back.
     *
     * @return true; false where EREMOVE failed: mainline then leaks the page, the older drivers give it back all the same
     */
    public boolean remove(InterfaceKind kind, int page, Workload workload) {
        Processor processor = processors.acquire();
        Outcome outcome;
        try {
            outcome = processor.eremove(page);
        } finally {
            processors.release(processor);
        }
        if (outcome.isSuccess() || kind != InterfaceKind.MAINLINE) {
            free(page, workload);
        }
        return outcome.isSuccess();
    }

    /** Makes an EPC page a version array. */
    Outcome makeVersionArray(int page) {
        Processor processor = processors.acquire();
        try {
            Outcome outcome = processor.epa(page);
            if (outcome.isSuccess()) {
                versionArrays.getAndIncrement();
            }
            return outcome;
        } finally {
            processors.release(processor);
        }
    }

    /** Removes a version array page. */
    void removeVersionArray(InterfaceKind kind, int page, Workload workload) {
        versionArrays.getAndDecrement();
        remove(kind, page, workload);
    }

    /** The EPC loses its content, and all processors are reset. */
    public void powerLoss() {
        processors.stopped(() -> {
            powerCycle.getAndIncrement();
            hardware.powerLoss();
            processors.reset(options.firmware());
        });
        options.authority().powerLost();
    }
}

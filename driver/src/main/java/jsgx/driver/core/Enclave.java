package jsgx.driver.core;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.locks.ReentrantLock;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.VaPage;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceMapping;
import jsgx.driver.EnclaveInfo;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Refusal;
import jsgx.driver.Workload;
import org.jspecify.annotations.Nullable;

/**
 * An enclave as a driver keeps it (struct sgx_encl). It lives until the last reference is dropped: its file or its mappings have
 * one, and the reclaimer has one for each page that it is about to write.
 */
public final class Enclave implements EnclaveInfo, Launches.Subject {

    /** Why a version array page could not be made. */
    public enum Cause implements Refusal.Cause {
        EPA(Errno.EFAULT, "EPA makes a version array page");

        private final Errno errno;
        private final String rule;

        Cause(Errno errno, String rule) {
            this.errno = errno;
            this.rule = rule;
        }

        @Override
        public long result() {
            return errno.result();
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    /** There is no EPC page, of a SECS or a version array. */
    public static final int NONE = -1;

    private static final AtomicIntegerFieldUpdater<Enclave> REFERENCES =
            AtomicIntegerFieldUpdater.newUpdater(Enclave.class, "references");
    private static final AddressSpace[] NO_SPACES = {};

    private final Kernel kernel;
    private final InterfaceKind kind;
    private final Workload workload;
    private final long id;
    private final int powerCycle;
    private final Paging paging;
    private volatile int references = 1;
    private volatile AddressSpace[] spaces = NO_SPACES;
    private volatile @Nullable Outcome lastOutcome;
    private volatile boolean created;
    private volatile boolean initialized;
    private volatile boolean dead;
    private volatile boolean launched;
    private volatile boolean tornDown;

    /** Guards all that follows, but for base, size, attributes and MISCSELECT, which do not change once the enclave is created. */
    private final ReentrantLock lock = new ReentrantLock();

    private long base;
    private long size;
    private Attributes attributes = Attributes.NONE;
    private int miscSelect;
    private final EnclavePages pageTable = new EnclavePages();
    private final VersionArrays versionArrays = new VersionArrays();
    private int secsPage = NONE;
    private int secsSlot;
    private byte[] secsContent = Paging.NOTHING;
    private int children;
    private int pageCount;
    private boolean buildBroken;

    /** An enclave of which there is nothing but its file. */
    public Enclave(Kernel kernel, InterfaceKind kind, Workload workload) {
        this.kernel = kernel;
        this.kind = kind;
        this.workload = workload;
        this.id = kernel.nextEnclave();
        this.powerCycle = kernel.powerCycle();
        this.paging = new Paging(this);
    }

    /** ECREATE made the SECS in this EPC page, with a version array page. */
    public void created(Secs secs, int secsEpcPage, int versionArrayPage) {
        lock.lock();
        try {
            base = secs.baseAddr();
            size = secs.size();
            attributes = secs.attributes();
            miscSelect = secs.miscSelect();
            secsPage = secsEpcPage;
            addVersionArray(versionArrayPage);
            created = true;
            kernel.enclaves().add(this);
        } finally {
            lock.unlock();
        }
    }

    /** EINIT succeeded. */
    public void initialized() {
        pageTable.trim();
        initialized = true;
    }

    @Override
    public void launched() {
        launched = true;
    }

    @Override
    public void tearDown() {
        Teardown.run(this);
    }

    public Kernel kernel() {
        return kernel;
    }

    public ReentrantLock lock() {
        return lock;
    }

    public Paging paging() {
        return paging;
    }

    /** The pages; guarded by {@link #lock}. */
    public EnclavePages pageTable() {
        return pageTable;
    }

    VersionArrays versionArrays() {
        return versionArrays;
    }

    public boolean isCreated() {
        return created;
    }

    /** SGX_ENCL_DEAD of the older drivers: a mapping was closed, or power was lost. */
    public boolean isDead() {
        return dead || isSuspended();
    }

    public void markDead() {
        dead = true;
    }

    /** Whether a leaf failed for a page that the older drivers queued: the pages behind it are dropped. */
    public boolean isBuildBroken() {
        return buildBroken;
    }

    public void breakBuild() {
        buildBroken = true;
    }

    /** SGX_ENCL_SUSPEND of the older drivers: power was lost since the enclave was made, or it was torn down. */
    public boolean isSuspended() {
        return tornDown || powerCycle != kernel.powerCycle();
    }

    /** Whether the authority had it torn down: no page of it comes back into the EPC. */
    public boolean isTornDown() {
        return tornDown;
    }

    void markTornDown() {
        tornDown = true;
    }

    /** The EPC page of the SECS, or {@link #NONE} while it is evicted. */
    public int secsPage() {
        return secsPage;
    }

    int secsSlot() {
        return secsSlot;
    }

    byte[] secsContent() {
        return secsContent;
    }

    void secsEvicted(int slot, byte[] content) {
        secsPage = NONE;
        secsSlot = slot;
        secsContent = slot < 0 ? Paging.NOTHING : content;
    }

    void secsLoaded(int page) {
        secsPage = page;
        secsContent = Paging.NOTHING;
    }

    /** How many pages are in the EPC. */
    int children() {
        return children;
    }

    public void addChild() {
        children++;
    }

    public void removeChild() {
        children--;
    }

    /** Whether an address, page-aligned or not, lies in ELRANGE. */
    public boolean contains(long address) {
        return Long.compareUnsigned(address - base, size) < 0;
    }

    /**
     * Makes room for one more page: a version array page where those that there are have no slot for it (sgx_encl_grow). The kernel has no account of
     * memory here to ask, as its own swap has one; the driver's is asked.
     *
     * @return the new version array page, which {@link #addVersionArray} enters, or {@link #NONE}
     */
    public int grow(boolean reclaim, AddressSpace caller) throws Refused {
        kernel.admit(workload);
        if (!countPage()) {
            return NONE;
        }
        int page = NONE;
        try {
            page = kernel.allocate(kind, workload, reclaim, caller);
            Outcome outcome = record(kernel.makeVersionArray(page));
            if (!outcome.isSuccess()) {
                kernel.remove(kind, page, workload);
                throw new Refused(Cause.EPA, "a version array", outcome.toString());
            }
            return page;
        } catch (Refused e) {
            shrink(NONE);
            throw e;
        }
    }

    /** Counts one more page; true where it needs a version array page of its own. */
    private boolean countPage() {
        lock.lock();
        try {
            int slots = versionArrays.count() * VaPage.SLOTS;
            // Mainline counts pages; the older drivers look for a slot, and find those of removed pages.
            boolean needed = kind == InterfaceKind.MAINLINE ? pageCount % VaPage.SLOTS == 0 : pageCount >= slots;
            pageCount++;
            return needed;
        } finally {
            lock.unlock();
        }
    }

    /** Enters a version array page that {@link #grow} made; nothing happens where it made none. */
    public void addVersionArray(int page) {
        if (page != NONE) {
            versionArrays.add(page);
        }
    }

    /** Takes {@link #grow} back. */
    public void shrink(int newPage) {
        lock.lock();
        try {
            pageCount--;
        } finally {
            lock.unlock();
        }
        if (newPage != NONE) {
            kernel.removeVersionArray(kind, newPage, workload);
        }
    }

    /** Gives up a version array page that no page of the enclave needs any more, as isgx does. */
    public void dropEmptyVersionArray() {
        if (pageCount <= (versionArrays.count() - 1) * VaPage.SLOTS && versionArrays.lastIsEmpty()) {
            kernel.removeVersionArray(kind, versionArrays.removeLast(), workload);
        }
    }

    /** Adds an address space that has the enclave mapped (sgx_encl_mm_add). */
    public void addSpace(AddressSpace space) {
        lock.lock();
        try {
            for (AddressSpace known : spaces) {
                if (isSame(known, space)) {
                    return;
                }
            }
            AddressSpace[] more = Arrays.copyOf(spaces, spaces.length + 1);
            more[spaces.length] = space;
            spaces = more;
        } finally {
            lock.unlock();
        }
    }

    @SuppressWarnings("ReferenceEquality")
    private static boolean isSame(AddressSpace one, AddressSpace other) {
        return one == other;
    }

    /** One of the address spaces that have the enclave mapped. */
    AddressSpace anySpace() {
        return spaces[0];
    }

    /** Removes a page from all page tables (sgx_zap_enclave_ptes). */
    public void zap(long address) {
        for (AddressSpace space : spaces) {
            if (isMapped(space, address)) {
                space.zap(address, address + Epc.PAGE_SIZE);
            }
        }
    }

    boolean testAndClearYoung(long address) {
        for (AddressSpace space : spaces) {
            if (isMapped(space, address) && space.testAndClearAccessed(address)) {
                return true;
            }
        }
        return false;
    }

    /** Makes all threads leave the enclave once, wherever it is mapped. */
    public void evictThreads() {
        for (AddressSpace space : spaces) {
            space.evictThreads(base, base + size);
        }
    }

    private boolean isMapped(AddressSpace space, long address) {
        Optional<DeviceMapping> mapping = space.mappings().at(address);
        return mapping.isPresent() && mapping.get().shows(this);
    }

    /** Keeps what a leaf did. */
    public Outcome record(Outcome outcome) {
        lastOutcome = outcome;
        return outcome;
    }

    /** Keeps what a leaf did that nobody called for, where it failed. */
    void recordFailure(Outcome outcome) {
        if (!outcome.isSuccess()) {
            lastOutcome = outcome;
        }
    }

    /** Takes a reference; false where the last one is gone (kref_get_unless_zero). */
    public boolean acquire() {
        while (true) {
            int seen = references;
            if (seen == 0) {
                return false;
            }
            if (REFERENCES.compareAndSet(this, seen, seen + 1)) {
                return true;
            }
        }
    }

    /** Drops a reference; the last one releases the enclave. */
    public void drop() {
        if (REFERENCES.decrementAndGet(this) == 0) {
            release();
        }
    }

    /** Frees all that the enclave has (sgx_encl_release). */
    private void release() {
        kernel.enclaves().remove(this);
        lock.lock();
        try {
            for (int i = 0; i < pageTable.size(); i++) {
                if (pageTable.isResident(i)) {
                    free(pageTable.place(i));
                } else if (pageTable.isEvicted(i)) {
                    kernel.stored(workload, -1);
                }
            }
            if (children == 0 && secsPage != NONE) {
                kernel.remove(kind, secsPage, workload);
            }
            secsPage = NONE;
            for (int page : versionArrays.pages()) {
                kernel.removeVersionArray(kind, page, workload);
            }
        } finally {
            lock.unlock();
        }
        if (launched) {
            kernel.options().authority().released(id, workload);
        }
    }

    private void free(int page) {
        // The reclaimer may just be finding out that it can have no reference.
        while (!kernel.pages().unmarkReclaimable(page)) {
            Thread.onSpinWait();
        }
        if (kernel.remove(kind, page, workload)) {
            children--;
        }
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public InterfaceKind kind() {
        return kind;
    }

    @Override
    public Workload workload() {
        return workload;
    }

    @Override
    public long base() {
        return base;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public Attributes attributes() {
        return attributes;
    }

    /** MISCSELECT of the SECS that it was created with. */
    public int miscSelect() {
        return miscSelect;
    }

    @Override
    public boolean isInitialized() {
        return initialized;
    }

    @Override
    public long pages() {
        lock.lock();
        try {
            return pageTable.size();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long residentPages() {
        lock.lock();
        try {
            return children;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long reclaimedPages() {
        lock.lock();
        try {
            return pageTable.evicted();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Optional<Outcome> lastOutcome() {
        return Optional.ofNullable(lastOutcome);
    }
}

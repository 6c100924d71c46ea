package jsgx.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import jsgx.arch.epc.Epc;
import jsgx.driver.EnclaveInfo;
import jsgx.driver.PagingListener;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.MemoryFile;
import org.jspecify.annotations.Nullable;

/**
 * An EPC that programs map page by page: as a whole, where all of them are one run's, or in parts, of which each session of a daemon gets one. A session
 * sees its own enclaves' pages and no others: a page lies in a memory file that is nobody's but this process's, until it is {@link Part#show shown}; from then
 * on it lies in the session's file, at the same offset, and when it is {@link #freed} it comes back, empty. The processor's address of it stays the same, for
 * what is mapped there changes and not the segment.
 *
 * <p>A session may keep its descriptor and its mappings for ever: they lead to its own file, out of which a page is punched when the enclave loses it.
 *
 * <p>Where there are parts, the driver has to tell this of its pages ({@link jsgx.driver.DriverOptions#withPaging}).
 */
public final class SharedEpc implements PagingListener, AutoCloseable {

    /** So many areas of this process's address space are left to the rest of it. */
    private static final int OTHER_AREAS = 8192;

    private final MemoryFile hidden;
    private final MemorySegment memory;
    private final Arena arena;
    private final Epc epc;
    private final int mostAreas;

    /** Whose file each page lies in; null for this process's own. Changed under the lock. */
    private final AtomicReferenceArray<@Nullable Part> parts;

    /** mmap takes the address space's lock anyway. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Set<PagingListener> others = ConcurrentHashMap.newKeySet();
    private int shown;

    /** How many pages lie in another file than the page before them: so many areas more the EPC takes. */
    private int borders;

    /** Whose sessions have files; guarded by the lock. */
    private final Map<Integer, User> users = new HashMap<>();

    /** What the sessions of one user have together; guarded by the lock. */
    private static final class User {
        int files;
        int pages;
    }

    @SuppressWarnings("MustBeClosedChecker")
    private SharedEpc(MemoryFile hidden, List<Long> sectionBytes, int mostAreas) throws LinuxException {
        this.hidden = hidden;
        this.mostAreas = mostAreas;
        arena = Arena.ofShared();
        memory = hidden.map(arena);
        List<Epc.Section> sections = new ArrayList<>();
        long offset = 0;
        for (Epc.Range range : Epc.ranges(sectionBytes)) {
            sections.add(new Epc.Section(range.physicalBase(), memory.asSlice(offset, range.bytes())));
            offset += range.bytes();
        }
        epc = new Epc(sections);
        parts = new AtomicReferenceArray<>(epc.pages());
    }

    /**
     * An EPC whose memory is taken page by page as it is used.
     *
     * @param sectionBytes the sizes of its sections
     */
    public static SharedEpc allocate(List<Long> sectionBytes) throws MachineException {
        return allocate(sectionBytes, Linux.maxMapCount() - OTHER_AREAS);
    }

    /** For a test: with so many areas at most. */
    static SharedEpc allocate(List<Long> sectionBytes, int mostAreas) throws MachineException {
        long bytes = sectionBytes.stream().mapToLong(Long::longValue).sum();
        try {
            MemoryFile hidden = MemoryFile.create("jsgx-epc", bytes);
            try {
                return new SharedEpc(hidden, sectionBytes, mostAreas);
            } catch (LinuxException e) {
                hidden.close();
                throw e;
            }
        } catch (LinuxException e) {
            throw noMemory(e);
        }
    }

    private static MachineException noMemory(LinuxException e) {
        return new MachineException(
                MachineException.Kind.FAILED, "no memory file for the EPC: %s".formatted(e.getMessage()));
    }

    /** The processor's view of it. */
    public Epc epc() {
        return epc;
    }

    /** The descriptor of all that no session was shown, in this process; page i lies at i times 4096. */
    public int descriptor() {
        return hidden.descriptor();
    }

    /**
     * What one session sees of it: nothing, at first.
     *
     * @param user whose session it is: the areas that the kernel lets this process have are shared by users, not by sessions
     */
    public Part part(int user) throws MachineException {
        MemoryFile file;
        try {
            file = MemoryFile.create("jsgx-epc", memory.byteSize());
        } catch (LinuxException e) {
            throw noMemory(e);
        }
        lock.lock();
        try {
            User of = users.computeIfAbsent(user, number -> new User());
            of.files++;
            return new Part(file, user, of);
        } finally {
            lock.unlock();
        }
    }

    /** Has somebody else hear of what the driver tells of its pages, until it is {@link #forget forgotten}. */
    public void tell(PagingListener other) {
        others.add(other);
    }

    /** Has somebody hear no more. */
    public void forget(PagingListener other) {
        others.remove(other);
    }

    @Override
    public void moved(EnclaveInfo enclave, long address, boolean reclaimed) {
        others.forEach(other -> other.moved(enclave, address, reclaimed));
    }

    @Override
    public void freed(int page) {
        if (parts.get(page) == null) {
            return;
        }
        lock.lock();
        try {
            Part part = parts.get(page);
            if (part != null) {
                // What lies there in the hidden file was punched out when the page was shown.
                check(hidden.mapAt(address(page), offset(page), Epc.PAGE_SIZE), "hide", page);
                check(part.file.punch(offset(page), Epc.PAGE_SIZE), "empty", page);
                set(page, null);
                part.hidden();
            }
        } finally {
            lock.unlock();
        }
    }

    private void set(int page, @Nullable Part part) {
        shown += part == null ? -1 : 1;
        borders -= bordersOf(page);
        parts.set(page, part);
        borders += bordersOf(page);
    }

    private int bordersOf(int page) {
        Part here = parts.get(page);
        int before = page > 0 && parts.get(page - 1) != here ? 1 : 0;
        int behind = page + 1 < parts.length() && parts.get(page + 1) != here ? 1 : 0;
        return before + behind;
    }

    /**
     * Whether one more page can be shown and all, in whatever order, be hidden again within the kernel's limit of areas: to hide k of n pages leaves at most 2(n - k)
     * borders, and makes at most 2k more.
     *
     * <p>Nobody has more pages than there is room left, as in a buffer that the ports of a switch share by dynamic thresholds: of n users who want all of it each gets a
     * part of n + 1, and one who comes later finds room.
     */
    private boolean hasRoom(User user) {
        int left = mostAreas - (shown + 1 + (borders + 2) / 2);
        return left >= 0 && user.pages + 1 <= left;
    }

    private long address(int page) {
        return memory.address() + offset(page);
    }

    private static long offset(int page) {
        return (long) page << Epc.PAGE_SHIFT;
    }

    /** A page that cannot be taken from its session must not go to another: who frees it must not go on. */
    private static void check(long result, String what, int page) {
        if (Linux.failed(result)) {
            throw new IllegalStateException(
                    "cannot %s EPC page %d: %s".formatted(what, page, Linux.errorText((int) -result)));
        }
    }

    /** What one session sees: the pages that it was shown, each at its number times 4096, and zeroes elsewhere. */
    public final class Part implements AutoCloseable {

        private final MemoryFile file;
        private final int number;
        private final User user;

        /** How many pages lie in it, and whether it is closed; guarded by the lock. */
        private int pages;

        private boolean closed;

        private Part(MemoryFile file, int number, User user) {
            this.file = file;
            this.number = number;
            this.user = user;
        }

        /** The descriptor for the session, in this process. */
        public int descriptor() {
            return file.descriptor();
        }

        /**
         * Shows a page, which an enclave of the session must have and nobody must write to meanwhile; its content goes with it.
         *
         * @return false where the kernel has no room for it, or none for this user: it is not shown then, and all is as before
         */
        public boolean show(int page) {
            if (parts.get(page) == this) {
                return true;
            }
            lock.lock();
            try {
                if (parts.get(page) != null) {
                    throw new IllegalStateException("EPC page %d is another session's".formatted(page));
                }
                if (closed
                        || !hasRoom(user)
                        || file.write(address(page), offset(page), Epc.PAGE_SIZE) != Epc.PAGE_SIZE
                        || Linux.failed(file.mapAt(address(page), offset(page), Epc.PAGE_SIZE))) {
                    file.punch(offset(page), Epc.PAGE_SIZE);
                    return false;
                }
                set(page, this);
                pages++;
                user.pages++;
                check(hidden.punch(offset(page), Epc.PAGE_SIZE), "move", page);
                return true;
            } finally {
                lock.unlock();
            }
        }

        /** A page went back. */
        private void hidden() {
            pages--;
            user.pages--;
            if (closed && pages == 0) {
                end();
            }
        }

        private void end() {
            file.close();
            if (--user.files == 0) {
                users.remove(number);
            }
        }

        /**
         * The session is over. The descriptor is given back with the last page: the reclaimer, at work for another session, may be the last that holds an
         * enclave, and to punch by a number that is another file's by then would be a hole in that.
         */
        @Override
        public void close() {
            lock.lock();
            try {
                if (!closed) {
                    closed = true;
                    if (pages == 0) {
                        end();
                    }
                }
            } finally {
                lock.unlock();
            }
        }
    }

    /** Unmaps all of it; nobody uses the processor any more. */
    @Override
    public void close() {
        arena.close();
        hidden.close();
        for (int page = 0; page < parts.length(); page++) {
            Part part = parts.get(page);
            if (part != null) {
                part.file.close();
            }
        }
    }
}

package jsgx.launch.governor;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;
import jsgx.launch.LaunchException;
import jsgx.launch.file.PrivateFile;
import jsgx.launch.policy.PolicySubject;

/**
 * The revision of policy and revocations, and beside it every launch in flight and every enclave that runs, in memory that the
 * processes of a state folder share: the file {@code revision}, mapped. They have to be of one machine and one PID namespace.
 *
 * <p>A launch and a revocation each write one thing and then read the other's:
 *
 * <pre>
 *   launch                                       revocation
 *   judge under revision r                       keep the revocation on disk
 *   write its slot, IN_FLIGHT under r            raise the revision to n
 *   read the revision: not r? judge again        read the slots: wait for each IN_FLIGHT under less than n
 *   EINIT
 *   the slot becomes RUNNING, or FREE
 * </pre>
 *
 * <p>All four are volatile accesses, which have one order. Where the launch reads r, that read comes before the revocation's write,
 * so the slot was written before the revocation reads it, and the revocation waits. Where it reads n, it knows of the revocation. There
 * is no third case; and as a launch reads one number for it, nobody waits who need not.
 */
public final class RevisionFile implements AutoCloseable {

    /** How many launches and enclaves there may be at once, in all processes together. */
    public static final int SLOTS = 16_384;

    static final long SLOT_SIZE = 192;
    static final long FIRST_SLOT = 4096;
    static final long SIZE = FIRST_SLOT + SLOTS * SLOT_SIZE;

    private static final long MAGIC = 0x3156_4552_5847_534aL;
    private static final long REVISION = 64;
    private static final long USED = 128;
    private static final long FLOOR = 192;
    private static final long LARGEST_REVISION = 1L << 62;

    private static final long SLOT_REVISION = 8;
    private static final long SLOT_NUMBER = 16;
    private static final long SLOT_PRODUCT = 24;
    private static final long SLOT_SVN = 28;
    private static final long SLOT_MRENCLAVE = 32;
    private static final long SLOT_MRSIGNER = 64;
    private static final long SLOT_WORKLOAD = 96;
    private static final int WORKLOAD_BYTES = 95;
    private static final int HASH = 32;

    private static final int STATE_SHIFT = 62;
    private static final long OWNER_MASK = (1L << STATE_SHIFT) - 1;
    private static final long FREE = 0;
    private static final long CLAIMED = 1;
    private static final long IN_FLIGHT = 2;
    private static final long RUNNING = 3;

    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT;
    private static final VarHandle LONG = U64.varHandle();

    private final MemorySegment memory;
    /** Where to look first for a free slot: a hint, which threads may overwrite for each other. */
    private int hint;

    private RevisionFile(MemorySegment memory) {
        this.memory = memory;
    }

    /** One that this process has for itself. */
    public static RevisionFile inMemory() {
        MemorySegment memory = Arena.ofAuto().allocate(SIZE, Long.BYTES * Long.BYTES);
        initialize(memory);
        return new RevisionFile(memory);
    }

    /**
     * The one of this file, which is made where there is none.
     *
     * @throws LaunchException where it cannot be made or mapped, is not its owner's alone, or is damaged
     */
    public static RevisionFile open(Path file) throws LaunchException {
        if (ProcessId.of(ProcessHandle.current().pid()) == 0) {
            throw new LaunchException(
                    "/proc does not tell when this process started: expected a mounted /proc, by which launches of"
                            + " processes that ended are told from those of others");
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            PrivateFile.ensureFolder(folder);
        }
        try {
            if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                create(file);
            }
            PrivateFile.check(file);
            try (FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
                long size = channel.size();
                if (size != SIZE) {
                    throw damaged(file, "it has %d bytes, expected %d".formatted(size, SIZE));
                }
                MemorySegment memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE, Arena.ofAuto());
                verify(file, memory);
                return new RevisionFile(memory);
            }
        } catch (IOException e) {
            throw PrivateFile.failed("cannot map", file, e);
        }
    }

    /** The floor that a file has, looked at without a trace; 0 where there is no file. */
    static long floorIn(Path file) throws LaunchException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return 0;
        }
        try {
            PrivateFile.check(file);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
                if (channel.size() != SIZE) {
                    throw damaged(file, "it has %d bytes, expected %d".formatted(channel.size(), SIZE));
                }
                MemorySegment header = channel.map(FileChannel.MapMode.READ_ONLY, 0, FIRST_SLOT, Arena.ofAuto());
                verify(file, header);
                return header.get(U64, FLOOR);
            }
        } catch (IOException e) {
            throw PrivateFile.failed("cannot look at", file, e);
        }
    }

    /** The revision now: the first thing that a launch reads, and the last before EINIT. */
    public long revision() {
        return (long) LONG.getVolatile(memory, REVISION);
    }

    /** Raises the revision to this one, or leaves a higher one. */
    public void raise(long to) {
        raise(REVISION, to);
    }

    /** The revision of the last revocation. A list of revocations that ends before it is an old one. */
    public long floor() {
        return (long) LONG.getVolatile(memory, FLOOR);
    }

    /** Raises the floor, and the revision where it is lower. */
    public void raiseFloor(long to) {
        raise(FLOOR, to);
        raise(REVISION, to);
    }

    /** Writes what is in memory to disk. */
    public void force() {
        if (memory.isMapped()) {
            memory.force();
        }
    }

    /**
     * Enters a launch, which is in flight from now on. Whoever enters it reads {@link #revision} afterwards, and leaves again where it
     * is another one.
     *
     * @param number one that no other launch of this process has
     * @return its slot
     * @throws LaunchException where all slots are taken by launches and enclaves of live processes
     */
    public int enter(long number, long judgedUnder, PolicySubject subject) throws LaunchException {
        int slot = claim();
        long at = at(slot);
        memory.set(U64, at + SLOT_REVISION, judgedUnder);
        memory.set(U64, at + SLOT_NUMBER, number);
        memory.set(U32, at + SLOT_PRODUCT, subject.isvProdId());
        memory.set(U32, at + SLOT_SVN, subject.isvSvn());
        copy(subject.mrEnclave(), at + SLOT_MRENCLAVE, HASH);
        copy(subject.mrSigner(), at + SLOT_MRSIGNER, HASH);
        byte[] workload = subject.workload().getBytes(StandardCharsets.UTF_8);
        int length = Math.min(workload.length, WORKLOAD_BYTES);
        memory.set(ValueLayout.JAVA_BYTE, at + SLOT_WORKLOAD, (byte) length);
        copy(workload, at + SLOT_WORKLOAD + 1, length);
        LONG.setVolatile(memory, at, word(IN_FLIGHT, ProcessId.OWN));
        return slot;
    }

    /** The enclave of a slot runs. */
    public void running(int slot) {
        if (!LONG.compareAndSet(memory, at(slot), word(IN_FLIGHT, ProcessId.OWN), word(RUNNING, ProcessId.OWN))) {
            throw new IllegalStateException("slot " + slot + " of the revision file is no longer this launch's");
        }
    }

    /** The launch of a slot failed, or its enclave is gone. */
    public void leave(int slot) {
        // Never another's, whatever became of this one's.
        if (LONG.compareAndSet(memory, at(slot), word(IN_FLIGHT, ProcessId.OWN), FREE)
                || LONG.compareAndSet(memory, at(slot), word(RUNNING, ProcessId.OWN), FREE)) {
            hint = slot;
        }
    }

    /** Every launch in flight and every running enclave of a live process. */
    public List<LaunchEntry> entries() {
        Map<Long, Boolean> alive = new HashMap<>();
        List<LaunchEntry> entries = new ArrayList<>();
        for (int slot = 0; slot < used(); slot++) {
            long word = (long) LONG.getVolatile(memory, at(slot));
            if (state(word) >= IN_FLIGHT && alive.computeIfAbsent(word & OWNER_MASK, ProcessId::isAlive)) {
                LaunchEntry entry = entry(slot, word);
                if (isStill(slot, word)) {
                    entries.add(entry);
                }
            }
        }
        return entries;
    }

    /**
     * Waits until no launch is in flight that was judged under an older revision. A launch of a process that ended is not waited
     * for.
     *
     * @return those that were waited for
     */
    public List<LaunchEntry> awaitOlder(long revision) throws InterruptedException {
        Map<Long, LaunchEntry> waitedFor = new HashMap<>();
        int slots = used();
        for (int slot = 0; slot < slots; slot++) {
            for (int polls = 0; isOlder(slot, revision, waitedFor); polls++) {
                pause(polls);
            }
        }
        return List.copyOf(waitedFor.values());
    }

    /** Ends the use of the table; its memory is unmapped when nobody reads it any more. */
    @Override
    public void close() {
        force();
    }

    private boolean isOlder(int slot, long revision, Map<Long, LaunchEntry> seen) {
        long word = (long) LONG.getVolatile(memory, at(slot));
        if (state(word) != IN_FLIGHT || memory.get(U64, at(slot) + SLOT_REVISION) >= revision) {
            return false;
        }
        if (!ProcessId.isAlive(word & OWNER_MASK)) {
            LONG.compareAndSet(memory, at(slot), word, FREE);
            return false;
        }
        long number = memory.get(U64, at(slot) + SLOT_NUMBER);
        LaunchEntry entry = entry(slot, word);
        if (isStill(slot, word)) {
            // Two governors of a process may count alike.
            seen.put(number * SLOTS + slot, entry);
        }
        return true;
    }

    private static void pause(int polls) throws InterruptedException {
        if (polls < 100) {
            Thread.onSpinWait();
        } else {
            Thread.sleep(1);
        }
    }

    private int claim() throws LaunchException {
        long mine = word(CLAIMED, ProcessId.OWN);
        int first = hint;
        for (int i = 0; i < SLOTS; i++) {
            int slot = (first + i) % SLOTS;
            long word = (long) LONG.getVolatile(memory, at(slot));
            if (word == FREE && take(slot, FREE, mine)) {
                return slot;
            }
        }
        Set<Long> alive = new HashSet<>();
        for (int slot = 0; slot < SLOTS; slot++) {
            long word = (long) LONG.getVolatile(memory, at(slot));
            long owner = word & OWNER_MASK;
            if (!alive.contains(owner)) {
                if (!ProcessId.isAlive(owner) && take(slot, word, mine)) {
                    return slot;
                }
                alive.add(owner);
            }
        }
        throw new LaunchException(
                "%d enclaves run already, in all processes of this state folder: no more are launched; end some"
                        .formatted(SLOTS));
    }

    /** Takes a slot that has this word; whoever looks at all slots knows before how far to look. */
    private boolean take(int slot, long word, long mine) {
        raise(USED, slot + 1L);
        if (!LONG.compareAndSet(memory, at(slot), word, mine)) {
            return false;
        }
        hint = (slot + 1) % SLOTS;
        return true;
    }

    private void raise(long offset, long to) {
        long seen = (long) LONG.getVolatile(memory, offset);
        while (seen < to && !LONG.compareAndSet(memory, offset, seen, to)) {
            seen = (long) LONG.getVolatile(memory, offset);
        }
    }

    private int used() {
        return Math.clamp((long) LONG.getVolatile(memory, USED), 0, SLOTS);
    }

    private boolean isStill(int slot, long word) {
        VarHandle.acquireFence();
        return (long) LONG.getVolatile(memory, at(slot)) == word;
    }

    private LaunchEntry entry(int slot, long word) {
        long at = at(slot);
        int length = Math.clamp(memory.get(ValueLayout.JAVA_BYTE, at + SLOT_WORKLOAD), 0, WORKLOAD_BYTES);
        byte[] workload = bytes(at + SLOT_WORKLOAD + 1, length);
        return new LaunchEntry(
                state(word) == RUNNING,
                ProcessId.pid(word & OWNER_MASK),
                memory.get(U64, at + SLOT_REVISION),
                HexFormat.of().formatHex(bytes(at + SLOT_MRENCLAVE, HASH)),
                HexFormat.of().formatHex(bytes(at + SLOT_MRSIGNER, HASH)),
                memory.get(U32, at + SLOT_PRODUCT),
                memory.get(U32, at + SLOT_SVN),
                new String(workload, StandardCharsets.UTF_8));
    }

    private byte[] bytes(long offset, int length) {
        return memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
    }

    private void copy(byte[] from, long offset, int length) {
        MemorySegment.copy(from, 0, memory, ValueLayout.JAVA_BYTE, offset, length);
    }

    private static long at(int slot) {
        return FIRST_SLOT + slot * SLOT_SIZE;
    }

    private static long word(long state, long owner) {
        return state << STATE_SHIFT | owner;
    }

    private static long state(long word) {
        return word >>> STATE_SHIFT;
    }

    private static void initialize(MemorySegment memory) {
        memory.set(U64, 0, MAGIC);
        memory.set(U32, 8, SLOTS);
        memory.set(U32, 12, (int) SLOT_SIZE);
        memory.set(U32, 16, checksum(memory));
        memory.set(U64, REVISION, 1);
    }

    private static int checksum(MemorySegment memory) {
        CRC32C crc = new CRC32C();
        crc.update(memory.asSlice(0, 16).toArray(ValueLayout.JAVA_BYTE));
        return (int) crc.getValue();
    }

    /** Makes the file whole under another name first, so that nobody maps a part of it. */
    private static void create(Path file) throws IOException {
        Path temporary = file.resolveSibling("." + file.getFileName() + "." + Long.toHexString(ProcessId.OWN)
                + Long.toHexString(Thread.currentThread().threadId()) + ".tmp");
        try (FileChannel channel = FileChannel.open(
                temporary,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            // Every byte is written: a hole that a full disk could not fill later would fault whoever writes to the
            // mapping.
            MemorySegment content = Arena.ofAuto().allocate(SIZE, Long.BYTES);
            initialize(content);
            ByteBuffer bytes = content.asByteBuffer();
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
            Files.createLink(file, temporary);
        } catch (FileAlreadyExistsException e) {
            // Another process was first.
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void verify(Path file, MemorySegment memory) throws LaunchException {
        if (memory.get(U64, 0) != MAGIC
                || memory.get(U32, 8) != SLOTS
                || memory.get(U32, 12) != SLOT_SIZE
                || memory.get(U32, 16) != checksum(memory)) {
            throw damaged(file, "its header is not one of a revision file");
        }
        for (long counter : new long[] {REVISION, FLOOR}) {
            long value = memory.get(U64, counter);
            if (value < 0 || value > LARGEST_REVISION) {
                throw damaged(file, "the number at offset %d is %d".formatted(counter, value));
            }
        }
    }

    private static LaunchException damaged(Path file, String how) {
        return new LaunchException(
                "%s is damaged: %s; end all launches, remove the file, and run  jsgx policy revoke --accept-rollback"
                        .formatted(file, how));
    }
}

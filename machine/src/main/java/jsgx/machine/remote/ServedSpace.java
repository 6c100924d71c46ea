package jsgx.machine.remote;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import jsgx.arch.epc.Epc;
import jsgx.driver.DeviceFile;
import jsgx.driver.DeviceMapping;
import jsgx.driver.EnclaveInfo;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.sgx.EnclaveThreads;
import jsgx.machine.sgx.SgxMapping;
import jsgx.machine.space.ProcessView;
import jsgx.machine.space.ProgramSpace;
import jsgx.machine.task.Agent;
import org.jspecify.annotations.Nullable;

/** An address space of a front end's program: the front end reads and writes its memory, and has its agent map pages there, when it is asked to. */
final class ServedSpace implements Agent, ProcessView, EnclaveThreads {

    private static final int CALLS_AT_ONCE = 16 << 10;

    /** How many pages are asked for when a call reads one after the other. */
    private static final int AHEAD = 16;

    private final Session session;
    private final int id;
    private final int pid;
    private final int epcDescriptor;
    private final ProgramSpace space;
    private final Set<ServedThread> threads = ConcurrentHashMap.newKeySet();

    /** What the front end knows of the mappings; guarded by this. */
    private Map<Long, SgxMapping> told = new TreeMap<>();

    /** How many mappings the user's allowance was asked for; guarded by this. */
    private int counted;

    /** Who may read ahead, and what it has. */
    private volatile @Nullable Thread reader;

    private long aheadAt;
    private byte[] ahead = {};
    private long lastRead;
    private volatile boolean gone;

    ServedSpace(Session session, int id, int pid, int epcDescriptor) {
        this.session = session;
        this.id = id;
        this.pid = pid;
        this.epcDescriptor = epcDescriptor;
        space = new ProgramSpace(this, this, session.epcm(), this, session.isStrict());
    }

    int pid() {
        return pid;
    }

    ProgramSpace space() {
        return space;
    }

    void enter(ServedThread thread) {
        threads.add(thread);
    }

    void leave(ServedThread thread) {
        threads.remove(thread);
    }

    void end() {
        gone = true;
        space.management().gone();
        synchronized (this) {
            count(0);
        }
    }

    private void count(int mappings) {
        int more = mappings - counted;
        if (more < 0) {
            session.allowance().give(Allowance.Resource.MAPPINGS, -more);
        } else if (!session.allowance().take(Allowance.Resource.MAPPINGS, more)) {
            throw new TooMuch(session.allowance().refusal(Allowance.Resource.MAPPINGS));
        }
        counted = mappings;
    }

    /** The calling thread makes a driver's call, during which it may read more than it is asked to. */
    void begin() {
        ahead = new byte[0];
        lastRead = -1;
        reader = Thread.currentThread();
    }

    void finish() {
        reader = null;
        ahead = new byte[0];
    }

    /** Tells what of the mappings the front end does not know yet. */
    synchronized void tellMappings(Out out) {
        Map<Long, SgxMapping> now = new TreeMap<>();
        for (DeviceMapping mapping : space.mappings().all()) {
            now.put(
                    mapping.start(),
                    new SgxMapping(
                            mapping.start(),
                            mapping.end(),
                            mapping.offset(),
                            mapping.protection(),
                            mapping.operations() instanceof DeviceFile file ? file.path() : "/dev/sgx",
                            mapping.enclave().map(EnclaveInfo::id).orElse(0L)));
        }
        count(gone ? 0 : now.size());
        Out left = new Out();
        int removed = 0;
        for (Long start : told.keySet()) {
            if (!now.containsKey(start)) {
                left.i64(start);
                removed++;
            }
        }
        Out fresh = new Out();
        int added = 0;
        for (SgxMapping mapping : now.values()) {
            if (!mapping.equals(told.get(mapping.start()))) {
                fresh.i64(mapping.start()).i64(mapping.end()).i64(mapping.offset());
                fresh.u8(mapping.protection()).u8(session.node(mapping.path())).i64(mapping.enclave());
                added++;
            }
        }
        out.i32(removed).append(left);
        out.i32(added).append(fresh);
        told = now;
    }

    // The agent.

    @Override
    public long systemCall(long number, long... arguments) {
        return systemCalls(new Call(number, arguments))[0];
    }

    @Override
    public long[] systemCalls(Call... calls) {
        long[] results = new long[calls.length];
        for (Call call : calls) {
            if (!isShown(call)) {
                Arrays.fill(results, -Errors.ENOMEM);
                return results;
            }
        }
        for (int from = 0; from < calls.length; from += CALLS_AT_ONCE) {
            int count = Math.min(CALLS_AT_ONCE, calls.length - from);
            Out out = new Out().i32(id).i32(count);
            for (int i = 0; i < count; i++) {
                write(calls[from + i], out);
            }
            long[] fallback = new long[count];
            Arrays.fill(fallback, -Errors.ESRCH);
            int first = from;
            long[] answers = isGone()
                    ? fallback
                    : session.ask(Op.AGENT, out, fallback, in -> {
                        long[] read = new long[count];
                        for (int i = 0; i < count; i++) {
                            read[i] = checked(calls[first + i], in.i64());
                        }
                        return read;
                    });
            System.arraycopy(answers, 0, results, from, count);
        }
        return results;
    }

    /** Whether the session sees the pages of the EPC that a call maps. */
    private boolean isShown(Call call) {
        long[] a = call.arguments();
        if (call.number() != SystemCall.MMAP || a.length < 6 || a[4] != epcDescriptor) {
            return true;
        }
        for (long at = a[5]; at < a[5] + a[1]; at += Epc.PAGE_SIZE) {
            if (!session.show((int) (at >>> Epc.PAGE_SHIFT))) {
                return false;
            }
        }
        return true;
    }

    private static void write(Call call, Out out) {
        out.i32((int) call.number());
        for (int i = 0; i < 6; i++) {
            out.i64(i < call.arguments().length ? call.arguments()[i] : 0);
        }
    }

    /** What mmap is said to have found is where the driver will map. */
    private long checked(Call call, long result) {
        boolean found = call.number() == SystemCall.MMAP && !Linux.failed(result);
        if (found && ((result & (Epc.PAGE_SIZE - 1)) != 0 || Long.compareUnsigned(result, Linux.TASK_SIZE) >= 0)) {
            throw new BadMessage("a mapping at 0x%x".formatted(result));
        }
        return result;
    }

    @Override
    public int epcDescriptor() {
        return epcDescriptor;
    }

    @Override
    public void refused(String what) {
        session.lost(what);
    }

    @Override
    public boolean isGone() {
        return gone || session.isLost();
    }

    // The process's memory.

    @Override
    public long read(long address, MemorySegment to) {
        int size = (int) to.byteSize();
        if (reader != Thread.currentThread()) {
            return copy(ask(address, size), 0, to, size);
        }
        byte[] have = ahead;
        if (address < aheadAt || address + size > aheadAt + have.length) {
            boolean inOrder = size == Epc.PAGE_SIZE && address == lastRead + size;
            have = ask(address, inOrder ? AHEAD * size : size);
            ahead = have;
            aheadAt = address;
        }
        lastRead = address;
        return copy(have, (int) (address - aheadAt), to, size);
    }

    private byte[] ask(long address, int size) {
        return session.ask(Op.READ, new Out().i32(id).i64(address).i32(size), new byte[0], In::bytes);
    }

    private static long copy(byte[] from, int at, MemorySegment to, int size) {
        int count = Math.clamp(from.length - (long) at, 0, size);
        MemorySegment.copy(from, at, to, ValueLayout.JAVA_BYTE, 0, count);
        return count;
    }

    @Override
    public long write(long address, MemorySegment from) {
        if (reader == Thread.currentThread()) {
            ahead = new byte[0];
        }
        byte[] bytes = from.toArray(ValueLayout.JAVA_BYTE);
        Out out = new Out().i32(id).i64(address).bytes(bytes);
        return session.ask(Op.WRITE, out, 0L, in -> (long) Math.clamp(in.i32(), 0, bytes.length));
    }

    @Override
    public Optional<Ground> ground(long address) {
        Out out = new Out().i32(id).i64(address);
        return session.ask(
                Op.GROUND,
                out,
                Optional.empty(),
                in -> in.flag() ? Optional.of(new Ground(in.i64(), in.i64(), in.flag())) : Optional.empty());
    }

    @Override
    public boolean readImpliesExec() {
        return session.ask(Op.READ_IMPLIES_EXEC, new Out().i32(id), false, In::flag);
    }

    // Its threads.

    @Override
    public void evict(long start, long end) {
        long since = System.nanoTime();
        long charged = 0;
        for (ServedThread thread : threads) {
            charged += thread.evict(start, end);
        }
        session.waited(System.nanoTime() - since - charged);
    }
}

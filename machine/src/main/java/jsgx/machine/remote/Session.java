package jsgx.machine.remote;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import jsgx.arch.Cpuid;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.DeviceFile;
import jsgx.driver.DeviceMapping;
import jsgx.driver.SgxDevice;
import jsgx.machine.embedded.EmbeddedSgx;
import jsgx.machine.enclave.CpuidService;
import jsgx.machine.enclave.EnclaveExecution;
import jsgx.machine.enclave.Vdso;
import jsgx.machine.event.IoctlCall;
import jsgx.machine.linux.Errors;
import jsgx.machine.remote.Allowance.Resource;
import jsgx.machine.sgx.CpuidSites;
import jsgx.machine.space.Caller;
import jsgx.machine.space.ProgramSpace;

/** What a daemon has of one front end's run: its files, address spaces and threads, by the numbers that the front end gave them. */
final class Session implements Lane.Server {

    private static final int LARGEST_COPY = 64 << 10;
    private static final long TASK_SIZE = 0x7fff_ffff_f000L;

    /** Drivers ask after each page: a signal may wait a little longer than the answer takes. */
    private static final long BETWEEN_LOOKS_NANOS = 2_000_000;

    /** An open device; as in the kernel it is closed after calls that use it. */
    private record File(DeviceFile file, ReadWriteLock calls) {

        long calling(LongSupplier call) {
            calls.readLock().lock();
            try {
                return call.getAsLong();
            } finally {
                calls.readLock().unlock();
            }
        }

        void close() {
            calls.writeLock().lock();
            try {
                file.close();
            } finally {
                calls.writeLock().unlock();
            }
        }
    }

    private final RemoteSession given;
    private final RunRequest request;
    private final SessionLanes lanes;
    private final SessionEvents events;
    private final List<SgxDevice> devices;
    private final CpuidService cpuid;
    private final Map<Integer, File> files = new ConcurrentHashMap<>();
    private final Map<Integer, ServedSpace> spaces = new ConcurrentHashMap<>();
    private final Map<Integer, ServedThread> threads = new ConcurrentHashMap<>();

    Session(RunRequest request, RemoteSession given, SessionLanes lanes) {
        this.given = given;
        this.request = request;
        this.lanes = lanes;
        events = new SessionEvents(
                request.events(), given.reports(), given.driver()::enclaves, given.allowance(), lanes);
        devices = EmbeddedSgx.devices(given.driver(), given.interfaces()).stream()
                .filter(device -> EmbeddedSgx.devices(given.driver(), request.interfaces()).stream()
                        .anyMatch(wanted -> wanted.path().equals(device.path())))
                .toList();
        // The front end answers its program's CPUID itself.
        cpuid = new CpuidService(given.driver().cpuid()::read, (leaf, subleaf) -> new Cpuid.Registers(0, 0, 0, 0));
    }

    List<SgxDevice> devices() {
        return devices;
    }

    SessionEvents events() {
        return events;
    }

    Epcm epcm() {
        return given.driver().processorPackage().epcm();
    }

    /** Whether the front end's memory file has an EPC page from now on. */
    boolean show(int page) {
        return given.show().test(page);
    }

    boolean isStrict() {
        return request.strict();
    }

    boolean isLost() {
        return lanes.isLost();
    }

    void lost(String why) {
        lanes.lost(why);
    }

    /** How long others wait for a thread that does not leave its enclave. */
    long patienceNanos() {
        return allowance().patienceNanos(SessionLanes.OWN_SLOW_NANOS);
    }

    /** Somebody has waited for threads to leave an enclave. */
    void waited(long nanos) {
        lanes.waited(nanos, SessionLanes.OWN_SLOW_NANOS);
    }

    /** What the user's sessions have together. */
    Allowance allowance() {
        return given.allowance();
    }

    /** The number of a device's path; 255 where the session does not see that. */
    int node(String path) {
        for (int i = 0; i < devices.size(); i++) {
            if (devices.get(i).path().equals(path)) {
                return i;
            }
        }
        return 0xff;
    }

    /** Asks the front end; the fallback where it does not answer any more. */
    <T> T ask(Op op, Out operands, T fallback, Function<In, T> decode) {
        return lanes.ask(false, op, operands, fallback, decode);
    }

    /**
     * Has the front end stop a thread, and say that it is interrupted if it is inside an enclave, where there still is a front end.
     *
     * @return for how long others waited for the answer, where that is charged already, in nanoseconds
     */
    long evict(int thread) {
        long slow = lanes.slowNanos();
        long start = System.nanoTime();
        lanes.ask(true, Op.EVICT, new Out().i32(thread), false, in -> true);
        long nanos = System.nanoTime() - start;
        return nanos >= slow ? nanos : 0;
    }

    byte[] extendedState(int thread) {
        return ask(Op.EXTENDED_STATE, new Out().i32(thread), new byte[0], In::bytes);
    }

    @Override
    public void event(In in) {
        throw new BadMessage("front ends tell no events");
    }

    @Override
    public void serve(Lane lane, Op op, In in, Out out) {
        if (isLost()) {
            throw new LaneEnded("the session is over");
        }
        if (lane.isNested() && op != Op.INTERRUPTED) {
            // Who waits for an answer holds locks.
            throw new BadMessage(op + " in place of an answer");
        }
        if (lane.isNested() || isAwaited(op, in)) {
            // Somebody waits for that who has had his turn.
            serve(op, in, out);
        } else {
            given.turn().accept(() -> serve(op, in, out));
        }
        events.flush(lane);
    }

    /** Whether a thread stopped inside an enclave: whoever has the turn may be waiting for it to leave, and it leaves when its stop is served. */
    private boolean isAwaited(Op op, In in) {
        return switch (op) {
            case INTERRUPTED, SYSTEM_CALL_INSIDE -> true;
            case FAULT -> thread(in.nextI32()).isInside();
            default -> false;
        };
    }

    private void serve(Op op, In in, Out out) {
        switch (op) {
            case OPEN -> open(in, out);
            case CLOSE -> close(in);
            case SPACE -> space(in);
            case FORKED -> forked(in, out);
            case GONE -> gone(in);
            case MMAP -> mmap(in, out);
            case REPLACE -> replace(in, out);
            case MUNMAP -> munmap(in, out);
            case MPROTECT -> mprotect(in, out);
            case MOVE -> move(in, out);
            case IOCTL -> ioctl(in, out);
            case ACCESS -> access(in, out);
            case THREAD -> thread(in);
            case FAULT -> thread(in.i32()).fault(in, out);
            case SYSTEM_CALL_INSIDE -> thread(in.i32()).systemCallInside(in, out);
            case INTERRUPTED -> thread(in.i32()).interrupted(in, out);
            case ENDED -> ended(in);
            default -> throw new BadMessage(op + " is no call of a front end");
        }
    }

    private ServedSpace space(int id) {
        ServedSpace space = spaces.get(id);
        if (space == null) {
            throw new BadMessage("there is no address space " + id);
        }
        return space;
    }

    private File file(int id) {
        File file = files.get(id);
        if (file == null) {
            throw new BadMessage("there is no file " + id);
        }
        return file;
    }

    private ServedThread thread(int id) {
        ServedThread thread = threads.get(id);
        if (thread == null) {
            throw new BadMessage("there is no thread " + id);
        }
        return thread;
    }

    /** Enters what has a number of its own and is one more of the user's. */
    private <T> void enter(Map<Integer, T> all, Resource what, int id, T made) {
        if (!allowance().take(what, 1)) {
            throw new TooMuch(allowance().refusal(what));
        }
        if (all.putIfAbsent(id, made) != null) {
            allowance().give(what, 1);
            throw taken(id);
        }
    }

    private static BadMessage taken(int id) {
        return new BadMessage("number " + id + " is taken");
    }

    private void leave(Map<Integer, ?> all, Resource what, int id) {
        if (all.remove(id) != null) {
            allowance().give(what, 1);
        }
    }

    private static long page(long address) {
        if ((address & (Epc.PAGE_SIZE - 1)) != 0 || Long.compareUnsigned(address, TASK_SIZE) > 0) {
            throw new BadMessage("an address 0x%x".formatted(address));
        }
        return address;
    }

    private void open(In in, Out out) {
        int id = in.i32();
        int node = in.u8();
        in.end();
        if (files.containsKey(id)) {
            throw taken(id);
        }
        if (node >= devices.size()) {
            throw new BadMessage("there is no device " + node);
        }
        try {
            File file = new File(devices.get(node).open(given.workload()), new ReentrantReadWriteLock());
            boolean entered = false;
            try {
                enter(files, Resource.FILES, id, file);
                entered = true;
            } finally {
                if (!entered) {
                    file.close();
                }
            }
            out.flag(true);
        } catch (DeviceAbsentException e) {
            out.flag(false);
        }
    }

    private void close(In in) {
        int id = in.i32();
        in.end();
        File file = files.remove(id);
        if (file == null) {
            throw new BadMessage("there is no file " + id);
        }
        allowance().give(Resource.FILES, 1);
        file.close();
    }

    private void space(In in) {
        int id = in.i32();
        int pid = in.i32();
        int epcDescriptor = in.i32();
        in.end();
        if (epcDescriptor < 0) {
            // That is what mmap is given where it maps no file.
            throw new BadMessage("a descriptor " + epcDescriptor);
        }
        enter(spaces, Resource.PROCESSES, id, new ServedSpace(this, id, pid, epcDescriptor));
    }

    private void forked(In in, Out out) {
        ServedSpace child = space(in.i32());
        ServedSpace parent = space(in.i32());
        in.end();
        child.space().forked(parent.space());
        child.tellMappings(out);
    }

    private void gone(In in) {
        int id = in.i32();
        in.end();
        space(id).end();
        leave(spaces, Resource.PROCESSES, id);
    }

    private void mmap(In in, Out out) {
        ServedSpace space = space(in.i32());
        File file = file(in.i32());
        long address = in.i64();
        long length = in.i64();
        int protection = in.i32();
        int flags = in.i32();
        long offset = page(in.i64());
        in.end();
        if (length <= 0 || length > TASK_SIZE || (protection & ~7) != 0) {
            throw new BadMessage("a mapping of 0x%x bytes with protection %d".formatted(length, protection));
        }
        out.i64(file.calling(() -> space.space().mmap(file.file(), address, length, protection, flags, offset)));
        space.tellMappings(out);
    }

    private void replace(In in, Out out) {
        ServedSpace space = space(in.i32());
        long start = page(in.i64());
        long end = page(in.i64());
        in.end();
        long result = space.space().replace(start, end, () -> ask(Op.RUN, new Out(), (long) -Errors.ESRCH, In::i64));
        out.i64(result);
        space.tellMappings(out);
    }

    private void munmap(In in, Out out) {
        ServedSpace space = space(in.i32());
        long start = page(in.i64());
        long end = page(in.i64());
        in.end();
        out.i64(space.space().munmap(start, end));
        space.tellMappings(out);
    }

    private void mprotect(In in, Out out) {
        ServedSpace space = space(in.i32());
        long start = page(in.i64());
        long end = page(in.i64());
        int protection = in.i32();
        in.end();
        long result = space.space()
                .mprotect(
                        start,
                        end,
                        protection,
                        (from, to) -> ask(Op.PIECE, new Out().i64(from).i64(to), (long) -Errors.ESRCH, In::i64));
        out.i64(result);
        space.tellMappings(out);
    }

    private void move(In in, Out out) {
        ServedSpace space = space(in.i32());
        long start = page(in.i64());
        long end = page(in.i64());
        long to = page(in.i64());
        in.end();
        Optional<DeviceMapping> mapping = space.space().mappings().at(start);
        boolean whole =
                start < end && mapping.isPresent() && end <= mapping.get().end();
        out.i64(whole ? space.space().move(mapping.get(), start, end, to) : -Errors.EFAULT);
        space.tellMappings(out);
    }

    private void ioctl(In in, Out out) {
        ServedSpace space = space(in.i32());
        int tid = in.i32();
        File file = file(in.i32());
        int cmd = in.i32();
        long argument = in.i64();
        in.end();
        space.begin();
        try {
            out.i64(ProgramSpace.calling(
                    caller(),
                    () -> file.calling(
                            () -> IoctlCall.run(events, space.pid(), tid, file.file(), space.space(), cmd, argument))));
        } finally {
            space.finish();
        }
        if (!IoctlCall.isBuilding(cmd)) {
            spaces.values().forEach(one -> one.space().restrict());
        }
        space.tellMappings(out);
    }

    private Caller caller() {
        return new Caller() {
            private long lastLook = System.nanoTime() - BETWEEN_LOOKS_NANOS;

            @Override
            public Optional<DeviceFile> file(int descriptor) {
                int id = ask(Op.FILE, new Out().i32(descriptor), 0, In::i32);
                return Optional.ofNullable(files.get(id)).map(File::file);
            }

            @Override
            public boolean signalPending() {
                long now = System.nanoTime();
                if (isLost()) {
                    return true;
                }
                if (now - lastLook < BETWEEN_LOOKS_NANOS) {
                    return false;
                }
                lastLook = now;
                return ask(Op.SIGNAL_PENDING, new Out(), true, In::flag);
            }
        };
    }

    private void access(In in, Out out) {
        ServedSpace space = space(in.i32());
        long address = in.i64();
        boolean write = in.flag();
        int size = write ? 0 : in.i32();
        byte[] bytes = write ? in.bytes() : new byte[Math.clamp(size, 0, LARGEST_COPY)];
        in.end();
        MemorySegment buffer = MemorySegment.ofArray(bytes);
        long moved = space.space()
                .mappings()
                .at(address)
                .map(mapping -> ProgramSpace.calling(caller(), () -> mapping.access(address, buffer, write)))
                .orElse((long) -Errors.EIO);
        out.i64(moved);
        if (!write) {
            out.bytes(buffer.asSlice(0, Math.max(0, moved)).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    private void thread(In in) {
        int id = in.i32();
        ServedSpace space = space(in.i32());
        int tid = in.i32();
        in.end();
        ServedThread thread = new ServedThread(this, id, space, tid);
        thread.execution(new EnclaveExecution(
                thread,
                space.space(),
                given.driver().processor(space.space()),
                new Vdso(request.enclu(), request.fixup()),
                cpuid,
                new CpuidSites(),
                events));
        enter(threads, Resource.THREADS, id, thread);
        space.enter(thread);
    }

    private void ended(In in) {
        int id = in.i32();
        in.end();
        thread(id).end();
        leave(threads, Resource.THREADS, id);
    }

    /** Everything that the front end had is released. Nobody serves it any more. */
    void release() {
        List<Throwable> met = new ArrayList<>();
        try {
            each(threads.values(), ServedThread::end, met);
            each(spaces.values(), ServedSpace::end, met);
            each(files.values(), File::close, met);
        } finally {
            clear(threads, Resource.THREADS);
            clear(spaces, Resource.PROCESSES);
            clear(files, Resource.FILES);
            events.close();
        }
        if (!met.isEmpty()) {
            switch (met.getFirst()) {
                case Error error -> throw error;
                case RuntimeException exception -> throw exception;
                case Throwable other -> throw new IllegalStateException(other);
            }
        }
    }

    private void clear(Map<Integer, ?> all, Resource what) {
        allowance().give(what, all.size());
        all.clear();
    }

    /** What cannot be released keeps nothing else from it: a file that stays open would keep its enclave's EPC pages for ever. */
    static <T> void each(Collection<T> all, Consumer<T> release, List<Throwable> met) {
        for (T one : all) {
            try {
                release.accept(one);
            } catch (RuntimeException | Error e) {
                met.add(e);
            }
        }
    }
}

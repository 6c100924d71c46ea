package jsgx.machine.remote;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import jsgx.arch.epc.Epcm;
import jsgx.driver.DeviceFile;
import jsgx.driver.SgxDevice;
import jsgx.machine.embedded.EmbeddedSgx;
import jsgx.machine.remote.Allowance.Resource;

/** What a daemon has of one front end's run: its files, address spaces and threads, by the numbers that the front end gave them. */
final class Session implements Lane.Server {

    private final RemoteSession given;
    private final RunRequest request;
    private final SessionLanes lanes;
    private final SessionEvents events;
    private final List<SgxDevice> devices;
    private final FrontEndCalls calls;
    private final Map<Integer, ServedFile> files = new ConcurrentHashMap<>();
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
        calls = new FrontEndCalls(this, given, request);
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
            calls.serve(op, in, out);
        } else {
            given.turn().accept(() -> calls.serve(op, in, out));
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

    ServedSpace space(int id) {
        ServedSpace space = spaces.get(id);
        if (space == null) {
            throw new BadMessage("there is no address space " + id);
        }
        return space;
    }

    ServedFile file(int id) {
        ServedFile file = files.get(id);
        if (file == null) {
            throw new BadMessage("there is no file " + id);
        }
        return file;
    }

    ServedThread thread(int id) {
        ServedThread thread = threads.get(id);
        if (thread == null) {
            throw new BadMessage("there is no thread " + id);
        }
        return thread;
    }

    /** Enters what has a number of its own and is one more of the user's. */
    void enter(int id, ServedFile file) {
        enter(files, Resource.FILES, id, file);
    }

    void enter(int id, ServedSpace space) {
        enter(spaces, Resource.PROCESSES, id, space);
    }

    void enter(int id, ServedThread thread) {
        enter(threads, Resource.THREADS, id, thread);
    }

    private <T> void enter(Map<Integer, T> all, Resource what, int id, T made) {
        if (!allowance().take(what, 1)) {
            throw new TooMuch(allowance().refusal(what));
        }
        if (all.putIfAbsent(id, made) != null) {
            allowance().give(what, 1);
            throw taken(id);
        }
    }

    /** Takes an open device out of the session; to close it is the caller's. */
    ServedFile leaveFile(int id) {
        ServedFile file = files.remove(id);
        if (file == null) {
            throw new BadMessage("there is no file " + id);
        }
        allowance().give(Resource.FILES, 1);
        return file;
    }

    void leaveSpace(int id) {
        leave(spaces, Resource.PROCESSES, id);
    }

    void leaveThread(int id) {
        leave(threads, Resource.THREADS, id);
    }

    private void leave(Map<Integer, ?> all, Resource what, int id) {
        if (all.remove(id) != null) {
            allowance().give(what, 1);
        }
    }

    /** That no file has a number yet. */
    void checkFree(int file) {
        if (files.containsKey(file)) {
            throw taken(file);
        }
    }

    private static BadMessage taken(int id) {
        return new BadMessage("number " + id + " is taken");
    }

    /** The open device of a number; empty where there is none. */
    Optional<DeviceFile> device(int id) {
        return Optional.ofNullable(files.get(id)).map(ServedFile::file);
    }

    /** Takes back what the EPCM no longer allows, in all address spaces. */
    void restrict() {
        spaces.values().forEach(one -> one.space().restrict());
    }

    /** Everything that the front end had is released. Nobody serves it any more. */
    void release() {
        List<Throwable> met = new ArrayList<>();
        try {
            each(threads.values(), ServedThread::end, met);
            each(spaces.values(), ServedSpace::end, met);
            each(files.values(), ServedFile::close, met);
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

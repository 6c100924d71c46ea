package jsgx.machine.program;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import jsgx.machine.linux.Linux;
import jsgx.machine.sgx.SgxCaller;
import jsgx.machine.sgx.SgxFile;
import jsgx.machine.task.Task;

/** The files of one thread: what its descriptors and paths lead to. */
final class ThreadFiles implements SgxCaller {

    private static final long BETWEEN_LOOKS_NANOS = 2_000_000;

    private final ProgramThread thread;
    private final Task task;
    private final Program program;
    private final Paths paths;
    private long lastLook;

    ThreadFiles(ProgramThread thread) {
        this.thread = thread;
        task = thread.task();
        lastLook = System.nanoTime() - BETWEEN_LOOKS_NANOS;
        program = thread.program();
        paths = new Paths(
                task.pid(),
                task.tid(),
                path -> program.node(path).isPresent(),
                path -> program.guard().isInsideSupervisor(path));
    }

    Paths paths() {
        return paths;
    }

    /** A path in the thread's memory, each byte a character; empty where the kernel cannot read it either. */
    Optional<String> path(long address) {
        return thread.memory()
                .contents()
                .readPath(address)
                .map(bytes -> new String(bytes, StandardCharsets.ISO_8859_1));
    }

    /** What the link of a descriptor in /proc says; empty where there is no such descriptor. */
    String descriptor(long descriptor) {
        return Linux.readLink("/proc/" + task.tid() + "/fd/" + (int) descriptor).orElse("");
    }

    Optional<OpenDevices.Open> open(long descriptor) {
        return program.devices().open(descriptor(descriptor));
    }

    Optional<DeviceNode> node(long descriptor) {
        return program.devices().node(descriptor(descriptor));
    }

    /**
     * A device that a path names.
     *
     * @param beyond whether the path goes on behind it, which is ENOTDIR
     */
    record Named(DeviceNode node, boolean beyond) {}

    /** The device that a path leads to. Paths that cannot are told apart without a walk. */
    Optional<Named> named(int folder, String path, boolean follow) {
        boolean candidate =
                path.contains(DeviceNode.COMMON) || path.contains("fd/") || (follow && paths.endsInLink(folder, path));
        return candidate ? paths.walk(folder, path, follow).flatMap(this::named) : Optional.empty();
    }

    /** Whether a path leads to something that the program must not get at. */
    boolean isForbidden(int folder, String path, boolean follow) {
        return paths.walk(folder, path, follow)
                .map(place -> program.guard().isForbidden(paths.outside(place)))
                .orElse(false);
    }

    private Optional<Named> named(Paths.Place place) {
        return program.node(place.path())
                .or(() -> program.devices().node(place.path()))
                .map(node -> new Named(node, place.beyond()));
    }

    @Override
    public Optional<SgxFile> file(int descriptor) {
        return open(descriptor).map(OpenDevices.Open::file);
    }

    /** Drivers ask after each page: a signal may wait a little longer than a look at /proc takes. */
    @Override
    public boolean signalPending() {
        long now = System.nanoTime();
        if (now - lastLook < BETWEEN_LOOKS_NANOS) {
            return false;
        }
        lastLook = now;
        return ThreadStatus.of(task.tid()).signalPending();
    }
}

package jsgx.machine.program;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import jsgx.machine.event.EventSink;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.SharedMemory;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.sgx.SgxFile;

/**
 * The devices that the run has open, whichever processes and however many descriptors have them.
 *
 * <p>An open device is one end of a pipe in the program, and the other end here: the kernel keeps account of duplicates, forks, descriptors sent over sockets and
 * deaths, and the pipe hangs up when the last descriptor is gone. The pipe's inode tells which device a descriptor is. A device opened with O_PATH is no open file:
 * its descriptor is one of a memory file whose name says which.
 */
final class OpenDevices implements AutoCloseable {

    private static final int POLLERR = 8;
    private static final int FOREVER = -1;

    /**
     * An open device.
     *
     * @param access O_RDONLY, O_WRONLY or O_RDWR
     * @param end the end of the pipe that is kept here
     * @param pid who opened it
     * @param calls held for reading by calls that use the file: as in the kernel it is closed after them
     */
    record Open(DeviceNode node, SgxFile file, int access, int end, int pid, ReadWriteLock calls) {

        /** Makes a call that uses the file. */
        long calling(LongSupplier call) {
            calls.readLock().lock();
            try {
                return call.getAsLong();
            } finally {
                calls.readLock().unlock();
            }
        }

        private void close() {
            calls.writeLock().lock();
            try {
                file.close();
            } finally {
                calls.writeLock().unlock();
            }
        }
    }

    private final EventSink events;
    private final Map<String, Open> byName = new ConcurrentHashMap<>();
    private final Map<String, DeviceNode> nodes = new ConcurrentHashMap<>();
    private final List<SharedMemory> nodeFiles = new ArrayList<>();
    private final Map<DeviceNode, String> nodePaths = new ConcurrentHashMap<>();
    private final MemorySegment buffer = Arena.ofAuto().allocate(64);
    private final Linux.Pipe wake;
    private final Thread watcher;
    private volatile boolean closed;

    OpenDevices(List<DeviceNode> all, EventSink events) throws LinuxException {
        this.events = events;
        for (DeviceNode node : all) {
            SharedMemory file = new SharedMemory("jsgx:" + node.path(), 1);
            nodeFiles.add(file);
            String path = path(file.descriptor());
            nodePaths.put(node, path);
            nodes.put(Linux.readLink(path).orElse(""), node);
        }
        wake = Linux.pipe();
        watcher = Thread.ofPlatform().daemon().name("jsgx-devices").start(this::watch);
    }

    private static String path(int descriptor) {
        return "/proc/" + Linux.pid() + "/fd/" + descriptor;
    }

    /** The open device of a descriptor, by what its link in /proc says; empty where it is none. */
    Optional<Open> open(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** The device that a descriptor names, be it open or with O_PATH. */
    Optional<DeviceNode> node(String name) {
        return open(name).map(Open::node).or(() -> Optional.ofNullable(nodes.get(name)));
    }

    /** What a thread that opens a device with O_PATH opens instead. */
    String pathFile(DeviceNode node) {
        return nodePaths.getOrDefault(node, "");
    }

    /**
     * Gives a thread of the program a descriptor of an open device.
     *
     * @param opener has the thread open a path, with the access that the device was opened with; returns the descriptor or a negated errno
     */
    long add(DeviceNode node, SgxFile file, int access, int pid, ToLongFunction<String> opener) {
        Linux.Pipe pipe;
        try {
            pipe = Linux.pipe();
        } catch (LinuxException e) {
            file.close();
            return -e.errno();
        }
        // Of those who only read, only the end that writes hears.
        boolean reads = access == Linux.O_RDONLY;
        int given = reads ? pipe.read() : pipe.write();
        int kept = reads ? pipe.write() : pipe.read();
        String path = path(given);
        String name = Linux.readLink(path).orElse("");
        Open open = new Open(node, file, access, kept, pid, new ReentrantReadWriteLock());
        byName.put(name, open);
        long descriptor = opener.applyAsLong(path);
        Linux.close(given);
        if (Linux.failed(descriptor)) {
            release(name, open);
        } else {
            wake();
        }
        return descriptor;
    }

    /** Closes the devices whose last descriptor is gone by now. One that the watcher is closing is closed on return too. */
    synchronized void reap() {
        look(0);
    }

    private void watch() {
        while (!closed) {
            look(FOREVER);
        }
    }

    private void look(int timeout) {
        List<Map.Entry<String, Open>> all = List.copyOf(byName.entrySet());
        int[] descriptors = new int[all.size() + 1];
        short[] events = new short[all.size() + 1];
        for (int i = 0; i < all.size(); i++) {
            descriptors[i] = all.get(i).getValue().end();
        }
        descriptors[all.size()] = wake.read();
        events[all.size()] = timeout == 0 ? 0 : (short) Linux.POLLIN;
        if (Linux.poll(descriptors, events, timeout) <= 0) {
            return;
        }
        for (int i = 0; i < all.size(); i++) {
            if ((events[i] & (Linux.POLLHUP | POLLERR)) != 0) {
                release(all.get(i).getKey(), all.get(i).getValue());
            }
        }
        if ((events[all.size()] & Linux.POLLIN) != 0) {
            Linux.call(SystemCall.READ, wake.read(), buffer.address(), buffer.byteSize());
        }
    }

    private synchronized void release(String name, Open open) {
        if (byName.remove(name, open)) {
            Linux.close(open.end());
            open.close();
            if (events.wants(SgxEvent.Kind.OPEN)) {
                events.event(new SgxEvent.Released(
                        open.pid(), open.pid(), open.node().path()));
            }
        }
    }

    private void wake() {
        Linux.call(SystemCall.WRITE, wake.write(), buffer.address(), 1);
    }

    /** Closes all devices: the program is gone. */
    @Override
    public void close() {
        closed = true;
        wake();
        boolean interrupted = false;
        while (watcher.isAlive()) {
            try {
                watcher.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        List.copyOf(byName.entrySet()).forEach(open -> release(open.getKey(), open.getValue()));
        nodeFiles.forEach(SharedMemory::close);
        Linux.close(wake.read());
        Linux.close(wake.write());
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

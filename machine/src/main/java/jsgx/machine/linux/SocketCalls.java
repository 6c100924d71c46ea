package jsgx.machine.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** System calls on Unix stream sockets, none of which waits; results are the kernel's. */
final class SocketCalls {

    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_CLOEXEC = 0x8_0000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERCRED = 17;
    private static final int SO_SNDTIMEO = 21;
    private static final int SO_PEERPIDFD = 77;
    private static final int SO_PASSRIGHTS = 83;
    private static final int SCM_RIGHTS = 1;
    private static final int SHUT_RDWR = 2;

    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_CTRUNC = 8;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;

    /** struct msghdr: where the vector, the control data and the flags are. */
    private static final int MSGHDR_BYTES = 56;

    private static final int MSG_IOV = 16;
    private static final int MSG_IOVLEN = 24;
    private static final int MSG_CONTROL = 32;
    private static final int MSG_CONTROLLEN = 40;
    private static final int MSG_FLAGS = 48;

    /** struct cmsghdr. */
    private static final int CMSGHDR_BYTES = 16;

    private static final int CMSG_LEVEL = 8;
    private static final int CMSG_TYPE = 12;

    /** sockaddr_un: a family of two bytes, and a path that ends in a 0. */
    private static final int SUN_PATH = 2;

    private static final int SUN_PATH_BYTES = 108;

    private static final MethodHandle RECV = transfer("recv");
    private static final MethodHandle SEND = transfer("send");
    private static final ThreadLocal<MemorySegment> ERRNO =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));

    private SocketCalls() {}

    /** A call that takes an array of the heap as it is, since it returns at once. */
    private static MethodHandle transfer(String name) {
        return Linux.function(
                name,
                FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT),
                Linker.Option.critical(true),
                Linker.Option.captureCallState("errno"));
    }

    /** A new socket, whose connect and accept wait or do not. */
    static int socket(boolean nonBlocking) throws LinuxException {
        int type = SOCK_STREAM | SOCK_CLOEXEC | (nonBlocking ? Linux.O_NONBLOCK : 0);
        return (int) Linux.check("socket", Linux.call(SystemCall.SOCKET, AF_UNIX, type, 0));
    }

    static int[] pair() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(JAVA_INT, 2);
            Linux.check(
                    "socketpair",
                    Linux.call(SystemCall.SOCKETPAIR, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.address()));
            return ends.toArray(JAVA_INT);
        }
    }

    static long bind(int descriptor, Path path) {
        return named(SystemCall.BIND, descriptor, path);
    }

    static long connect(int descriptor, Path path) {
        return named(SystemCall.CONNECT, descriptor, path);
    }

    /** Refuses a path that no socket can have. */
    static void checkLength(Path path) throws LinuxException {
        int length = name(path).length;
        if (length >= SUN_PATH_BYTES) {
            throw new LinuxException(
                    "%s: the path of a socket has at most %d bytes, this one has %d: choose a shorter one"
                            .formatted(path, SUN_PATH_BYTES - 1, length),
                    Errors.ENAMETOOLONG);
        }
    }

    private static byte[] name(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static long named(int call, int descriptor, Path path) {
        byte[] name = name(path);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(SUN_PATH + name.length + 1, Short.BYTES);
            address.set(JAVA_SHORT, 0, (short) AF_UNIX);
            MemorySegment.copy(name, 0, address, JAVA_BYTE, SUN_PATH, name.length);
            return Linux.call(call, descriptor, address.address(), address.byteSize());
        }
    }

    /** How long connect(2) waits at most where the queue of the listener is full. */
    static void connectTimeout(int descriptor, int seconds) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment timeval = arena.allocate(JAVA_LONG, 2);
            timeval.set(JAVA_LONG, 0, seconds);
            Linux.check(
                    "setsockopt",
                    Linux.call(
                            SystemCall.SETSOCKOPT,
                            descriptor,
                            SOL_SOCKET,
                            SO_SNDTIMEO,
                            timeval.address(),
                            timeval.byteSize()));
        }
    }

    /** Lets nobody pass descriptors, also to what is accepted from it; -ENOPROTOOPT where the kernel is older than 6.16. */
    static long refuseDescriptors(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment no = arena.allocateFrom(JAVA_INT, 0);
            return Linux.call(
                    SystemCall.SETSOCKOPT, descriptor, SOL_SOCKET, SO_PASSRIGHTS, no.address(), no.byteSize());
        }
    }

    static long listen(int descriptor, int backlog) {
        return Linux.call(SystemCall.LISTEN, descriptor, backlog);
    }

    static long accept(int descriptor) {
        return Linux.call(SystemCall.ACCEPT4, descriptor, 0, 0, SOCK_CLOEXEC);
    }

    static void shutdown(int descriptor) {
        Linux.call(SystemCall.SHUTDOWN, descriptor, SHUT_RDWR);
    }

    /** Puts pid, uid and gid of who connected into an array. */
    static long credentials(int descriptor, int[] credentials) {
        return option(descriptor, SO_PEERCRED, credentials);
    }

    /** A pidfd of the process that connected, or a negated errno. */
    static long peerProcess(int descriptor) {
        int[] pidfd = new int[1];
        long result = option(descriptor, SO_PEERPIDFD, pidfd);
        return Linux.failed(result) ? result : pidfd[0];
    }

    private static long option(int descriptor, int name, int[] value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment place = arena.allocate(JAVA_INT, value.length);
            MemorySegment length = arena.allocateFrom(JAVA_INT, (int) place.byteSize());
            long result =
                    Linux.call(SystemCall.GETSOCKOPT, descriptor, SOL_SOCKET, name, place.address(), length.address());
            MemorySegment.copy(place, JAVA_INT, 0, value, 0, value.length);
            return result;
        }
    }

    static long receive(int descriptor, byte[] to, int offset, int length) {
        return transferred(RECV, descriptor, MemorySegment.ofArray(to).asSlice(offset, length), MSG_DONTWAIT);
    }

    static long send(int descriptor, byte[] from, int offset, int length) {
        return transferred(
                SEND, descriptor, MemorySegment.ofArray(from).asSlice(offset, length), MSG_DONTWAIT | MSG_NOSIGNAL);
    }

    private static long transferred(MethodHandle call, int descriptor, MemorySegment bytes, int flags) {
        MemorySegment errno = ERRNO.get();
        long result;
        try {
            result = (long) call.invokeExact(errno, descriptor, bytes, bytes.byteSize(), flags);
        } catch (Throwable t) {
            throw new LinkageError("socket call", t);
        }
        return result == -1 ? -errno.get(JAVA_INT, 0) : result;
    }

    /** sendmsg(2) with descriptors; how many bytes went, the descriptors with the first of them. */
    static long send(int descriptor, byte[] from, int offset, int length, int[] descriptors) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(length);
            MemorySegment.copy(from, offset, bytes, JAVA_BYTE, 0, length);
            MemorySegment control = arena.allocate(CMSGHDR_BYTES + (long) Integer.BYTES * descriptors.length, 8);
            control.set(JAVA_LONG, 0, control.byteSize());
            control.set(JAVA_INT, CMSG_LEVEL, SOL_SOCKET);
            control.set(JAVA_INT, CMSG_TYPE, SCM_RIGHTS);
            MemorySegment.copy(descriptors, 0, control, JAVA_INT, CMSGHDR_BYTES, descriptors.length);
            MemorySegment message = message(arena, bytes, control);
            return Linux.call(SystemCall.SENDMSG, descriptor, message.address(), MSG_DONTWAIT | MSG_NOSIGNAL);
        }
    }

    private static MemorySegment message(Arena arena, MemorySegment bytes, MemorySegment control) {
        MemorySegment vector = arena.allocate(JAVA_LONG, 2);
        vector.setAtIndex(JAVA_LONG, 0, bytes.address());
        vector.setAtIndex(JAVA_LONG, 1, bytes.byteSize());
        MemorySegment message = arena.allocate(MSGHDR_BYTES, Long.BYTES);
        message.set(JAVA_LONG, MSG_IOV, vector.address());
        message.set(JAVA_LONG, MSG_IOVLEN, 1);
        message.set(JAVA_LONG, MSG_CONTROL, control.address());
        message.set(JAVA_LONG, MSG_CONTROLLEN, control.byteSize());
        return message;
    }

    /**
     * recvmsg(2).
     *
     * @param limit how many descriptors may come; what is above it the kernel closes, and then all that came are closed and the
     *     answer is -EMFILE
     * @return how many bytes came, or a negated errno; the descriptors are added to the list
     */
    static long receive(int descriptor, byte[] to, int offset, int length, int limit, List<Integer> descriptors) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(length);
            MemorySegment control = arena.allocate(CMSGHDR_BYTES + (long) Integer.BYTES * limit, 8);
            MemorySegment message = message(arena, bytes, control);
            long result =
                    Linux.call(SystemCall.RECVMSG, descriptor, message.address(), MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
            if (Linux.failed(result)) {
                return result;
            }
            List<Integer> came = rights(control.asSlice(0, message.get(JAVA_LONG, MSG_CONTROLLEN)));
            if ((message.get(JAVA_INT, MSG_FLAGS) & MSG_CTRUNC) != 0) {
                came.forEach(Linux::close);
                return -Errors.EMFILE;
            }
            descriptors.addAll(came);
            MemorySegment.copy(bytes, JAVA_BYTE, 0, to, offset, (int) result);
            return result;
        }
    }

    private static List<Integer> rights(MemorySegment control) {
        List<Integer> descriptors = new ArrayList<>();
        for (long at = 0; at + CMSGHDR_BYTES <= control.byteSize(); ) {
            long length = control.get(JAVA_LONG, at);
            if (length < CMSGHDR_BYTES) {
                break;
            }
            if (control.get(JAVA_INT, at + CMSG_LEVEL) == SOL_SOCKET
                    && control.get(JAVA_INT, at + CMSG_TYPE) == SCM_RIGHTS) {
                for (long i = at + CMSGHDR_BYTES; i + Integer.BYTES <= at + length; i += Integer.BYTES) {
                    descriptors.add(control.get(JAVA_INT, i));
                }
            }
            at += (length + Long.BYTES - 1) & -Long.BYTES;
        }
        return descriptors;
    }
}

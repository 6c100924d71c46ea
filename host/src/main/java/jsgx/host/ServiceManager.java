package jsgx.host;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;

/**
 * Whoever started this process as a service and wants to know how it is: systemd, by the datagrams of sd_notify(3) to the socket that
 * {@code NOTIFY_SOCKET} names. Without one nobody is told.
 *
 * @param socket the socket's path, {@code @} and a name in the abstract namespace, or empty
 */
public record ServiceManager(String socket) {

    private static final System.Logger LOG = System.getLogger("jsgx.host");
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int FAMILY_SIZE = 2;
    private static final int LONGEST = 108;
    private static final int SENDTO = 44;

    /** The one that this environment names. */
    public static ServiceManager of(Map<String, String> environment) {
        return new ServiceManager(environment.getOrDefault("NOTIFY_SOCKET", ""));
    }

    /** It serves. */
    public void ready(String status) {
        tell("READY=1\nMAINPID=" + ProcessHandle.current().pid() + "\nSTATUS=" + status);
    }

    /** It reads its configuration again; {@link #ready} follows. */
    public void reloading() {
        // systemd wants to know when, so that it can tell this from an earlier one.
        tell("RELOADING=1\nMONOTONIC_USEC=" + System.nanoTime() / 1000);
    }

    /** It ends. */
    public void stopping(String status) {
        tell("STOPPING=1\nSTATUS=" + status);
    }

    private void tell(String message) {
        if (socket.isEmpty()) {
            return;
        }
        byte[] name = socket.getBytes(StandardCharsets.UTF_8);
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        if (name.length > LONGEST || (name[0] != '/' && name[0] != '@')) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "NOTIFY_SOCKET is no address of a socket: nobody is told how the host is");
            return;
        }
        if (name[0] == '@') {
            name[0] = 0;
        }
        long descriptor = Linux.call(SystemCall.SOCKET, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (Linux.failed(descriptor)) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(FAMILY_SIZE + LONGEST);
            address.set(JAVA_SHORT, 0, (short) AF_UNIX);
            MemorySegment.copy(name, 0, address, JAVA_BYTE, FAMILY_SIZE, name.length);
            MemorySegment datagram = arena.allocateFrom(JAVA_BYTE, text);
            long sent = Linux.call(
                    SENDTO,
                    descriptor,
                    datagram.address(),
                    text.length,
                    MSG_NOSIGNAL,
                    address.address(),
                    FAMILY_SIZE + name.length);
            if (Linux.failed(sent)) {
                LOG.log(System.Logger.Level.WARNING, "the service manager at " + socket + " does not hear");
            }
        } finally {
            Linux.close((int) descriptor);
        }
    }
}

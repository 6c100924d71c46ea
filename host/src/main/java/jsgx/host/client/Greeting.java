package jsgx.host.client;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jsgx.host.service.HostException;
import jsgx.machine.linux.Deadline;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.UnixConnection;

/**
 * The first words on a driver's socket, both ends of them. A client says what it wants, and the daemon gives it or says why not. A frame is its length behind
 * the length (four bytes, little-endian), one byte that says what it is, and its content; descriptors come with the answer's first byte.
 */
public final class Greeting {

    /** What a client may want. */
    public enum Purpose {
        /** A program's processor: {@link jsgx.machine.remote.RunRequest}, and {@link Wishes} in a memory file where there are any. */
        RUN,
        /** One launch: a {@link LaunchCall} in a memory file. */
        LAUNCH,
        /** What the policy says to a launch, likewise. */
        JUDGE,
        /** A token for an enclave's identity: {@link TokenAnswer}. */
        TOKEN
    }

    private static final int LONGEST = 64 << 10;
    private static final int MOST_DESCRIPTORS = 16;
    private static final int ACCEPTED = 0;
    private static final int REFUSED = 1;
    private static final int HEADER = 5;

    private Greeting() {}

    /**
     * What a client wants.
     *
     * @param descriptors what goes with it, or came with it; those that came are the receiver's to close
     */
    public record Request(Purpose purpose, byte[] content, List<Integer> descriptors) {

        /** Without descriptors. */
        public Request(Purpose purpose, byte[] content) {
            this(purpose, content, List.of());
        }
    }

    /**
     * What a daemon gives.
     *
     * @param descriptors the receiver's to close
     */
    public record Answer(byte[] content, List<Integer> descriptors) {}

    /**
     * Asks who listens at a socket.
     *
     * @return the connection, which stays open as long as the client uses what it was given, and what that is
     * @throws HostException where nobody listens there, or the daemon refuses: the message is for people
     */
    public static Answer ask(UnixConnection connection, Request request, Deadline deadline)
            throws HostException, IOException {
        byte[] frame = frame(request.purpose().ordinal(), request.content());
        connection.send(frame, 0, frame.length, request.descriptors(), deadline);
        return answer(connection, deadline);
    }

    private static Answer answer(UnixConnection connection, Deadline deadline) throws HostException, IOException {
        List<Integer> descriptors = new ArrayList<>();
        byte[] header = new byte[HEADER];
        read(connection, header, descriptors, deadline);
        byte[] content = new byte[length(header)];
        read(connection, content, descriptors, deadline);
        if (header[HEADER - 1] != ACCEPTED) {
            throw new HostException(new String(content, StandardCharsets.UTF_8));
        }
        return new Answer(content, descriptors);
    }

    /** A connection to the driver's socket of a daemon. */
    public static UnixConnection connect(HostFolder folder) throws HostException {
        Path socket = folder.driverSocket();
        try {
            return UnixConnection.connect(socket);
        } catch (LinuxException e) {
            throw new HostException(
                    "no daemon answers at %s (%s): start one (jsgx serve), name another folder with JSGX_RUN, or use none with JSGX_RUN=none"
                            .formatted(socket, e.getMessage()),
                    e);
        }
    }

    /**
     * What a client that has just connected wants.
     *
     * @throws HostException where that makes no sense
     */
    public static Request read(UnixConnection connection, Deadline deadline) throws HostException, IOException {
        List<Integer> descriptors = new ArrayList<>();
        boolean done = false;
        try {
            byte[] header = new byte[HEADER];
            read(connection, header, descriptors, deadline);
            int purpose = header[HEADER - 1];
            if (purpose < 0 || purpose >= Purpose.values().length) {
                throw new HostException("a client wants %d, which this daemon does not know".formatted(purpose));
            }
            byte[] content = new byte[length(header)];
            read(connection, content, descriptors, deadline);
            done = true;
            return new Request(Purpose.values()[purpose], content, descriptors);
        } finally {
            if (!done) {
                descriptors.forEach(Linux::close);
            }
        }
    }

    /** Gives a client what it wants. */
    public static void accept(UnixConnection connection, byte[] content, List<Integer> descriptors, Deadline deadline)
            throws IOException {
        byte[] frame = frame(ACCEPTED, content);
        connection.send(frame, 0, frame.length, descriptors, deadline);
    }

    /** Says why a client does not get what it wants. */
    public static void refuse(UnixConnection connection, String why, Deadline deadline) throws IOException {
        byte[] text = why.getBytes(StandardCharsets.UTF_8);
        byte[] frame = frame(REFUSED, Arrays.copyOf(text, Math.min(text.length, LONGEST - 1)));
        connection.write(frame, 0, frame.length, deadline);
    }

    /** Why a daemon ended what it had given; empty where it does not say so in time. */
    public static String farewell(UnixConnection connection, Deadline deadline) {
        try {
            answer(connection, deadline).descriptors().forEach(Linux::close);
            return "";
        } catch (HostException e) {
            return String.valueOf(e.getMessage());
        } catch (IOException e) {
            return "";
        }
    }

    private static byte[] frame(int what, byte[] content) {
        ByteBuffer frame = ByteBuffer.allocate(HEADER + content.length).order(ByteOrder.LITTLE_ENDIAN);
        return frame.putInt(content.length + 1).put((byte) what).put(content).array();
    }

    private static int length(byte[] header) throws HostException {
        int length = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getInt() - 1;
        if (length < 0 || length > LONGEST) {
            throw new HostException("a message of %d bytes: expected at most %d".formatted(length, LONGEST));
        }
        return length;
    }

    private static void read(UnixConnection connection, byte[] to, List<Integer> descriptors, Deadline deadline)
            throws IOException {
        int done = 0;
        while (done < to.length) {
            UnixConnection.Received received =
                    connection.receive(to, done, to.length - done, MOST_DESCRIPTORS, deadline);
            descriptors.addAll(received.descriptors());
            if (received.bytes() < 0) {
                throw new EOFException("the other end is gone in the middle of its first words");
            }
            done += received.bytes();
            if (descriptors.size() > MOST_DESCRIPTORS) {
                throw new IOException("more than %d descriptors".formatted(MOST_DESCRIPTORS));
            }
        }
    }
}

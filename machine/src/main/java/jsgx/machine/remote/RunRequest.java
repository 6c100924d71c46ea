package jsgx.machine.remote;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.Set;
import jsgx.driver.InterfaceKind;
import jsgx.machine.event.SgxEvent;

/**
 * What a front end asks for at the start of a run.
 *
 * @param interfaces whose devices its program is to see, as far as the daemon lets it
 * @param events which events it wants to be told of
 * @param strict whether pages are shown only while a thread is inside
 * @param enclu the address of the vDSO's ENCLU in the program
 * @param fixup the address that it goes on at after an exception there
 */
public record RunRequest(
        Set<InterfaceKind> interfaces, Set<SgxEvent.Kind> events, boolean strict, long enclu, long fixup) {

    private static final int VERSION = 2;
    private static final int BYTES = 4 + 4 + 4 + 4 + 8 + 8;

    public RunRequest {
        interfaces = Set.copyOf(interfaces);
        events = Set.copyOf(events);
    }

    /** As bytes, little-endian. */
    public byte[] encode() {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(VERSION).putInt(mask(interfaces)).putInt(mask(events)).putInt(strict ? 1 : 0);
        return bytes.putLong(enclu).putLong(fixup).array();
    }

    /** @throws IllegalArgumentException where the bytes are none, with what is wrong */
    public static RunRequest decode(byte[] request) {
        if (request.length != BYTES) {
            throw new IllegalArgumentException(
                    "a run's request of %d bytes: expected %d".formatted(request.length, BYTES));
        }
        ByteBuffer bytes = ByteBuffer.wrap(request).order(ByteOrder.LITTLE_ENDIAN);
        int version = bytes.getInt();
        if (version != VERSION) {
            throw new IllegalArgumentException("a run's request of version %d: expected %d, use the jsgx of the daemon"
                    .formatted(version, VERSION));
        }
        return new RunRequest(
                set(InterfaceKind.class, bytes.getInt()),
                set(SgxEvent.Kind.class, bytes.getInt()),
                bytes.getInt() != 0,
                bytes.getLong(),
                bytes.getLong());
    }

    private static int mask(Set<? extends Enum<?>> set) {
        return set.stream().mapToInt(one -> 1 << one.ordinal()).reduce(0, (a, b) -> a | b);
    }

    private static <E extends Enum<E>> Set<E> set(Class<E> type, int mask) {
        EnumSet<E> set = EnumSet.allOf(type);
        set.removeIf(one -> (mask & 1 << one.ordinal()) == 0);
        return set;
    }
}

package jsgx.machine.space;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jsgx.driver.DeviceMapping;
import jsgx.driver.DeviceMappings;
import jsgx.machine.linux.Linux;

/** The memory of the program as drivers copy from it and to it: what is ordinary by the kernel, and of an enclave's pages what software outside sees. */
final class UserMemory {

    /** How much is copied through memory of our own at once. */
    private static final long CHUNK = 64 << 10;

    private final ProcessView process;
    private final DeviceMappings mappings;

    UserMemory(ProcessView process, DeviceMappings mappings) {
        this.process = process;
        this.mappings = mappings;
    }

    /** Copies in; returns how many bytes were not copied. */
    long from(long user, MemorySegment to) {
        return copy(user, to, false);
    }

    /** Copies out; returns how many bytes were not copied. */
    long to(long user, MemorySegment from) {
        return copy(user, from, true);
    }

    private long copy(long user, MemorySegment kernel, boolean toUser) {
        long size = kernel.byteSize();
        long done = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(Math.clamp(size, 1, CHUNK));
            while (done < size) {
                long here = Math.min(size - done, CHUNK);
                long moved = toUser
                        ? write(buffer, kernel.asSlice(done, here), user + done)
                        : read(buffer, user + done, kernel.asSlice(done, here));
                done += moved;
                if (moved < here) {
                    break;
                }
            }
        }
        return size - done;
    }

    /** Software outside an enclave finds all ones in its pages. */
    private long read(MemorySegment buffer, long user, MemorySegment to) {
        long ordinary = ordinaryBytes(user, to.byteSize());
        if (ordinary == 0) {
            long shown = deviceBytes(user, to.byteSize(), Linux.PROT_READ);
            to.asSlice(0, shown).fill((byte) 0xff);
            return shown == 0 || shown == to.byteSize() ? shown : shown + read(buffer, user + shown, to.asSlice(shown));
        }
        long moved = process.read(user, buffer.asSlice(0, ordinary));
        MemorySegment.copy(buffer, 0, to, 0, moved);
        return moved < ordinary || moved == to.byteSize()
                ? moved
                : moved + read(buffer, user + moved, to.asSlice(moved));
    }

    /** What software outside an enclave writes to its pages is lost. */
    private long write(MemorySegment buffer, MemorySegment from, long user) {
        long ordinary = ordinaryBytes(user, from.byteSize());
        if (ordinary == 0) {
            long shown = deviceBytes(user, from.byteSize(), Linux.PROT_WRITE);
            return shown == 0 || shown == from.byteSize()
                    ? shown
                    : shown + write(buffer, from.asSlice(shown), user + shown);
        }
        MemorySegment.copy(from, 0, buffer, 0, ordinary);
        long moved = process.write(user, buffer.asSlice(0, ordinary));
        return moved < ordinary || moved == from.byteSize()
                ? moved
                : moved + write(buffer, from.asSlice(moved), user + moved);
    }

    /** How many bytes from an address on belong to no device. */
    private long ordinaryBytes(long address, long size) {
        long next = mappings.nextStart(address);
        return next - address < 0 || next - address > size ? size : next - address;
    }

    private long deviceBytes(long address, long size, int protection) {
        Optional<DeviceMapping> mapping = mappings.at(address);
        return mapping.isPresent() && (ProgramSpace.readable(mapping.get().protection()) & protection) != 0
                ? Math.min(size, mapping.get().end() - address)
                : 0;
    }
}

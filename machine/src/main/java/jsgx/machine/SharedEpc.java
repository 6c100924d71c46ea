package jsgx.machine;

import java.util.ArrayList;
import java.util.List;
import jsgx.arch.epc.Epc;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.SharedMemory;

/** The EPC of a run: a memory file, which the program's address spaces map page by page. */
public final class SharedEpc implements AutoCloseable {

    private final SharedMemory memory;
    private final Epc epc;

    private SharedEpc(SharedMemory memory, Epc epc) {
        this.memory = memory;
        this.epc = epc;
    }

    /**
     * An EPC whose memory is taken page by page as it is used.
     *
     * @param sectionBytes the sizes of its sections
     */
    public static SharedEpc allocate(List<Long> sectionBytes) throws MachineException {
        long bytes = sectionBytes.stream().mapToLong(Long::longValue).sum();
        try {
            SharedMemory memory = new SharedMemory("jsgx-epc", bytes);
            List<Epc.Section> sections = new ArrayList<>();
            long offset = 0;
            for (Epc.Range range : Epc.ranges(sectionBytes)) {
                sections.add(
                        new Epc.Section(range.physicalBase(), memory.memory().asSlice(offset, range.bytes())));
                offset += range.bytes();
            }
            return new SharedEpc(memory, new Epc(sections));
        } catch (LinuxException e) {
            throw new MachineException(
                    MachineException.Kind.FAILED, "no memory file for the EPC: %s".formatted(e.getMessage()));
        }
    }

    /** The processor's view of it. */
    public Epc epc() {
        return epc;
    }

    /** Its descriptor in this process; page i lies at i times 4096. */
    public int descriptor() {
        return memory.descriptor();
    }

    @Override
    public void close() {
        memory.close();
    }
}

package jsgx.machine.space;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jsgx.machine.linux.RemoteMemory;

/** A process of this machine that is this process's to trace. */
public final class LocalProcess implements ProcessView {

    private static final int READ_IMPLIES_EXEC = 0x40_0000;

    private final int pid;
    private final RemoteMemory memory;

    public LocalProcess(int pid) {
        this.pid = pid;
        memory = new RemoteMemory(pid);
    }

    @Override
    public long read(long address, MemorySegment to) {
        return memory.read(address, to);
    }

    @Override
    public long write(long address, MemorySegment from) {
        return memory.write(address, from);
    }

    @Override
    public Optional<Ground> ground(long address) {
        return MemoryMaps.find(pid, address)
                .map(area -> new Ground(area.start(), area.end(), MemoryMaps.isNoexec(pid, area)));
    }

    @Override
    public boolean readImpliesExec() {
        return (MemoryMaps.personality(pid) & READ_IMPLIES_EXEC) != 0;
    }
}

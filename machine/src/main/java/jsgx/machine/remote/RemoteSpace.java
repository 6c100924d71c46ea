package jsgx.machine.remote;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.LongSupplier;
import jsgx.machine.sgx.SgxCaller;
import jsgx.machine.sgx.SgxFile;
import jsgx.machine.sgx.SgxMapping;
import jsgx.machine.sgx.SgxSpace;
import jsgx.machine.space.LocalProcess;
import jsgx.machine.space.ProcessView;
import jsgx.machine.task.Agent;

/** An address space of the program, whose mappings of devices are the daemon's: this process has a copy of the list, and does what the daemon asks for. */
final class RemoteSpace implements SgxSpace {

    private static final int LARGEST_READ = 64 << 10;

    private final RemoteSgx sgx;
    private final int pid;
    private final Agent agent;
    private final LocalProcess process;
    private final int number;

    /** Which mappings there are, as the last answer of the daemon said. */
    private final ConcurrentSkipListMap<Long, SgxMapping> mappings = new ConcurrentSkipListMap<>();

    private boolean made;

    RemoteSpace(RemoteSgx sgx, int pid, Agent agent) {
        this.sgx = sgx;
        this.pid = pid;
        this.agent = agent;
        process = new LocalProcess(pid);
        number = sgx.nextNumber();
    }

    int number() {
        return number;
    }

    ProcessView process() {
        return process;
    }

    /** Tells the daemon of the address space before it is used: most programs never do. */
    synchronized void make() {
        if (!made) {
            made = true;
            sgx.made(this);
            sgx.call(Op.SPACE, new Out().i32(number).i32(pid).i32(agent.epcDescriptor()), Questions.NONE);
        }
    }

    private synchronized boolean isMade() {
        return made;
    }

    private Out operands() {
        make();
        return new Out().i32(number);
    }

    /** A call that may change mappings: its result. */
    private long change(Op op, Out operands, Questions about) {
        In in = sgx.call(op, operands, about);
        long result = in.i64();
        learn(in);
        return result;
    }

    private void learn(In in) {
        for (int i = in.count(Long.BYTES); i > 0; i--) {
            mappings.remove(in.i64());
        }
        for (int i = in.count(3 * Long.BYTES); i > 0; i--) {
            long start = in.i64();
            mappings.put(start, new SgxMapping(start, in.i64(), in.i64(), in.u8(), sgx.path(in.u8()), in.i64()));
        }
    }

    @Override
    public Optional<SgxMapping> mapping(long address) {
        Map.Entry<Long, SgxMapping> below = mappings.floorEntry(address);
        return below != null && address < below.getValue().end() ? Optional.of(below.getValue()) : Optional.empty();
    }

    @Override
    public long nextMapping(long address) {
        if (mapping(address).isPresent()) {
            return address;
        }
        Long above = mappings.higherKey(address);
        return above == null ? Long.MAX_VALUE : above;
    }

    @Override
    public List<SgxMapping> mappings() {
        return List.copyOf(mappings.values());
    }

    private static int file(SgxFile file) {
        return ((RemoteSgx.File) file).number();
    }

    private static Questions questions(SgxCaller caller) {
        return new Questions() {
            @Override
            public int file(int descriptor) {
                return caller.file(descriptor).map(RemoteSpace::file).orElse(0);
            }

            @Override
            public boolean signalPending() {
                return caller.signalPending();
            }
        };
    }

    @Override
    public long ioctl(int tid, SgxCaller caller, SgxFile file, int request, long argument) {
        Out out = operands().i32(tid).i32(file(file)).i32(request).i64(argument);
        return change(Op.IOCTL, out, questions(caller));
    }

    @Override
    public long mmap(SgxFile file, long address, long length, int protection, int flags, long offset) {
        Out out = operands().i32(file(file)).i64(address).i64(length);
        return change(Op.MMAP, out.i32(protection & 7).i32(flags).i64(offset), Questions.NONE);
    }

    @Override
    public long replace(long start, long end, LongSupplier call) {
        return change(Op.REPLACE, operands().i64(start).i64(end), new Questions() {
            @Override
            public long run() {
                return call.getAsLong();
            }
        });
    }

    @Override
    public long munmap(long start, long end) {
        return change(Op.MUNMAP, operands().i64(start).i64(end), Questions.NONE);
    }

    @Override
    public long pieces(long start, long end, Piece device, Piece other) {
        long from = start;
        while (from < end) {
            Optional<SgxMapping> mapping = mapping(from);
            long to = Math.min(end, mapping.map(SgxMapping::end).orElse(nextMapping(from)));
            long result = mapping.isPresent() ? device.apply(from, to) : other.apply(from, to);
            if (result != 0) {
                return result;
            }
            from = to;
        }
        return 0;
    }

    @Override
    public long mprotect(long start, long end, int protection, Piece other) {
        return change(Op.MPROTECT, operands().i64(start).i64(end).i32(protection), new Questions() {
            @Override
            public long piece(long from, long to) {
                return other.apply(from, to);
            }
        });
    }

    @Override
    public long move(long start, long end, long to) {
        return change(Op.MOVE, operands().i64(start).i64(end).i64(to), Questions.NONE);
    }

    @Override
    public long access(SgxCaller caller, long address, MemorySegment buffer, boolean write) {
        Out out = operands().i64(address).flag(write);
        int size = (int) Math.min(buffer.byteSize(), LARGEST_READ);
        if (write) {
            out.bytes(buffer.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE));
        } else {
            out.i32(size);
        }
        In in = sgx.call(Op.ACCESS, out, questions(caller));
        long moved = in.i64();
        if (!write) {
            byte[] bytes = in.bytes();
            MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, Math.min(bytes.length, size));
        }
        return moved;
    }

    /** The daemon has done so with the call that changed it. */
    @Override
    public void restrict() {}

    @Override
    public void forked(SgxSpace parent) {
        RemoteSpace from = (RemoteSpace) parent;
        if (from.isMade()) {
            learn(sgx.call(Op.FORKED, operands().i32(from.number), Questions.NONE));
        }
    }

    @Override
    public void gone() {
        if (!isMade()) {
            return;
        }
        try {
            sgx.call(Op.GONE, operands(), Questions.NONE);
        } catch (LaneEnded e) {
            // With the daemon all mappings are gone.
        }
        mappings.clear();
        sgx.gone(this);
    }

    // What the daemon asks.

    void agent(In in, Out out) {
        int count = in.count(Integer.BYTES + 6 * Long.BYTES);
        Agent.Call[] calls = new Agent.Call[count];
        for (int i = 0; i < count; i++) {
            int number = in.i32();
            calls[i] = new Agent.Call(number, in.i64(), in.i64(), in.i64(), in.i64(), in.i64(), in.i64());
        }
        for (long result : agent.systemCalls(calls)) {
            out.i64(result);
        }
    }

    void read(In in, Out out) {
        long address = in.i64();
        int size = in.i32();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(Math.max(1, size));
            long got = process.read(address, buffer.asSlice(0, size));
            out.bytes(buffer.asSlice(0, Math.max(0, got)).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    void write(In in, Out out) {
        long address = in.i64();
        byte[] bytes = in.bytes();
        try (Arena arena = Arena.ofConfined()) {
            out.i32((int) process.write(address, arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes)));
        }
    }

    void ground(In in, Out out) {
        Optional<ProcessView.Ground> ground = process.ground(in.i64());
        out.flag(ground.isPresent());
        ground.ifPresent(found -> out.i64(found.start()).i64(found.end()).flag(found.noexec()));
    }

    void readImpliesExec(Out out) {
        out.flag(process.readImpliesExec());
    }
}

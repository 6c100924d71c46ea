package jsgx.machine.remote;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import jsgx.arch.EnclaveMode;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.epc.Epc;
import jsgx.machine.enclave.LinuxSignals;
import jsgx.machine.enclave.Opcodes;
import jsgx.machine.sgx.CpuidSites;
import jsgx.machine.sgx.SgxThread;
import jsgx.machine.task.FaultAnswer;
import jsgx.machine.task.SignalInfo;
import jsgx.machine.task.Task;
import jsgx.machine.task.WholeRegisters;
import org.jspecify.annotations.Nullable;

/** A thread of the program whose processor is the daemon's, which is asked where something concerns SGX. */
final class RemoteThread implements SgxThread {

    private static final FaultAnswer RESUME = new FaultAnswer.Resume();
    private static final int LONGEST_INSTRUCTION = 15;

    /** The lane on which the daemon waits for the calling thread to make a thread leave its enclave: the thread speaks on that one. */
    private static final ThreadLocal<@Nullable Lane> EVICTING = new ThreadLocal<>();

    private final RemoteSgx sgx;
    private final Task task;
    private final RemoteSpace space;
    private final CpuidSites cpuidSites;
    private final int number;

    /** The lanes on which the daemon waits for the thread to leave, while its supervision is asked; guarded by this. */
    private final Deque<Lane> asked = new ArrayDeque<>();

    private volatile boolean inside;
    private boolean made;
    private boolean ended;

    /** Whether the daemon serves the thread; the tracer's. */
    private boolean served;

    RemoteThread(RemoteSgx sgx, Task task, RemoteSpace space, CpuidSites cpuidSites) {
        this.sgx = sgx;
        this.task = task;
        this.space = space;
        this.cpuidSites = cpuidSites;
        number = sgx.nextNumber();
    }

    int number() {
        return number;
    }

    @Override
    public boolean inside() {
        return inside;
    }

    @Override
    public @Nullable EnclaveMode mode() {
        return null;
    }

    @Override
    public FaultAnswer fault(SignalInfo signal) {
        if (!inside) {
            FaultAnswer own = own(signal);
            if (own != null) {
                return own;
            }
        }
        Out operands = operands();
        Signals.write(signal, operands);
        return serve(Op.FAULT, operands);
    }

    @Override
    public FaultAnswer systemCallInside(int length) {
        return serve(Op.SYSTEM_CALL_INSIDE, operands().i32(length));
    }

    private FaultAnswer serve(Op op, Out operands) {
        served = true;
        try {
            return learn(sgx.call(op, operands, Questions.NONE));
        } finally {
            served = false;
        }
    }

    @Override
    public void interrupted(int vector) {
        if (!inside || served) {
            return;
        }
        Lane lane = EVICTING.get();
        if (lane != null) {
            learn(sgx.calls().call(lane, Op.INTERRUPTED, operands().i32(vector)));
            return;
        }
        synchronized (this) {
            Lane other = asked.peekFirst();
            if (other != null) {
                learn(sgx.calls().call(other, Op.INTERRUPTED, operands().i32(vector)));
                return;
            }
        }
        learn(sgx.call(Op.INTERRUPTED, operands().i32(vector), Questions.NONE));
    }

    @Override
    public void ended() {
        if (!made || ended) {
            return;
        }
        ended = true;
        inside = false;
        try {
            sgx.call(Op.ENDED, new Out().i32(number), Questions.NONE);
        } catch (LaneEnded e) {
            // With the daemon its processors are gone.
        }
        sgx.gone(this);
    }

    /** Makes the thread leave the enclave that it is in; the daemon waits for that on a lane. */
    void evict(Lane lane) {
        Lane before = EVICTING.get();
        EVICTING.set(lane);
        synchronized (this) {
            asked.addLast(lane);
        }
        try {
            task.evict(() -> !inside);
        } finally {
            synchronized (this) {
                asked.remove(lane);
            }
            EVICTING.set(before);
        }
    }

    byte[] extendedState() {
        return task.registers() instanceof WholeRegisters whole ? whole.extendedState() : new byte[0];
    }

    private Out operands() {
        if (!made) {
            made = true;
            space.make();
            sgx.made(this);
            Out out = new Out().i32(number).i32(space.number()).i32(task.tid());
            sgx.call(Op.THREAD, out, Questions.NONE);
        }
        Out out = new Out().i32(number);
        ServedRegisters.write(task.registers(), out);
        return out;
    }

    private FaultAnswer learn(In in) {
        inside = in.flag();
        RegisterFile registers = task.registers();
        if (in.flag()) {
            ServedRegisters.read(in, registers);
        }
        if (in.flag()) {
            byte[] state = in.bytes();
            if (registers instanceof WholeRegisters whole) {
                whole.extendedState(state);
            }
        }
        return in.flag() ? new FaultAnswer.Deliver(Signals.read(in)) : RESUME;
    }

    /** What becomes of an exception outside enclaves that is none of SGX's business; null where it may be. */
    private @Nullable FaultAnswer own(SignalInfo signal) {
        if (!LinuxSignals.isSynchronous(signal)) {
            return new FaultAnswer.Deliver(signal);
        }
        boolean pageFault = LinuxSignals.isPageFault(signal);
        if (pageFault && space.mapping(signal.address()).isPresent()) {
            return null;
        }
        long rip = task.registers().get(Register.RIP);
        byte[] code = code(rip);
        if (Opcodes.isEnclu(code)) {
            return null;
        }
        if ((Opcodes.isCpuid(code) && signal.number() == SignalInfo.SIGSEGV)
                || (Opcodes.isUd2(code) && cpuidSites.contains(rip))) {
            sgx.cpuidService().execute(task.registers());
            return RESUME;
        }
        return new FaultAnswer.Deliver(signal);
    }

    private byte[] code(long rip) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(LONGEST_INSTRUCTION);
            int first = (int) Math.min(LONGEST_INSTRUCTION, Epc.PAGE_SIZE - (rip & (Epc.PAGE_SIZE - 1)));
            long got = space.process().read(rip, buffer.asSlice(0, first));
            if (got == first && first < LONGEST_INSTRUCTION) {
                got += space.process().read(rip + first, buffer.asSlice(first));
            }
            return buffer.asSlice(0, Math.max(0, got)).toArray(ValueLayout.JAVA_BYTE);
        }
    }
}

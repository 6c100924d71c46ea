package jsgx.machine.fast;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import jsgx.machine.code.AgentChannel;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.code.CodePages;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.RemoteMemory;
import jsgx.machine.linux.SystemCall;

/** Makes an address space of the program ready while one thread is alone in it and seized: after execve, and after fork. */
final class SpaceSetup {

    private static final int ARCH_SET_CPUID = 0x1012;
    private static final int PR_SET_PDEATHSIG = 1;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int PR_SET_PTRACER = 0x5961_6d61;
    private static final int SECCOMP_SET_MODE_FILTER = 1;
    private static final int FILTER_INSTRUCTION = 8;
    private static final int AT_SYSINFO_EHDR = 33;
    private static final int BELOW_STACK = 1024;
    private static final byte[] SYSCALL = {0x0f, 0x05};
    private static final int READ_WRITE = Linux.PROT_READ | Linux.PROT_WRITE;

    private final Seized thread;
    private final RemoteMemory memory;

    SpaceSetup(Seized thread) {
        this.thread = thread;
        this.memory = new RemoteMemory(thread.tid());
    }

    /** The code and the vDSO, after execve, while there is nothing of ours to execute: the thread is at the program's first instruction. */
    void code(CodePages code) throws LinuxException {
        thread.load();
        long stack = thread.get(Seized.RSP);
        long first = thread.get(Seized.RIP);
        byte[] instruction = memory.read(first, SYSCALL.length).orElse(SYSCALL);
        poke(first, SYSCALL);
        thread.gadget(first);
        check(
                "mmap of the code",
                SystemCall.MMAP,
                CodeLayout.CODE,
                CodeLayout.CODE_SIZE,
                Linux.PROT_READ | Linux.PROT_EXEC,
                Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_FIXED_NOREPLACE,
                -1,
                0);
        poke(first, instruction);
        long sysinfo = auxiliary(stack, AT_SYSINFO_EHDR);
        long kernelVdso = sysinfo == 0 ? 0 : memory.readLong(sysinfo).orElse(0L);
        poke(CodeLayout.CODE, code.bytes(kernelVdso));
        thread.gadget(CodeLayout.SYSTEM_CALL);
        if (sysinfo != 0) {
            memory.writeLong(sysinfo, CodeLayout.VDSO);
        }
    }

    private void poke(long address, byte[] bytes) throws LinuxException {
        if (!memory.poke(address, bytes)) {
            throw new LinuxException("write to the program at 0x%x".formatted(address), Errors.EFAULT);
        }
    }

    /** An address below a new program's stack, where something may be written. */
    long belowStack() {
        thread.load();
        return (thread.get(Seized.RSP) - BELOW_STACK) & -Long.BYTES;
    }

    /** Where the value of an auxiliary vector's entry lies; 0 where there is no such entry. */
    private long auxiliary(long stack, long type) {
        long at = stack + Long.BYTES * (memory.readLong(stack).orElse(0L) + 2);
        while (memory.readLong(at).orElse(0L) != 0) {
            at += Long.BYTES;
        }
        at += Long.BYTES;
        for (; ; at += 2 * Long.BYTES) {
            long found = memory.readLong(at).orElse(0L);
            if (found == 0) {
                return 0;
            }
            if (found == type) {
                return at + Long.BYTES;
            }
        }
    }

    /**
     * Maps one of this process's descriptors.
     *
     * @param scratch an address in the program where a path may be written
     */
    void map(int descriptor, long at, long bytes, long scratch) throws LinuxException {
        String path = "/proc/%d/fd/%d\0".formatted(Linux.pid(), descriptor);
        if (!memory.write(scratch, path.getBytes(StandardCharsets.ISO_8859_1))) {
            throw new LinuxException("write a path", Errors.EFAULT);
        }
        long open = check(
                "open shared memory", SystemCall.OPENAT, Linux.AT_FDCWD, scratch, Linux.O_RDWR | Linux.O_CLOEXEC, 0);
        check("map shared memory", SystemCall.MMAP, at, bytes, READ_WRITE, Linux.MAP_SHARED | Linux.MAP_FIXED, open, 0);
        thread.systemCall(SystemCall.CLOSE, open);
    }

    /** Makes the agent: its thread's identifier. */
    int agent(AgentChannel agent, int pid) throws LinuxException {
        long tid = Linux.check(
                "clone of the agent",
                thread.systemCallFrom(
                        CodeLayout.CLONE_AGENT, SystemCall.CLONE, CodeLayout.AGENT_CLONE_FLAGS, 0, 0, 0, 0));
        agent.await(pid, (int) tid);
        return (int) tid;
    }

    /** The thread's real alternate stack: its area's. */
    void alternateStack(ThreadArea area) throws LinuxException {
        MemorySegment scratch = area.scratch();
        scratch.set(JAVA_LONG, 0, area.address() + AreaLayout.STACK);
        scratch.set(JAVA_LONG, 8, 0);
        scratch.set(JAVA_LONG, 16, AreaLayout.STACK_BYTES);
        check("sigaltstack", SystemCall.SIGALTSTACK, area.scratchAddress(), 0);
    }

    /** The stub as the handler of the signals that it always has. */
    void handlers(ThreadArea area, long stubHandler) throws LinuxException {
        for (int signal = 1; signal <= Long.SIZE; signal++) {
            if (SignalMask.has(SignalMask.RESERVED, signal)) {
                long restart = signal == SignalMask.EVICT ? SignalAction.SA_RESTART : 0;
                SignalActions.stub(stubHandler, restart).write(area.scratch());
                check("rt_sigaction", SystemCall.RT_SIGACTION, signal, area.scratchAddress(), 0, Long.BYTES);
            }
        }
    }

    /** Has CPUID raise an exception where the processor can do so. */
    void trapCpuid() {
        thread.systemCall(SystemCall.ARCH_PRCTL, ARCH_SET_CPUID, 0);
    }

    /** The filter, which the process and all that come from it keep. */
    void filter(ThreadArea area, byte[] program) throws LinuxException {
        MemorySegment scratch = area.memory(AreaLayout.STACK, program.length + 16);
        MemorySegment.copy(program, 0, scratch, JAVA_BYTE, 16, program.length);
        long at = area.address() + AreaLayout.STACK;
        scratch.set(JAVA_SHORT, 0, (short) (program.length / FILTER_INSTRUCTION));
        scratch.set(JAVA_LONG, 8, at + 16);
        if (thread.systemCall(SystemCall.SECCOMP, SECCOMP_SET_MODE_FILTER, 0, at) == -Errors.EACCES) {
            // Only who may do anything can have a filter and yet gain rights by exec.
            check("prctl(PR_SET_NO_NEW_PRIVS)", SystemCall.PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            check("seccomp", SystemCall.SECCOMP, SECCOMP_SET_MODE_FILTER, 0, at);
        }
    }

    /** The thread no longer ends with the thread here that made it: the {@link Keeper} sees to its end. */
    void independent() {
        thread.systemCall(SystemCall.PRCTL, PR_SET_PDEATHSIG, 0);
    }

    /** A child that borrows its parent's memory, and has no agent, ends with the parent's thread. */
    void dependent() {
        thread.systemCall(SystemCall.PRCTL, PR_SET_PDEATHSIG, 9);
    }

    /** Lets this process seize the process's threads later on, where only descendants can be. */
    void traceable() {
        thread.systemCall(SystemCall.PRCTL, PR_SET_PTRACER, Linux.pid());
    }

    private long check(String what, long number, long... arguments) throws LinuxException {
        return Linux.check(what + " in the program", thread.systemCall(number, arguments));
    }
}

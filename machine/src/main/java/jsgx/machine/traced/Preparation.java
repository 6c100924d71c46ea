package jsgx.machine.traced;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.IntConsumer;
import jsgx.arch.RegisterFile.Register;
import jsgx.machine.code.AgentChannel;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.code.CodePages;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.Ptrace;
import jsgx.machine.linux.RemoteMemory;
import jsgx.machine.linux.Signals;
import jsgx.machine.linux.SystemCall;

/** What a new address space of the program gets before the program's first instruction in it: our code, our pages, the agent. */
final class Preparation {

    /** The end of the code: operands of system calls while there is no other memory of ours. */
    private static final int OPERANDS = 64;

    private static final long OPERAND = CodeLayout.CODE + CodeLayout.CODE_SIZE - OPERANDS;
    private static final long SYSCALL_INT3 = 0xcc050f;
    private static final long SYSCALL_INT3_MASK = 0xffffff;
    private static final int SYSCALL_LENGTH = 2;
    private static final int ARCH_SET_CPUID = 0x1012;
    private static final int AT_SYSINFO_EHDR = 33;
    private static final int STACK_CHUNK = 4096;
    private static final long ALL_BUT_SIGTRAP = ~(1L << (Signals.SIGTRAP - 1));
    private static final int READ_WRITE = Linux.PROT_READ | Linux.PROT_WRITE;

    private final CodePages code;
    private final int epcDescriptor;

    Preparation(CodePages code, int epcDescriptor) {
        this.code = code;
        this.epcDescriptor = epcDescriptor;
    }

    /** An address space that has just been made by exec; the thread is at its first instruction. {@code stoppedAgent} is told of an agent that is waited for and stopped. */
    AgentChannel afterExec(TracedTask task, IntConsumer stoppedAgent) throws LinuxException {
        RemoteMemory memory = new RemoteMemory(task.pid());
        long auxiliary = auxiliaryVector(task, memory);
        long vdso = auxiliaryValue(memory, auxiliary, AT_SYSINFO_EHDR);
        mapCode(task, memory, vdso == 0 ? 0 : memory.readLong(vdso).orElse(0L));
        if (vdso != 0) {
            memory.writeLong(vdso, CodeLayout.VDSO);
        }
        task.systemCall(SystemCall.ARCH_PRCTL, ARCH_SET_CPUID, 0);
        return mapPages(task, stoppedAgent);
    }

    /** An address space that has just been copied by fork; the thread is where fork returns. */
    AgentChannel afterFork(TracedTask task, IntConsumer stoppedAgent) throws LinuxException {
        return mapPages(task, stoppedAgent);
    }

    /** The code is mapped by way of the program's first instruction, which is put back. */
    private void mapCode(TracedTask task, RemoteMemory memory, long kernelVdso) throws LinuxException {
        long entry = task.registers().get(Register.RIP);
        long first = memory.readLong(entry)
                .orElseThrow(() -> new LinuxException("read the program's first instruction", Errors.EFAULT));
        Linux.check(
                "write the program's first instruction",
                Ptrace.poke(task.tid(), entry, (first & ~SYSCALL_INT3_MASK) | SYSCALL_INT3));
        try {
            int flags = Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_FIXED_NOREPLACE;
            check("mmap", task, entry, SystemCall.MMAP, CodeLayout.CODE, CodeLayout.CODE_SIZE, READ_WRITE, flags, -1);
            if (!memory.write(CodeLayout.CODE, code.bytes(kernelVdso))) {
                throw new LinuxException("write code into process " + task.pid(), Errors.EFAULT);
            }
            int protection = Linux.PROT_READ | Linux.PROT_EXEC;
            check("mprotect", task, entry, SystemCall.MPROTECT, CodeLayout.CODE, CodeLayout.CODE_SIZE, protection);
        } finally {
            Ptrace.poke(task.tid(), entry, first);
        }
    }

    private static void check(String what, TracedTask task, long at, int number, long... arguments)
            throws LinuxException {
        Linux.check(what + " in process " + task.pid(), task.execute(at, at + SYSCALL_LENGTH, number, arguments));
    }

    private AgentChannel mapPages(TracedTask task, IntConsumer stoppedAgent) throws LinuxException {
        AgentChannel channel = new AgentChannel(epcDescriptor, stoppedAgent);
        try {
            long descriptor = open(task, channel.pages().descriptor());
            long mapped = task.systemCall(
                    SystemCall.MMAP,
                    CodeLayout.PROCESS_PAGES,
                    CodeLayout.PROCESS_PAGES_SIZE,
                    READ_WRITE,
                    Linux.MAP_SHARED | Linux.MAP_FIXED,
                    descriptor);
            task.systemCall(SystemCall.CLOSE, descriptor);
            Linux.check("map shared memory in process " + task.pid(), mapped);
            long epc = open(task, epcDescriptor);
            channel.inherit((int) epc);
            startAgent(task, channel);
            task.systemCall(SystemCall.CLOSE, epc);
            return channel;
        } catch (LinuxException e) {
            channel.close();
            throw e;
        }
    }

    /** Opens in the program what this process has open; the agent, which nobody traces, could not pass the filter with that. */
    private static long open(TracedTask task, int descriptor) throws LinuxException {
        poke(task, "/proc/%d/fd/%d".formatted(Linux.pid(), descriptor));
        return Linux.check(
                "open shared memory in process " + task.pid(),
                task.systemCall(SystemCall.OPENAT, Linux.AT_FDCWD, OPERAND, Linux.O_RDWR | Linux.O_CLOEXEC));
    }

    private static void startAgent(TracedTask task, AgentChannel channel) throws LinuxException {
        long mask = task.signalMask();
        task.signalMask(ALL_BUT_SIGTRAP);
        long agent = task.execute(
                CodeLayout.CLONE_AGENT, CodeLayout.AFTER_CLONE_AGENT, SystemCall.CLONE, CodeLayout.AGENT_CLONE_FLAGS);
        task.signalMask(mask);
        Linux.check("start the agent in process " + task.pid(), agent);
        channel.await(task.pid(), (int) agent);
    }

    private static void poke(TracedTask task, String path) throws LinuxException {
        byte[] text = path.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer operand = ByteBuffer.allocate(OPERANDS).order(ByteOrder.LITTLE_ENDIAN);
        operand.put(text).rewind();
        for (int i = 0; i <= text.length; i += Long.BYTES) {
            Linux.check("write into process " + task.pid(), Ptrace.poke(task.tid(), OPERAND + i, operand.getLong(i)));
        }
    }

    /** Where the auxiliary vector begins on the stack of a program that begins. */
    private static long auxiliaryVector(TracedTask task, RemoteMemory memory) throws LinuxException {
        long at = task.registers().get(Register.RSP);
        long arguments = word(memory, at);
        at += Long.BYTES * (arguments + 2);
        byte[] chunk = {};
        long chunkAt = at;
        while (true) {
            if (at - chunkAt + Long.BYTES > chunk.length) {
                chunkAt = at;
                int size = (int) (STACK_CHUNK - (at & (STACK_CHUNK - 1)));
                Optional<byte[]> read = memory.read(at, Math.max(size, Long.BYTES));
                chunk = read.orElseThrow(() -> new LinuxException("read the program's stack", Errors.EFAULT));
            }
            long variable =
                    ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN).getLong((int) (at - chunkAt));
            at += Long.BYTES;
            if (variable == 0) {
                return at;
            }
        }
    }

    /** Where an entry of the auxiliary vector has its value; 0 where there is no such entry. */
    private static long auxiliaryValue(RemoteMemory memory, long vector, int type) throws LinuxException {
        for (long at = vector; ; at += 2 * Long.BYTES) {
            long found = word(memory, at);
            if (found == type) {
                return at + Long.BYTES;
            }
            if (found == 0) {
                return 0;
            }
        }
    }

    private static long word(RemoteMemory memory, long address) throws LinuxException {
        return memory.readLong(address)
                .orElseThrow(() -> new LinuxException("read the program's stack", Errors.EFAULT));
    }
}

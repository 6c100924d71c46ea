package jsgx.machine.enclave;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import jsgx.arch.Cpuid;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Mem;
import jsgx.image.x86.Reg;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.SystemCall;

/** CPUID, executed in this process by the processor that it happens to run on. */
public final class NativeCpuid implements CpuidService.Processor {

    private static final byte[] CPUID = {0x0f, (byte) 0xa2};
    private static final int PAGE = 4096;

    private final MethodHandle function;

    /** A function in a page of its own, which stays as long as the process. */
    @SuppressWarnings("restricted")
    public NativeCpuid() throws LinuxException {
        byte[] code = code();
        long page = Linux.check(
                "mmap of a page for code",
                Linux.call(
                        SystemCall.MMAP,
                        0,
                        PAGE,
                        Linux.PROT_READ | Linux.PROT_WRITE,
                        Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS,
                        -1,
                        0));
        MemorySegment memory = MemorySegment.ofAddress(page).reinterpret(PAGE);
        memory.copyFrom(MemorySegment.ofArray(code));
        Linux.check(
                "mprotect of a page for code",
                Linux.call(SystemCall.MPROTECT, page, PAGE, Linux.PROT_READ | Linux.PROT_EXEC));
        function = Linker.nativeLinker().downcallHandle(memory, FunctionDescriptor.ofVoid(JAVA_INT, JAVA_INT, ADDRESS));
    }

    /** A function of leaf, sub-leaf and the address of the four registers to fill. */
    private static byte[] code() {
        return new Assembler()
                .push(Reg.RBX)
                .mov32(Reg.RAX, Reg.RDI)
                .mov32(Reg.RCX, Reg.RSI)
                .mov(Reg.R8, Reg.RDX)
                .bytes(CPUID)
                .mov32(Mem.at(Reg.R8, 0), Reg.RAX)
                .mov32(Mem.at(Reg.R8, 4), Reg.RBX)
                .mov32(Mem.at(Reg.R8, 8), Reg.RCX)
                .mov32(Mem.at(Reg.R8, 12), Reg.RDX)
                .pop(Reg.RBX)
                .ret()
                .toBytes();
    }

    @Override
    public Cpuid.Registers execute(int leaf, int subleaf) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment answer = arena.allocate(JAVA_INT, 4);
            function.invokeExact(leaf, subleaf, answer);
            return new Cpuid.Registers(
                    answer.getAtIndex(JAVA_INT, 0),
                    answer.getAtIndex(JAVA_INT, 1),
                    answer.getAtIndex(JAVA_INT, 2),
                    answer.getAtIndex(JAVA_INT, 3));
        } catch (Throwable t) {
            throw new LinkageError("CPUID", t);
        }
    }
}

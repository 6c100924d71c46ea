package jsgx.launch.le;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static jsgx.image.x86.Mem.at;
import static jsgx.image.x86.Reg.R10;
import static jsgx.image.x86.Reg.R11;
import static jsgx.image.x86.Reg.R12;
import static jsgx.image.x86.Reg.R13;
import static jsgx.image.x86.Reg.R14;
import static jsgx.image.x86.Reg.R15;
import static jsgx.image.x86.Reg.R8;
import static jsgx.image.x86.Reg.R9;
import static jsgx.image.x86.Reg.RAX;
import static jsgx.image.x86.Reg.RBP;
import static jsgx.image.x86.Reg.RBX;
import static jsgx.image.x86.Reg.RCX;
import static jsgx.image.x86.Reg.RDI;
import static jsgx.image.x86.Reg.RDX;
import static jsgx.image.x86.Reg.RSI;
import static jsgx.image.x86.Reg.RSP;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jsgx.arch.Leaf;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Condition;
import jsgx.image.x86.Label;
import jsgx.image.x86.Reg;
import org.junit.jupiter.api.Assumptions;

/**
 * The launch enclave's code run by this machine's processor, with a call to Java in the place of each ENCLU: what remains of
 * an enclave where there is no SGX.
 */
@SuppressWarnings("restricted")
final class NativeCode implements AutoCloseable {

    /** What a test does for EREPORT and EGETKEY: RAX. */
    interface Enclu {
        long execute(long leaf, long rbx, long rcx, long rdx);
    }

    private static final int PROT_READ_WRITE_EXECUTE = 7;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final int PAGE = 4096;
    private static final List<Reg> CALLEE_SAVED = List.of(RBX, RBP, R12, R13, R14, R15);
    private static final List<Reg> KEPT = List.of(RCX, RDX, RSI, RDI, R8, R9, R10, RBX, R12);

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory;
    private final MethodHandle enter;
    private final long entry;

    /** Loads the code of a profile; skips the test that asks where this machine cannot run it. */
    NativeCode(LeProfile profile, WhiteList whiteList, Enclu enclu) {
        Assumptions.assumeTrue(canRun(), "no x86-64 Linux with AES and RDRAND: the machine code is not run");
        byte[] blob = LeImage.blob(profile, whiteList);
        int size = LeImage.enclaveSize(blob.length);
        memory = map(size + PAGE);
        MemorySegment.copy(blob, 0, memory, JAVA_BYTE, 0, blob.length);

        // Behind the enclave: the way in, the way to Java, and where the stack outside is.
        Linker linker = Linker.nativeLinker();
        MemorySegment upcall = linker.upcallStub(
                bound(enclu), FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG), arena);
        Label gate = new Label();
        byte[] trampolines = trampolines(upcall.address(), gate);
        MemorySegment.copy(trampolines, 0, memory, JAVA_BYTE, size, trampolines.length);
        long gateAddress = memory.address() + size + gate.offset();

        Assembler asm = new Assembler();
        LeCode.assemble(asm, profile, size, a -> a.mov(R11, gateAddress).call(R11));
        byte[] code = asm.toBytes();
        if (code.length > PAGE) {
            throw new IllegalStateException("the code with calls has outgrown its page: " + code.length);
        }
        MemorySegment.copy(code, 0, memory, JAVA_BYTE, LeLayout.CODE, code.length);
        entry = memory.address() + LeLayout.CODE;
        enter = linker.downcallHandle(
                memory.asSlice(size), FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    }

    /** The enclave's memory. */
    MemorySegment memory() {
        return memory;
    }

    /** Memory at an address that the code names. */
    static MemorySegment memoryAt(long address, long size) {
        return MemorySegment.ofAddress(address).reinterpret(size);
    }

    /** EENTER with the address of a request in native memory. */
    void enter(long request, int cssa) {
        try {
            long rax = (long) enter.invokeExact(request, memory.address(), entry, (long) cssa);
            if (rax != Leaf.EEXIT.number()) {
                throw new AssertionError("the code left with RAX " + rax);
            }
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        arena.close();
    }

    /** At 0: f(request, base, entry, cssa). At the gate: what stands for ENCLU. */
    private static byte[] trampolines(long upcall, Label gate) {
        Assembler asm = new Assembler();
        Label stack = new Label();
        Label back = new Label();
        Label exit = new Label();
        CALLEE_SAVED.forEach(asm::push);
        asm.mov(at(stack), RSP);
        asm.mov(RAX, RCX).mov(RBX, RSI).lea(RCX, at(back)).jmp(RDX);
        asm.bind(back);
        CALLEE_SAVED.reversed().forEach(asm::pop);
        asm.ret();

        asm.bind(gate).cmp(RAX, Leaf.EEXIT.number()).jump(Condition.E, exit);
        KEPT.forEach(asm::push);
        asm.mov(R12, RSP).mov(RSP, at(stack)).sub(RSP, 8);
        asm.mov(RDI, RAX).mov(RSI, RBX).mov(R8, RCX).mov(RCX, RDX).mov(RDX, R8);
        asm.mov(RAX, upcall).call(RAX);
        asm.mov(RSP, R12);
        KEPT.reversed().forEach(asm::pop);
        asm.ret();
        asm.bind(exit).add(RSP, 8).jmp(RBX);
        asm.align(8).bind(stack).bytes(new byte[8]);
        return asm.toBytes();
    }

    private static MethodHandle bound(Enclu enclu) {
        try {
            return MethodHandles.lookup()
                    .findVirtual(
                            Enclu.class,
                            "execute",
                            MethodType.methodType(long.class, long.class, long.class, long.class, long.class))
                    .bindTo(enclu);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("a method of this class", e);
        }
    }

    /** The memory is kept until the process ends: a method handle leads into it. */
    private static MemorySegment map(long size) {
        Linker linker = Linker.nativeLinker();
        MethodHandle mmap = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("mmap"),
                FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
        MemorySegment mapped;
        try {
            mapped = (MemorySegment)
                    mmap.invokeExact(MemorySegment.NULL, size, PROT_READ_WRITE_EXECUTE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        Assumptions.assumeTrue(mapped.address() != -1, "this machine maps no memory that is writable and executable");
        return mapped.reinterpret(size);
    }

    private static boolean canRun() {
        try {
            String cpu = Files.readString(Path.of("/proc/cpuinfo"));
            return System.getProperty("os.arch").equals("amd64") && cpu.contains(" aes ") && cpu.contains(" rdrand ");
        } catch (IOException e) {
            return false;
        }
    }
}

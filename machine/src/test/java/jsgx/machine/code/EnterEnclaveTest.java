package jsgx.machine.code;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Condition;
import jsgx.image.x86.Label;
import jsgx.image.x86.Reg;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code __vdso_sgx_enter_enclave} executed in this process, a stub in place of the enclave. */
@SuppressWarnings("restricted")
class EnterEnclaveTest {

    private static final int EENTER = 2;
    private static final int ERESUME = 3;
    private static final int EEXIT = 4;
    private static final int EINVAL = 22;
    private static final long TCS = 0x1234_5000;

    /** What the stub does, told in RDI: EEXIT, EEXIT with a lower stack, or an exception. */
    private static final long EXIT = 0;

    private static final long EXIT_WITH_LOWER_STACK = 1;
    private static final long FAULT = 2;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment run = arena.allocate(256, 8);
    private long code;

    /** A call of the user handler, as it came. */
    private record Handled(long rdi, long rsi, long rdx, long rsp, long r8, long r9, MemorySegment run, int function) {}

    private final List<Handled> handled = new ArrayList<>();
    private final List<Integer> answers = new ArrayList<>();

    @BeforeEach
    void map() {
        VdsoAddresses vdso = CodePages.of(KernelVdso.none()).vdso();
        byte[] bytes =
                CodePages.of(KernelVdso.none(), stub(vdso), CodeLayout.STUB).bytes(0);
        int writable = Linux.PROT_READ | Linux.PROT_WRITE;
        code = Linux.call(SystemCall.MMAP, 0, bytes.length, writable, Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS, -1, 0);
        MemorySegment.ofAddress(code).reinterpret(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
        Linux.call(SystemCall.MPROTECT, code, bytes.length, Linux.PROT_READ | Linux.PROT_EXEC);
        run.set(JAVA_LONG, 0, TCS);
    }

    @AfterEach
    void unmap() {
        Linux.call(SystemCall.MUNMAP, code, CodeLayout.CODE_SIZE);
        arena.close();
    }

    /** Checks RBX, then leaves as RDI says with what it was entered with in R8 (leaf) and R9 (RCX, the exit pointer). */
    private static byte[] stub(VdsoAddresses vdso) {
        Assembler asm = new Assembler();
        int origin = (int) (CodeLayout.STUB - CodeLayout.CODE);
        Label after = new Label();
        Label fixup = new Label();
        Label fault = new Label();
        Label exit = new Label();
        asm.bind(after, (int) (vdso.afterEnclu() - CodeLayout.CODE) - origin);
        asm.bind(fixup, (int) (vdso.fixup() - CodeLayout.CODE) - origin);
        asm.mov(Reg.RSI, Reg.RBX).mov(Reg.R8, Reg.RAX).mov(Reg.R9, Reg.RCX);
        asm.cmp(Reg.RDI, (int) FAULT).jump(Condition.E, fault);
        asm.cmp(Reg.RDI, (int) EXIT_WITH_LOWER_STACK).jump(Condition.NE, exit);
        asm.sub(Reg.RSP, 0x48).mov32(Reg.RDX, 0x77);
        // What an enclave leaves in the registers that the function has for itself must not matter.
        asm.bind(exit).mov(Reg.RBX, 0x5555_5555_5555L).mov(Reg.RCX, 0x6666L).jmp(after);
        asm.bind(fault).mov32(Reg.RDI, 14).mov32(Reg.RSI, 0x8007).mov(Reg.RDX, 0x7000_0000_1000L);
        asm.jmp(fixup);
        return asm.toBytes();
    }

    private int enter(long rdi, long rdx, int function) throws Throwable {
        MethodHandle enter = Linker.nativeLinker()
                .downcallHandle(
                        MemorySegment.ofAddress(
                                code + CodePages.of(KernelVdso.none()).vdso().enterEnclave() - CodeLayout.CODE),
                        FunctionDescriptor.of(
                                JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS));
        return (int) enter.invokeExact(rdi, 0L, rdx, function, 0L, 0L, run);
    }

    private void handle(int... results) throws Exception {
        MethodHandle handler = MethodHandles.lookup()
                .bind(
                        this,
                        "handler",
                        MethodType.methodType(
                                int.class,
                                long.class,
                                long.class,
                                long.class,
                                long.class,
                                long.class,
                                long.class,
                                MemorySegment.class));
        MemorySegment upcall = Linker.nativeLinker()
                .upcallStub(
                        handler,
                        FunctionDescriptor.of(
                                JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS),
                        arena);
        run.set(JAVA_LONG, 24, upcall.address());
        for (int result : results) {
            answers.add(result);
        }
    }

    @SuppressWarnings("UnusedMethod") // Called by the function under test.
    private int handler(long rdi, long rsi, long rdx, long rsp, long r8, long r9, MemorySegment pointer) {
        handled.add(new Handled(rdi, rsi, rdx, rsp, r8, r9, pointer, run.get(JAVA_INT, 8)));
        return answers.removeFirst();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 5, -1, Integer.MIN_VALUE})
    void aLeafThatDoesNotEnterIsInvalid(int leaf) throws Throwable {
        assertThat(enter(EXIT, 0, leaf)).isEqualTo(-EINVAL);
        assertThat(run.get(JAVA_INT, 8)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 41, 47, 48, 140, 248, 255})
    void aReservedByteThatIsNotZeroIsInvalid(int offset) throws Throwable {
        run.set(JAVA_BYTE, offset, (byte) 0x80);

        assertThat(enter(EXIT, 0, EENTER)).isEqualTo(-EINVAL);
        assertThat(run.get(JAVA_INT, 8)).isZero();
    }

    @Test
    void whatTheProgramMayUseOfTheRunIsNotReserved() throws Throwable {
        run.set(JAVA_LONG, 32, -1);

        assertThat(enter(EXIT, 0, EENTER)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {EENTER, ERESUME})
    void anExitIsReported(int leaf) throws Throwable {
        assertThat(enter(EXIT, 0, leaf)).isZero();
        assertThat(run.get(JAVA_INT, 8)).isEqualTo(EEXIT);
    }

    @Test
    void anExitWithALowerStackReturnsToTheCaller() throws Throwable {
        assertThat(enter(EXIT_WITH_LOWER_STACK, 0, EENTER)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {EENTER, ERESUME})
    void anExceptionIsReported(int leaf) throws Throwable {
        assertThat(enter(FAULT, 0, leaf)).isZero();
        assertThat(run.get(JAVA_INT, 8)).isEqualTo(leaf);
        assertThat(run.get(JAVA_SHORT, 12)).isEqualTo((short) 14);
        assertThat(run.get(JAVA_SHORT, 14)).isEqualTo((short) 0x8007);
        assertThat(run.get(JAVA_LONG, 16)).isEqualTo(0x7000_0000_1000L);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -5})
    void whatTheHandlerAnswersIsReturnedUnlessPositive(int answer) throws Throwable {
        handle(answer);

        assertThat(enter(EXIT, 0x99, EENTER)).isEqualTo(answer);
        assertThat(handled).hasSize(1);
        Handled call = handled.getFirst();
        assertThat(call.rsi()).as("RBX").isEqualTo(TCS);
        assertThat(call.rdx()).isEqualTo(0x99);
        assertThat(call.r8()).as("RAX").isEqualTo(EENTER);
        assertThat(call.r9() - code)
                .as("the exit pointer is the instruction itself")
                .isEqualTo(CodePages.of(KernelVdso.none()).vdso().enclu() - CodeLayout.CODE);
        assertThat(call.run().address()).isEqualTo(run.address());
        assertThat(call.function()).isEqualTo(EEXIT);
    }

    @Test
    void theHandlerSeesTheStackAsTheEnclaveLeftIt() throws Throwable {
        handle(0);
        enter(EXIT, 0, EENTER);
        handle(0);
        enter(EXIT_WITH_LOWER_STACK, 0, EENTER);

        assertThat(handled.get(1).rdx()).isEqualTo(0x77);
        assertThat(handled.get(0).rsp() % 8).isZero();
        assertThat(handled.get(1).rsp()).isNotEqualTo(handled.get(0).rsp());
    }

    @Test
    void aPositiveAnswerEntersAgainWithThatLeaf() throws Throwable {
        handle(ERESUME, EENTER, 0);

        assertThat(enter(EXIT, 0, EENTER)).isZero();
        assertThat(handled).extracting(Handled::r8).containsExactly((long) EENTER, (long) ERESUME, (long) EENTER);
    }

    @Test
    void aPositiveAnswerThatIsNoLeafToEnterWithIsInvalid() throws Throwable {
        handle(7);

        assertThat(enter(EXIT, 0, EENTER)).isEqualTo(-EINVAL);
        assertThat(handled).hasSize(1);
    }

    @Test
    void theHandlerIsToldOfExceptions() throws Throwable {
        handle(-1);

        assertThat(enter(FAULT, 0, ERESUME)).isEqualTo(-1);
        assertThat(handled.getFirst().function()).isEqualTo(ERESUME);
        assertThat(handled.getFirst().rdi()).isEqualTo(14);
        assertThat(handled.getFirst().rsi()).isEqualTo(0x8007);
    }
}

package jsgx.machine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static jsgx.image.x86.Mem.at;
import static jsgx.image.x86.Reg.R10;
import static jsgx.image.x86.Reg.RAX;
import static jsgx.image.x86.Reg.RCX;
import static jsgx.image.x86.Reg.RDI;
import static jsgx.image.x86.Reg.RDX;
import static jsgx.image.x86.Reg.RSI;
import static jsgx.machine.EnclaveProgram.ENCLAVE_CODE;
import static jsgx.machine.EnclaveProgram.ENCLAVE_DATA;
import static jsgx.machine.EnclaveProgram.EXCHANGE;
import static jsgx.machine.EnclaveProgram.ROOM;
import static jsgx.machine.EnclaveProgram.SECRET;
import static jsgx.machine.EnclaveProgram.enclave;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import jsgx.arch.struct.Secinfo;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Label;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.Signals;
import jsgx.machine.linux.SystemCall;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What native execution does not enforce, and what of that a strict run does: docs/native.md names these tests. */
@ParameterizedClass
@EnumSource(value = Way.class, names = "FAST", mode = EnumSource.Mode.EXCLUDE)
final class NativeLimitsTest {

    private static final int SYS_PTRACE = 101;
    private static final int SYS_IO_URING_SETUP = 425;
    private static final int ARCH_SET_CPUID = 0x1012;
    private static final int O_CREAT = 0x40;
    private static final int KILLED_BY_SIGTRAP = 128 + 5;
    private static final int KILLED_BY_SIGILL = 128 + 4;
    private static final int KILLED_BY_SIGSEGV = 128 + 11;
    private static final byte[] NOTHING = enclave(asm -> {});

    private final Way way;

    @TempDir
    private Path folder;

    NativeLimitsTest(Way way) {
        this.way = way;
    }

    private TestRun.Ended run(EnclaveProgram program) throws IOException, MachineException {
        return new TestRun(way).run(program.in(folder));
    }

    private TestRun.Ended strictly(EnclaveProgram program) throws IOException, MachineException {
        return new TestRun(way).with(options -> options.withStrict(true)).run(program.in(folder));
    }

    /** The 8 bytes that a program printed. */
    private static long printed(TestRun.Ended ended) {
        assertThat(ended.status()).as(ended.errors()).isZero();
        assertThat(ended.pagesLost()).isZero();
        byte[] output = ended.output().getBytes(ISO_8859_1);
        assertThat(output).hasSize(Long.BYTES);
        return ByteBuffer.wrap(output).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    // Host reads.

    private static EnclaveProgram reads() {
        return new EnclaveProgram(NOTHING)
                .enter()
                .copy(ENCLAVE_DATA)
                .print(EXCHANGE)
                .exit(0);
    }

    @Test
    void theProgramReadsAnEnclavesMemory() throws Exception {
        assertThat(printed(run(reads()))).isEqualTo(SECRET);
    }

    @Test
    void strictlyTheProgramReadsAllOnes() throws Exception {
        assertThat(printed(strictly(reads()))).isEqualTo(-1);
    }

    @Test
    void strictlyTheEnclaveStillHasWhatItHad() throws Exception {
        byte[] code = enclave(asm -> asm.mov(RSI, ENCLAVE_DATA)
                .mov(RAX, at(RSI))
                .add(RAX, 1)
                .mov(at(RSI), RAX)
                .mov(RDI, EXCHANGE)
                .mov(at(RDI), RAX));
        EnclaveProgram program = new EnclaveProgram(code);
        program.enter().copy(ENCLAVE_DATA);
        // What the program writes there is lost.
        program.asm.mov(RSI, ENCLAVE_DATA).mov(at(RSI), RAX);
        program.enter().print(EXCHANGE).exit(0);

        assertThat(printed(strictly(program))).isEqualTo(SECRET + 2);
    }

    @Test
    void aSystemCallOfTheProgramReadsAnEnclavesMemory() throws Exception {
        byte[] code = enclave(asm -> asm.mov(RSI, ENCLAVE_DATA).mov(RAX, at(RSI)));
        EnclaveProgram program =
                new EnclaveProgram(code).enter().print(ENCLAVE_DATA).exit(0);

        assertThat(printed(run(program))).isEqualTo(SECRET);
    }

    @Test
    void strictlyASystemCallOfTheProgramReadsNothing() throws Exception {
        byte[] code = enclave(asm -> asm.mov(RSI, ENCLAVE_DATA).mov(RAX, at(RSI)));
        EnclaveProgram program =
                new EnclaveProgram(code).enter().print(ENCLAVE_DATA).exit(0);

        assertThat(strictly(program).output()).isEmpty();
    }

    private static EnclaveProgram readsTcs() {
        return new EnclaveProgram(NOTHING)
                .enter()
                .copy(EnclaveProgram.BASE)
                .print(EXCHANGE)
                .exit(0);
    }

    @Test
    void theProgramIsEndedWhereItReadsAPageThatTheEnclaveItselfMayNotRead() throws Exception {
        assertThat(run(readsTcs()).status()).isEqualTo(KILLED_BY_SIGSEGV);
    }

    @Test
    void strictlyTheProgramReadsAllOnesThereToo() throws Exception {
        assertThat(printed(strictly(readsTcs()))).isEqualTo(-1);
    }

    // What the enclave's code may do.

    private static EnclaveProgram calls() {
        return new EnclaveProgram(enclave(asm -> asm.mov32(RAX, EnclaveProgram.SYS_GETPID)
                        .syscall()
                        .mov(RDI, EXCHANGE)
                        .mov(at(RDI), RAX)))
                .enter()
                .print(EXCHANGE)
                .exit(0);
    }

    @Test
    void aSystemCallInsideAnEnclaveIsExecuted() throws Exception {
        assertThat(printed(run(calls()))).isPositive();
    }

    @Test
    void strictlyASystemCallInsideAnEnclaveIsUndefined() throws Exception {
        TestRun.Ended ended = strictly(calls());

        assertThat(ended.status()).isEqualTo(KILLED_BY_SIGILL);
        assertThat(ended.output()).isEmpty();
        assertThat(ended.pagesLost()).isZero();
    }

    /** The enclave jumps to code of the program, which writes a number and exits by a system call. */
    private static EnclaveProgram jumps() {
        EnclaveProgram program =
                new EnclaveProgram(enclave(asm -> asm.mov(RAX, ROOM).jmp(RAX)));
        program.map(ROOM & -4096, 4096, 7, 0x32);
        program.asm.mov(RSI, ROOM);
        // MOV EDI, 7; MOV EAX, 231; SYSCALL.
        byte[] code = HexFormat.of().parseHex("bf07000000b8e70000000f0590909090");
        for (int i = 0; i < code.length; i += Long.BYTES) {
            program.asm
                    .mov(
                            RAX,
                            ByteBuffer.wrap(code).order(ByteOrder.LITTLE_ENDIAN).getLong(i))
                    .mov(at(RSI, i), RAX);
        }
        return program.enter().exit(0);
    }

    @Test
    void anEnclaveExecutesCodeOfTheProgram() throws Exception {
        assertThat(run(jumps()).status()).isEqualTo(7);
    }

    @Test
    void strictlyAnEnclaveInCodeOfTheProgramIsStoppedAtItsNextSystemCall() throws Exception {
        assertThat(strictly(jumps()).status()).isEqualTo(KILLED_BY_SIGILL);
    }

    @Test
    void anEnclaveLoadsSegmentRegisters() throws Exception {
        byte[] load = HexFormat.of().parseHex("8cd88ed8");
        byte[] code =
                enclave(asm -> asm.bytes(load).mov32(RAX, 5).mov(RDI, EXCHANGE).mov(at(RDI), RAX));

        assertThat(printed(run(new EnclaveProgram(code).enter().print(EXCHANGE).exit(0))))
                .isEqualTo(5);
    }

    @Test
    void anEnclaveUsesFeaturesThatItsXfrmLacks() throws Exception {
        assumeTrue(cpuinfo().contains("avx2"), "the processor has no AVX2");
        // VPXOR YMM0, YMM0, YMM0.
        byte[] avx = HexFormat.of().parseHex("c5fdefc0");
        byte[] code =
                enclave(asm -> asm.bytes(avx).mov32(RAX, 5).mov(RDI, EXCHANGE).mov(at(RDI), RAX));

        assertThat(printed(run(new EnclaveProgram(code).enter().print(EXCHANGE).exit(0))))
                .isEqualTo(5);
    }

    @Test
    void anEnclaveReadsAPageThatItMayOnlyExecute() throws Exception {
        assumeFalse(
                cpuinfo().contains("ospke"), "the processor has protection keys, by which such a page cannot be read");
        byte[] code = enclave(asm ->
                asm.mov(RSI, ENCLAVE_CODE).mov(RAX, at(RSI)).mov(RDI, EXCHANGE).mov(at(RDI), RAX));
        EnclaveProgram program =
                new EnclaveProgram(code, Secinfo.X).enter().print(EXCHANGE).exit(0);

        assertThat(printed(run(program)) & 0xff).isEqualTo(code[0] & 0xff);
    }

    // CPUID.

    @Test
    void codeThatTheProgramMakesSeesNoSgxByCpuid() throws Exception {
        assumeNoFaulting();
        EnclaveProgram program = new EnclaveProgram(NOTHING);
        program.map(ROOM & -4096, 4096, 7, 0x32);
        // CPUID; RET, written by the program.
        program.asm.mov(RSI, ROOM).mov(RAX, 0xc3_a20fL).mov(at(RSI), RAX);
        program.asm.mov32(RAX, 0x12).zero(RCX).call(RSI);
        program.asm.and(RAX, 1).mov(RDI, EXCHANGE).mov(at(RDI), RAX);

        assertThat(printed(run(program.print(EXCHANGE).exit(0)))).isZero();
    }

    @Test
    void aProgramThatReadsItsOwnCodeFindsItsCpuidReplaced() throws Exception {
        assumeNoFaulting();
        EnclaveProgram program = new EnclaveProgram(NOTHING);
        Label site = new Label();
        program.asm.mov32(RAX, 0x12).zero(RCX);
        program.asm.bind(site).bytes((byte) 0x0f, (byte) 0xa2);
        program.asm.mov(RDX, RAX).lea(RSI, at(site)).movzx16(RAX, at(RSI));
        program.asm.mov(RDI, EXCHANGE).mov(at(RDI), RAX);

        assertThat(printed(run(program.print(EXCHANGE).exit(0)))).isEqualTo(0x0b0f);
    }

    // What is refused because it could not be supervised.

    @Test
    void aThreadOfTheRunIsNotTracedByAnotherProcessOfIt() throws Exception {
        assertThat(result(asm -> asm.zero(RDI).mov32(RAX, SYS_PTRACE).syscall()))
                .isEqualTo(-1);
    }

    @Test
    void thereIsNoIoUring() throws Exception {
        assertThat(result(asm -> asm.mov32(RDI, 8)
                        .mov(RSI, ROOM)
                        .mov32(RAX, SYS_IO_URING_SETUP)
                        .syscall()))
                .isNegative();
    }

    /** A system call by the instruction with which a supervision makes threads execute them: whether it made a file that is hidden. */
    private boolean makesAHiddenFileByJsgxsCode(Way way) throws IOException, MachineException {
        Path hidden = Files.createDirectory(folder.resolve("hidden"));
        Path file = hidden.resolve("file");
        EnclaveProgram program = new EnclaveProgram(NOTHING);
        Label path = new Label();
        program.asm.mov(RDI, Linux.AT_FDCWD).lea(RSI, at(path));
        program.asm.mov32(RDX, O_CREAT).mov32(R10, 0600).mov32(RAX, SystemCall.OPENAT);
        program.asm.mov(RCX, CodeLayout.SYSTEM_CALL).jmp(RCX);
        program.asm.bind(path).bytes((file + "\0").getBytes(ISO_8859_1));

        TestRun.Ended ended =
                new TestRun(way).with(options -> options.withHidden(hidden)).run(program.in(folder));
        assertThat(ended.status()).isEqualTo(KILLED_BY_SIGTRAP);
        return Files.exists(file);
    }

    @Test
    void theFilterIsNotPassedByAJumpIntoJsgxsCodeWhereThereIsATracer() throws Exception {
        assertThat(makesAHiddenFileByJsgxsCode(Way.TRACED)).isFalse();
    }

    @Test
    void theFilterIsPassedByAJumpIntoJsgxsCodeWhereThereIsNone() throws Exception {
        assertThat(makesAHiddenFileByJsgxsCode(Way.FAST)).isTrue();
    }

    @Test
    void thereAreNo32BitSystemCalls() throws Exception {
        int getpid = 20;
        assertThat((int) result(asm -> asm.mov32(RAX, getpid).bytes((byte) 0xcd, (byte) 0x80)))
                .isNegative();
    }

    /** What a program finds in RAX after it did something. */
    private long result(Consumer<Assembler> action) throws IOException, MachineException {
        EnclaveProgram program = new EnclaveProgram(NOTHING);
        action.accept(program.asm);
        program.asm.mov(RDI, EXCHANGE).mov(at(RDI), RAX);
        return printed(run(program.print(EXCHANGE).exit(0)));
    }

    private static void assumeNoFaulting() {
        assumeTrue(
                Linux.failed(Linux.call(SystemCall.ARCH_PRCTL, ARCH_SET_CPUID, 1)),
                "CPUID traps on this processor: nothing is replaced");
    }

    private static List<String> cpuinfo() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
            if (line.startsWith("flags")) {
                return List.of(line.split("\\s+"));
            }
        }
        return List.of();
    }

    // Signals.

    private static void sigaction(Assembler asm, int signal, boolean ask) {
        asm.mov32(RDI, signal).zero(RSI).zero(RDX);
        asm.mov(ask ? RDX : RSI, ROOM).mov32(R10, Long.BYTES);
        asm.mov32(RAX, SystemCall.RT_SIGACTION).syscall();
    }

    @Test
    void aSignalByWhichJsgxIsCalledIsIgnoredNoMore() throws Exception {
        int[] signals = {Signals.SIGILL, Signals.SIGSEGV};
        EnclaveProgram program = new EnclaveProgram(NOTHING);
        program.asm.mov(RDI, ROOM).mov32(RAX, 1).mov(at(RDI), RAX);
        for (int signal : signals) {
            sigaction(program.asm, signal, false);
        }
        program.enter();
        for (int signal : signals) {
            sigaction(program.asm, signal, true);
            program.asm.mov(RSI, ROOM).mov(RCX, at(RSI)).mov(RDI, EXCHANGE).mov(RAX, at(RDI));
            program.asm.add(RAX, RCX).mov(at(RDI), RAX);
        }
        program.print(EXCHANGE).exit(0);

        // SIG_IGN is 1: of both that would be 2.
        assertThat(printed(run(program))).isLessThan(2);
    }
}

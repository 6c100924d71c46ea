package jsgx.machine.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Label;
import jsgx.image.x86.Mem;
import jsgx.image.x86.Reg;
import jsgx.image.x86.StaticElf;
import jsgx.machine.ExecutableFile;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.SharedMemory;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.task.Agent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent's code in a process of its own, which is nothing but the agent. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AgentChannelTest {

    private static final long MAIN = 0x40_0000;
    private static final int PAGE = 0x1000;

    /** Behind the EPC and the pidfd of the supervisor. */
    private static final long FIRST_FREE_DESCRIPTOR = 2;

    @TempDir
    Path folder;

    private final SharedMemory epc = new SharedMemory("test-epc", 4 * PAGE);
    private final AgentChannel channel = new AgentChannel(epc.descriptor());
    private Process process;

    AgentChannelTest() throws LinuxException {}

    @BeforeEach
    void start() throws Exception {
        Path program = folder.resolve("agent");
        byte[] code = CodePages.of(KernelVdso.none()).bytes(0);
        ExecutableFile.write(
                program,
                StaticElf.of(
                        MAIN,
                        List.of(StaticElf.Segment.code(MAIN, main()), StaticElf.Segment.code(CodeLayout.CODE, code))));
        process = new ProcessBuilder(program.toString()).start();
    }

    @AfterEach
    void end() throws Exception {
        process.destroyForcibly().waitFor();
        channel.close();
        epc.close();
    }

    /** Maps the process's pages and becomes the agent. */
    private byte[] main() {
        Assembler asm = new Assembler();
        Label path = new Label();
        asm.mov(Reg.RDI, (long) Linux.AT_FDCWD).lea(Reg.RSI, Mem.at(path)).mov32(Reg.RDX, Linux.O_RDWR);
        asm.zero(Reg.R10).mov32(Reg.RAX, SystemCall.OPENAT).syscall().mov(Reg.R8, Reg.RAX);
        asm.mov(Reg.RDI, CodeLayout.PROCESS_PAGES).mov(Reg.RSI, CodeLayout.PROCESS_PAGES_SIZE);
        asm.mov32(Reg.RDX, Linux.PROT_READ | Linux.PROT_WRITE).mov32(Reg.R10, Linux.MAP_SHARED | Linux.MAP_FIXED);
        asm.zero(Reg.R9).mov32(Reg.RAX, SystemCall.MMAP).syscall();
        asm.mov(Reg.RAX, CodeLayout.AGENT).jmp(Reg.RAX);
        String text = "/proc/%d/fd/%d".formatted(Linux.pid(), channel.pages().descriptor());
        asm.bind(path).bytes(text.getBytes(StandardCharsets.US_ASCII)).bytes((byte) 0);
        return asm.toBytes();
    }

    private void await() throws LinuxException {
        channel.await((int) process.pid(), (int) process.pid());
    }

    @Test
    void itExecutesCallsInOrder() throws Exception {
        await();

        assertThat(channel.systemCall(SystemCall.GETPID)).isEqualTo(process.pid());
        long[] results = channel.systemCalls(
                new Agent.Call(SystemCall.DUP, channel.epcDescriptor()),
                new Agent.Call(SystemCall.CLOSE, 99),
                new Agent.Call(SystemCall.GETTID));
        assertThat(results).containsExactly(FIRST_FREE_DESCRIPTOR, -Errors.EBADF, process.pid());
    }

    @Test
    void ofTheProgramsDescriptorsItHasNone() throws Exception {
        await();

        assertThat(channel.epcDescriptor()).isZero();
        try (var open = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
            assertThat(open.map(Path::getFileName).map(Path::toString)).containsExactlyInAnyOrder("0", "1");
        }
    }

    @Test
    void itMapsTheEpc() throws Exception {
        await();
        epc.memory().setString(2 * PAGE, "page two");
        long at = 0x7000_0000L;
        assertThat(channel.systemCall(
                        SystemCall.MMAP,
                        at,
                        PAGE,
                        Linux.PROT_READ,
                        Linux.MAP_SHARED | Linux.MAP_FIXED,
                        channel.epcDescriptor(),
                        2 * PAGE))
                .isEqualTo(at);

        int[] pipe = {(int) channel.systemCall(SystemCall.MEMFD_CREATE, at, 0)};
        assertThat(channel.systemCall(SystemCall.WRITE, pipe[0], at, 8)).isEqualTo(8);
        assertThat(Files.readString(Path.of("/proc/%d/fd/%d".formatted(process.pid(), pipe[0]))))
                .isEqualTo("page two");
    }

    @Test
    void operandsGoByTheScratchMemory() throws Exception {
        await();
        channel.scratch().setString(0x100, "/nowhere at all");

        assertThat(channel.systemCall(SystemCall.ACCESS, CodeLayout.SCRATCH + 0x100, 0))
                .isEqualTo(-Errors.ENOENT);
    }

    @Test
    void moreCallsThanTheMailboxHolds() throws Exception {
        await();
        Agent.Call[] calls = new Agent.Call[1_000];
        for (int i = 0; i < calls.length; i++) {
            calls[i] = new Agent.Call(i % 2 == 0 ? SystemCall.GETPID : SystemCall.CLOSE, 1000 + i);
        }

        long[] results = channel.systemCalls(calls);

        for (int i = 0; i < calls.length; i++) {
            assertThat(results[i]).isEqualTo(i % 2 == 0 ? process.pid() : -Errors.EBADF);
        }
        assertThat(channel.systemCalls()).isEmpty();
    }

    @Test
    void threadsTakeTurns() throws Exception {
        await();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<Boolean>> all = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                int command = 1000 + t;
                all.add(threads.submit(() -> {
                    for (int i = 0; i < 500; i++) {
                        if (channel.systemCall(SystemCall.CLOSE, command) != -Errors.EBADF
                                || channel.systemCall(SystemCall.GETPID) != process.pid()) {
                            return false;
                        }
                    }
                    return true;
                }));
            }
            for (Future<Boolean> one : all) {
                assertThat(one.get()).isTrue();
            }
        }
    }

    @Test
    void itSleepsWhileThereIsNothingToDo() throws Exception {
        await();
        channel.systemCall(SystemCall.GETPID);
        Thread.sleep(300);
        long before = cpuTicks();
        Thread.sleep(500);

        assertThat(cpuTicks() - before).isLessThanOrEqualTo(1);
        assertThat(channel.systemCall(SystemCall.GETPID)).isEqualTo(process.pid());
    }

    private long cpuTicks() throws Exception {
        String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    @Test
    void aDeadProcessIsNoticedByThoseWhoWait() throws Exception {
        await();
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Future<Long> waiting = thread.submit(() -> channel.systemCall(SystemCall.PAUSE));
            Thread.sleep(100);
            process.destroyForcibly();
            assertThat(waiting.get(10, TimeUnit.SECONDS)).isEqualTo(-Errors.ESRCH);
        }
        assertThat(channel.isGone()).isTrue();
        assertThat(channel.systemCall(SystemCall.GETPID)).isEqualTo(-Errors.ESRCH);
    }

    @Test
    void aSupervisionThatKnowsOfTheEndSaysSo() throws Exception {
        await();
        channel.gone();

        assertThat(channel.isGone()).isTrue();
        assertThat(channel.systemCalls(new Agent.Call(SystemCall.GETPID), new Agent.Call(SystemCall.GETPID)))
                .containsExactly(-Errors.ESRCH, -Errors.ESRCH);
    }

    @Test
    void itEndsWhenTheChannelIsClosed() throws Exception {
        await();
        channel.close();

        assertThat(process.waitFor()).isZero();
        assertThat(channel.systemCall(SystemCall.GETPID)).isEqualTo(-Errors.ESRCH);
    }

    @Test
    void itIsMissedWhereItNeverBegan() throws Exception {
        process.destroyForcibly().waitFor();
        try (AgentChannel other = new AgentChannel(epc.descriptor())) {
            assertThatThrownBy(() -> other.await((int) process.pid(), (int) process.pid()))
                    .isInstanceOf(LinuxException.class);
        }
    }

    @Test
    void anEpcThatCannotBeOpenedIsAnError() throws Exception {
        process.destroyForcibly().waitFor();
        MemorySegment pages = channel.pages().memory();
        pages.setString(AgentMailbox.PATH, "/nowhere");
        pages.set(ValueLayout.JAVA_INT, AgentMailbox.REPLY, 0);
        start();

        assertThatThrownBy(this::await)
                .isInstanceOf(LinuxException.class)
                .hasMessageContaining(String.valueOf(process.pid()));
    }
}

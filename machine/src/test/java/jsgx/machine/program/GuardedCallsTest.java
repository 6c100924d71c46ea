package jsgx.machine.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** What is out of the reach of a program's system calls: folders of keys, its supervisor, the EPC. */
@Execution(ExecutionMode.SAME_THREAD)
@ResourceLock("the process's pages")
@Timeout(60)
class GuardedCallsTest {

    @TempDir
    Path folder;

    private OwnThread own;

    @BeforeEach
    void start() throws Exception {
        Files.createDirectories(folder.resolve("hidden/below"));
        own = new OwnThread(OwnThread.hiding(folder.resolve("hidden")));
    }

    @AfterEach
    void end() {
        own.close();
    }

    @Test
    void hiddenFoldersAreOutOfReach() throws Exception {
        Path hidden = folder.resolve("hidden");
        Path key = hidden.resolve("below/key");
        Files.writeString(key, "secret");
        Path link = folder.resolve("link");
        Files.createSymbolicLink(link, key);
        Path around = folder.resolve("around");
        Files.createSymbolicLink(around, hidden);
        for (String path : List.of(
                hidden.toString(),
                key.toString(),
                link.toString(),
                around + "/below/key",
                folder + "/hidden/../hidden/below/key",
                "/proc/self/root" + key)) {
            assertThat(own.open(path, Linux.O_RDONLY)).as(path).isEqualTo(-Errors.EACCES);
            assertThat(own.open(path, Flags.O_PATH)).as(path).isEqualTo(-Errors.EACCES);
        }
        long place = own.path(folder.resolve("elsewhere").toString());
        assertThat(own.call(SystemCall.RENAME, own.path(key.toString()), place)).isEqualTo(-Errors.EACCES);
        assertThat(own.call(SystemCall.LINK, own.path(key.toString()), place)).isEqualTo(-Errors.EACCES);
        assertThat(own.call(SystemCall.UNLINK, own.path(key.toString()))).isEqualTo(-Errors.EACCES);
        assertThat(own.call(SystemCall.TRUNCATE, own.path(link.toString()), 0)).isEqualTo(-Errors.EACCES);
        assertThat(own.call(SystemCall.EXECVE, own.path(key.toString()), 0, 0)).isEqualTo(-Errors.EACCES);
        assertThat(own.call(SystemCall.MOUNT, own.path(folder.toString()), place, 0, 4096, 0))
                .isEqualTo(-Errors.EACCES);
        assertThat(own.open(key + ".new", Linux.O_WRONLY | Flags.O_CREAT)).isEqualTo(-Errors.EACCES);
        assertThat(own.open(key.toString(), Linux.O_WRONLY | Flags.O_TRUNC)).isEqualTo(-Errors.EACCES);
        assertThat(Files.readString(key)).isEqualTo("secret");

        Files.writeString(folder.resolve("hidden-not"), "public");
        long descriptor = own.open(folder.resolve("hidden-not").toString(), Linux.O_RDONLY);
        assertThat(descriptor).isNotNegative();
        OwnThread.close(descriptor);
    }

    @Test
    void aNameThatChangesBehindTheLookIsJudgedByWhereItLed() throws Exception {
        Path key = folder.resolve("hidden/key");
        Files.writeString(key, "secret");
        Path harmless = folder.resolve("harmless");
        Files.writeString(harmless, "public");
        Path link = folder.resolve("link");
        Files.createSymbolicLink(link, harmless);
        long[] arguments = {Linux.AT_FDCWD, own.path(link.toString()), Linux.O_RDONLY, 0, 0, 0};
        var answer = own.thread.systemCall(SystemCall.OPENAT, arguments);
        assertThat(answer).isInstanceOf(jsgx.machine.task.SystemCallAnswer.ProceedThen.class);
        Files.delete(link);
        Files.createSymbolicLink(link, key);
        long opened = Linux.call(SystemCall.OPENAT, arguments);
        assertThat(opened).isNotNegative();
        long descriptor = own.apart(opened);
        OwnThread.close(opened);
        var then = ((jsgx.machine.task.SystemCallAnswer.ProceedThen) answer).then();
        assertThat(then.applyAsLong(descriptor)).isEqualTo(-Errors.EACCES);
        assertThat(Files.exists(Path.of("/proc/self/fd/" + descriptor))).isFalse();
    }

    @Test
    void theSupervisorIsOutOfReach() {
        int supervisor = OwnThread.SUPERVISOR;
        for (String name : List.of("environ", "fd/1", "root/etc/passwd", "cwd", "task/" + supervisor + "/environ")) {
            String path = "/proc/" + supervisor + "/" + name;
            assertThat(own.open(path, Linux.O_RDONLY)).as(path).isEqualTo(-Errors.EACCES);
        }
        long stat = own.open("/proc/" + supervisor + "/stat", Linux.O_RDONLY);
        assertThat(stat).isNotNegative();
        OwnThread.close(stat);
        assertThat(own.call(SystemCall.PTRACE, 16, supervisor, 0, 0)).isEqualTo(-Errors.EPERM);
        assertThat(own.call(SystemCall.PROCESS_VM_READV, supervisor, 0, 0, 0, 0, 0))
                .isEqualTo(-Errors.EPERM);
        long pidfd = Linux.call(SystemCall.PIDFD_OPEN, supervisor, 0);
        assertThat(own.call(SystemCall.PIDFD_GETFD, pidfd, 0, 0)).isEqualTo(-Errors.EPERM);
        OwnThread.close(pidfd);
        long memory = own.open("/proc/self/fd/" + own.epcDescriptor(), Linux.O_RDONLY);
        assertThat(memory).as("the EPC").isEqualTo(-Errors.EACCES);
    }
}

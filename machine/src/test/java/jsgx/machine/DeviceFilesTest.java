package jsgx.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import jsgx.driver.InterfaceKind;
import jsgx.machine.event.SgxEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What standard tools find of devices, of hidden folders, and of what jsgx has in their address space. */
@ParameterizedClass
@EnumSource(Way.class)
final class DeviceFilesTest {

    private final TestRun run;

    @TempDir
    Path folder;

    DeviceFilesTest(Way way) {
        run = new TestRun(way);
    }

    private String output(String script) throws MachineException {
        TestRun.Ended ended = run.shell(script);
        assertThat(ended.errors()).as(script).isEmpty();
        assertThat(ended.pagesLost()).isZero();
        return ended.output().strip();
    }

    @Test
    void stat() throws MachineException {
        assertThat(output("stat -c '%F %t %a' /dev/sgx_enclave /dev/sgx_provision /dev/isgx"))
                .isEqualTo("character special file a 666\n".repeat(3).strip());
        assertThat(output("ln -s /dev/sgx_enclave " + folder + "/l; stat -Lc %F " + folder + "/l"))
                .isEqualTo("character special file");
        assertThat(output("test -c /dev/sgx_enclave -a -r /dev/sgx_enclave -a -w /dev/sgx_enclave && echo yes"))
                .isEqualTo("yes");
        assertThat(output("cd /dev && test -e sgx_enclave && echo yes")).isEqualTo("yes");
        assertThat(output("test -e /dev/sgx || echo no")).isEqualTo("no");
    }

    @Test
    void descriptorsAreInheritedAndTheLastOneCloses() throws MachineException {
        TestRun.Ended ended =
                run.shell("exec 3<>/dev/sgx_enclave; (stat -Lc %F /proc/self/fd/3; readlink /proc/self/fd/3)"
                        + "; exec 4>&3 3>&-; stat -Lc %F /proc/self/fd/4; exec 4>&-; sleep 0.1; echo end");
        assertThat(ended.output()).isEqualTo("character special file\n/dev/sgx_enclave\ncharacter special file\nend\n");
        assertThat(ended.events(SgxEvent.Opened.class)).hasSize(1);
        assertThat(ended.events(SgxEvent.Released.class)).hasSize(1);
    }

    @Test
    void aProcessThatDiesReleasesItsDevices() throws MachineException {
        TestRun.Ended ended = run.shell("(exec 3<>/dev/isgx; kill -9 $(exec sh -c 'echo $PPID')) 2>/dev/null; true");
        assertThat(ended.events(SgxEvent.Released.class)).hasSize(1);
    }

    @Test
    void readingADeviceEndsAtOnce() throws MachineException {
        TestRun.Ended ended = run.run("cat", "/dev/sgx_enclave");
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.output()).isEmpty();
    }

    @Test
    void onlyTheInterfacesOfTheRunAreThere() throws MachineException {
        run.with(options -> options.withInterfaces(java.util.Set.of(InterfaceKind.ISGX)));
        assertThat(output("test -e /dev/isgx && echo yes; test -e /dev/sgx_enclave || echo no"))
                .isEqualTo("yes\nno");
    }

    @Test
    void mapsOfAProcessShowNothingOfJsgx() throws MachineException {
        String maps = output("cat /proc/self/maps; cat /proc/$$/smaps");
        assertThat(maps).contains("[vdso]", "[stack]").doesNotContain("jsgx");
        assertThat(maps.lines().filter(line -> line.startsWith("6a7367"))).hasSize(2);
    }

    @Test
    void hiddenFoldersAreOutOfReach() throws IOException, MachineException {
        Path hidden = Files.createDirectory(folder.resolve("hidden"));
        Path key = Files.writeString(hidden.resolve("key"), "secret\n");
        Files.writeString(folder.resolve("open"), "public\n");
        run.with(options -> options.withHidden(hidden));
        TestRun.Ended ended =
                run.shell("cd " + folder + "; cat open; cat hidden/key; cat < hidden/key; ls hidden; ln hidden/key k;"
                        + " mv hidden/key k; mv hidden h; cp hidden/key k; ln -s hidden h; cat h/key; echo x > hidden/key; rm hidden/key;"
                        + " cd hidden && cat key; cat /proc/self/cwd/key; cat k");
        assertThat(ended.output()).isEqualTo("public\n");
        assertThat(Files.readString(key)).isEqualTo("secret\n");
        assertThat(folder.resolve("h/key")).exists();
    }

    @Test
    void hiddenFoldersGetNoOtherNameAndKeepWhatTheyAre() throws IOException, MachineException {
        Path above = Files.createDirectory(folder.resolve("above"));
        Path hidden = Files.createDirectory(above.resolve("hidden"));
        Path key = Files.writeString(hidden.resolve("key"), "secret\n");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        FileTime written = Files.getLastModifiedTime(key);
        run.with(options -> options.withHidden(hidden));
        TestRun.Ended ended = run.shell("cd " + folder + "; mv above other; cat other/hidden/key;"
                + " ln -s above/hidden/key l; ln -L l copy; cat copy;"
                + " odd=$(printf '\\377'); ln -s $PWD/above/hidden \"$odd\"; mv \"$odd/key\" taken; cat taken; rm \"$odd\";"
                + " chmod 666 above/hidden/key; touch -d yesterday above/hidden/key; mkdir above/hidden/new;"
                + " ln -s x above/hidden/link; chown 1 above/hidden/key; true");
        assertThat(ended.output()).isEmpty();
        assertThat(above).exists();
        assertThat(hidden).isDirectoryNotContaining(file -> !file.equals(key));
        assertThat(folder.resolve("copy")).doesNotExist();
        assertThat(Files.getPosixFilePermissions(key)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(Files.getLastModifiedTime(key)).isEqualTo(written);
        assertThat(Files.readString(key)).isEqualTo("secret\n");
    }

    @Test
    void theSupervisorIsOutOfReach() throws MachineException {
        long supervisor = ProcessHandle.current().pid();
        TestRun.Ended ended = run.shell(
                "p=/proc/" + supervisor
                        + "; cat $p/environ; cat $p/maps; cat $p/fd/*; ls $p/fd; cat $p/task/*/mem; cat $p/root/etc/passwd; true");
        assertThat(ended.output()).isEmpty();
        assertThat(output("test -r /proc/" + supervisor + "/stat && echo yes")).isEqualTo("yes");
    }
}

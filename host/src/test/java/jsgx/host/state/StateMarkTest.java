package jsgx.host.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import jsgx.host.service.HostException;
import jsgx.launch.LaunchException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class StateMarkTest {

    private static final String PLATFORM = "0123456789abcdef0123456789abcdef";

    @TempDir
    private Path folder;

    private void mark(String text) throws Exception {
        Path file = Files.writeString(folder.resolve(StateMark.FILE), text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void aFolderWithoutAMarkGetsOneAndKeepsIt() throws Exception {
        StateMark.check(folder, PLATFORM);
        assertThat(folder.resolve("host")).hasContent("jsgx state 1\nplatform " + PLATFORM + "\n");
        StateMark.check(folder, PLATFORM);
    }

    @Test
    void aNewerReleasesFolderIsRefused() throws Exception {
        mark("jsgx state 2\nsomething new\n");

        assertThatThrownBy(() -> StateMark.check(folder, PLATFORM))
                .isInstanceOf(HostException.class)
                .hasMessageContaining(
                        "the state folder has version 2, and this jsgx knows none after 1: a newer jsgx wrote it");
    }

    @Test
    void anotherPlatformsFolderIsRefused() throws Exception {
        mark("jsgx state 1\nplatform ffffffffffffffffffffffffffffffff\n");

        assertThatThrownBy(() -> StateMark.check(folder, PLATFORM))
                .isInstanceOf(HostException.class)
                .hasMessageContaining(
                        "is that of platform ffffffffffffffffffffffffffffffff, and the platform in it is " + PLATFORM);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "jsgx", "jsgx state x\n", "jsgx state 99999999999\n"})
    void aMarkThatSaysNothingIsRefused(String text) throws Exception {
        mark(text);

        assertThatThrownBy(() -> StateMark.check(folder, PLATFORM))
                .isInstanceOf(HostException.class)
                .hasMessageContaining("does not say what the state folder holds");
    }

    @Test
    void aMarkThatOthersMayReadIsRefused() throws Exception {
        mark("jsgx state 1\n");
        Files.setPosixFilePermissions(folder.resolve(StateMark.FILE), PosixFilePermissions.fromString("rw-r--r--"));

        assertThatThrownBy(() -> StateMark.check(folder, PLATFORM))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("is open to others (mode 644)");
    }
}

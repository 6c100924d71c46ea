package jsgx.host.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import jsgx.driver.Workload;
import jsgx.host.config.HostOptions.Grant;
import jsgx.host.config.HostOptions.Right;
import jsgx.host.service.HostException;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.linux.UnixConnection;
import jsgx.machine.linux.UnixListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PeersTest {

    private static final int NOBODY = 65534;

    /** The system's, which every user may execute. */
    private static final String PYTHON = "/usr/bin/python3";

    private Path folder = Path.of("/");

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createTempDirectory(Path.of("/tmp"), "jsgx-peer");
    }

    @AfterEach
    void removeFolder() throws IOException {
        Files.delete(folder);
    }

    private static int uid() {
        return (int) Linux.call(SystemCall.GETEUID);
    }

    @Test
    void aPeerIsChargedToItsUser() throws Exception {
        try (UnixListener listener = UnixListener.listen(folder.resolve("s"), "rw-rw-rw-", 5, null);
                UnixConnection client = UnixConnection.connect(listener.path());
                UnixConnection served = listener.accept()) {
            Peer peer = new Peers(List.of()).identify(served);
            assertThat(peer.pid()).isEqualTo(Linux.pid());
            assertThat(peer.uid()).isEqualTo(uid());
            assertThat(peer.workload()).isEqualTo(new Workload("uid:" + uid()));
            assertThat(client.isClosed()).isFalse();
        }
    }

    @Test
    void aPeerOfACgroupThatIsAWorkloadIsChargedToIt() throws Exception {
        try (UnixListener listener = UnixListener.listen(folder.resolve("s"), "rw-rw-rw-", 5, null);
                UnixConnection client = UnixConnection.connect(listener.path());
                UnixConnection served = listener.accept()) {
            assertThat(new Peers(List.of("/")).identify(served).workload()).isEqualTo(new Workload("cgroup:/"));
            assertThat(new Peers(List.of("/no/such")).identify(served).workload())
                    .isEqualTo(new Workload("uid:" + uid()));
            assertThat(client.isClosed()).isFalse();
        }
    }

    @Test
    void aProcessThatEndedIsChargedToItsUserOnlyWhereNoCgroupIsAWorkload() throws Exception {
        assumeTrue(Files.isExecutable(Path.of(PYTHON)), "needs " + PYTHON + ", as a client");
        try (UnixListener listener = UnixListener.listen(folder.resolve("s"), "rw-rw-rw-", 5, null)) {
            Process client = new ProcessBuilder(PYTHON, "-c", connectTo(listener.path())).start();
            try (UnixConnection served = listener.accept()) {
                assertThat(client.waitFor()).isZero();
                assertThat(new Peers(List.of()).identify(served).pid()).isEqualTo((int) client.pid());
                assertThatThrownBy(() -> new Peers(List.of("/")).identify(served))
                        .isInstanceOf(HostException.class)
                        .hasMessageContaining("process " + client.pid());
            }
        }
    }

    @Test
    void aProcessThatEndedAndIsStillListedIsChargedToNoCgroup() throws Exception {
        assumeTrue(Files.isExecutable(Path.of(PYTHON)), "needs " + PYTHON + ", as a client");
        try (UnixListener listener = UnixListener.listen(folder.resolve("s"), "rw-rw-rw-", 5, null)) {
            // Nobody waits for who connects, and a child of it keeps the connection; all end with their input.
            String program = """
                    import os, sys
                    if os.fork() == 0:
                        %s
                        if os.fork() != 0:
                            os._exit(0)
                    sys.stdin.read()
                    """.formatted(connectTo(listener.path()));
            Process parent = new ProcessBuilder(PYTHON, "-c", program).start();
            try (UnixConnection served = listener.accept()) {
                Path status =
                        Path.of("/proc/" + new Peers(List.of()).identify(served).pid() + "/status");
                while (!Files.readString(status).contains("State:\tZ")) {
                    Thread.sleep(5);
                }
                assertThatThrownBy(() -> new Peers(List.of("/")).identify(served))
                        .isInstanceOf(HostException.class)
                        .hasMessageContaining("ended");
            } finally {
                parent.getOutputStream().close();
                assertThat(parent.waitFor(30, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    private static String connectTo(Path path) {
        return "import socket; s = socket.socket(socket.AF_UNIX); s.connect('%s')".formatted(path);
    }

    @Test
    void anotherUserIsAnotherWorkload() throws Exception {
        assumeTrue(uid() == 0, "needs root, to run a client as another user");
        assumeTrue(Files.isExecutable(Path.of(PYTHON)), "needs " + PYTHON + ", as a client");
        Files.setPosixFilePermissions(folder, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        try (UnixListener listener = UnixListener.listen(folder.resolve("s"), "rw-rw-rw-", 5, null)) {
            Process client = new ProcessBuilder(
                            "setpriv", "--reuid=" + NOBODY, "--clear-groups", PYTHON, "-c", connectTo(listener.path()))
                    .start();
            try (UnixConnection served = listener.accept()) {
                Peer peer = new Peers(List.of()).identify(served);
                assertThat(peer.uid()).isEqualTo(NOBODY);
                assertThat(peer.workload()).isEqualTo(new Workload("uid:" + NOBODY));
            } finally {
                assertThat(client.waitFor(30, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    @Test
    void aGrantIsOneUsersAndForWhatItNames() {
        Grants grants = new Grants(List.of(new Grant(1000, Set.of(Right.POLICY, Right.WORKLOAD))));
        Peer granted = new Peer(1, 1000, 1000, new Workload("uid:1000"));
        Peer other = new Peer(1, 1001, 1000, new Workload("uid:1001"));
        assertThat(grants.allows(granted, Right.POLICY)).isTrue();
        assertThat(grants.allows(granted, Right.PLACEMENT)).isFalse();
        assertThat(grants.allows(other, Right.POLICY)).isFalse();
        assertThat(Grants.refusal(other, Right.POLICY))
                .contains("--policy")
                .contains("not granted to user 1001")
                .contains("may: [policy]");
    }
}

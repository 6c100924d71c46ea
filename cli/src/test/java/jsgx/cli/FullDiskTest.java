package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import jsgx.cli.demo.Demo;
import jsgx.driver.InterfaceKind;
import jsgx.host.Daemon;
import jsgx.host.config.Configuration;
import jsgx.host.config.Setting;
import jsgx.host.service.HostContext;
import jsgx.launch.LaunchOptions;
import jsgx.launch.LaunchResult;
import jsgx.launch.Launcher;
import jsgx.launch.audit.AuditKey;
import jsgx.launch.audit.AuditReader;
import jsgx.launch.audit.AuditVerification;
import jsgx.launch.governor.Workloads;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A daemon whose state folder's disk is full: a small one in memory, which takes root. */
@Timeout(120)
class FullDiskTest {

    private static boolean run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().transferTo(OutputStream.nullOutputStream());
        return process.waitFor() == 0;
    }

    @Test
    void whatCannotBeRecordedDoesNotLaunchAndWithRoomItGoesOn() throws Exception {
        assumeTrue(Workloads.ofThisProcess().name().equals("uid:0"), "only root can mount a small disk");
        Path folder = Files.createTempDirectory(Path.of("/tmp"), "jsgx");
        Path disk = Files.createDirectory(folder.resolve("disk"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", disk.toString()),
                "no disk in memory can be mounted here");
        try {
            refuseWhileFull(folder, disk);
        } finally {
            // What is mapped of it stays until the JVM collects that.
            run("umount", "--lazy", disk.toString());
            Files.delete(disk);
            run("rm", "-rf", folder.toString());
        }
    }

    private static void refuseWhileFull(Path folder, Path disk) throws Exception {
        Path state = disk.resolve("state");
        Map<Setting, String> options = new EnumMap<>(Setting.class);
        options.put(Setting.STATE, state.toString());
        options.put(Setting.RUN_FOLDER, folder.resolve("run").toString());
        options.put(Setting.AESM_SOCKET, folder.resolve("run/aesm.socket").toString());
        options.put(Setting.CONSOLE_LISTEN, "none");
        options.put(Setting.EPC, "4MiB");
        Path nothing = Files.writeString(folder.resolve("jsgx.yaml"), "# nothing\n");
        Demo.Enclave enclave = Demo.create(new SecureRandom()).enclave();
        try (Daemon daemon =
                Daemon.start(new Configuration(nothing, Map.of(), options, false).load(), InstantSource.system())) {
            HostContext context = daemon.host().context();
            Launcher launcher =
                    Launcher.on(context.running(), context.governance().options());
            assertThat(launch(launcher, enclave).launched()).isTrue();

            Path filler = disk.resolve("filler");
            fill(filler);
            // The last page of the trail has room for a few.
            int more = 0;
            while (launch(launcher, enclave).launched()) {
                assertThat(++more).isLessThan(100);
            }
            for (int i = 0; i < 3; i++) {
                LaunchResult refused = launch(launcher, enclave);
                assertThat(refused.launched()).isFalse();
                assertThat(refused.code()).isEqualTo("POLICY_UNAVAILABLE");
            }

            Files.delete(filler);
            assertThat(launch(launcher, enclave).launched()).isTrue();
            assertThat(context.running().governor().launches()).isEmpty();
        }
        assertThat(AuditReader.verify(
                        state.resolve("audit"), AuditKey.readPublic(state.resolve("audit/key.pub")), List.of()))
                .isInstanceOf(AuditVerification.Intact.class);
    }

    private static LaunchResult launch(Launcher launcher, Demo.Enclave enclave) throws Exception {
        return launcher.launch(enclave.image(), enclave.sigstruct(), LaunchOptions.through(InterfaceKind.V5));
    }

    /** Writes until nothing more goes in, not a byte. */
    private static void fill(Path filler) throws IOException {
        int block = 1 << 16;
        try (OutputStream out = Files.newOutputStream(filler)) {
            while (block > 0) {
                try {
                    out.write(new byte[block]);
                } catch (IOException e) {
                    block /= 2;
                }
            }
        }
    }
}

package jsgx.launch.governor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import jsgx.launch.LaunchOptions;
import jsgx.launch.Launcher;
import jsgx.launch.TestEnclaves;
import jsgx.launch.TestPlatforms;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditTrail;

/**
 * Another process that shares a state folder. It launches one enclave again and again, and tells each outcome with its time as
 * {@link System#nanoTime}; or it launches it once and never gets to its end.
 */
final class LaunchingProcess {

    static final String FOR_EVER = "for-ever";
    static final String STUCK = "stuck";

    private static final int SEED = 61;

    private LaunchingProcess() {}

    /** The enclave: the same in each process. */
    static EnclaveImage image() {
        return TestEnclaves.image(SEED);
    }

    static Process start(Path folder, String how) throws IOException {
        List<String> command = Stream.of(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LaunchingProcess.class.getName(),
                        folder.toString(),
                        how)
                .toList();
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    public static void main(String[] args) throws Exception {
        boolean stuck = args[1].equals(STUCK);
        AuditTrail telling = event -> {
            if (event.kind() != AuditEvent.Kind.OUTCOME) {
                return;
            }
            System.out.println(event.verdict() + " " + System.nanoTime());
            if (stuck) {
                waitForEver();
            }
        };
        EnclaveImage image = image();
        var sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);
        GovernorOptions options = GovernorOptions.defaults()
                .withRevocations(RevocationFile.in(Path.of(args[0])))
                .withAudit(telling);
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options)) {
            while (!System.out.checkError()) {
                launcher.launch(image, sigstruct, LaunchOptions.through(InterfaceKind.MAINLINE));
            }
        }
    }

    private static void waitForEver() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

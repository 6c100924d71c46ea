package jsgx.cli.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import jsgx.driver.InterfaceKind;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.le.JavaLaunchEnclave;
import jsgx.machine.Machine;
import jsgx.machine.MachineException;
import jsgx.machine.MachineOptions;
import jsgx.machine.SharedEpc;
import jsgx.machine.event.EventSink;

/** The part of the demonstration in which a program that knows nothing of jsgx builds the enclave and enters it. */
public final class RunDemo {

    /** What the program prints where the enclave added up what it should. */
    static final String EXPECTED = "the enclave's sum: 42";

    /**
     * How the program ended.
     *
     * @param output what it printed
     * @param status its exit status
     * @param skipped why it was not run; empty where it was
     */
    public record Ran(String output, int status, String skipped) {

        /** Whether it ended as it should, or could not be tried here. */
        public boolean asExpected() {
            return !skipped.isEmpty() || (status == 0 && output.equals(EXPECTED));
        }
    }

    private RunDemo() {}

    /** The program: an executable file's bytes. */
    public static byte[] program(Demo.Enclave enclave) {
        return SgxProgram.elf(enclave.image(), enclave.sigstruct(), InterfaceKind.MAINLINE);
    }

    /** Writes the program into a file that its owner may execute. */
    public static void write(Demo.Enclave enclave, Path file) throws IOException {
        Files.write(file, program(enclave));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /**
     * Runs the program.
     *
     * @param folder where it and its output may lie
     * @throws MachineException where something else than a permission is missing
     */
    public static Ran run(Platform platform, Demo.Enclave enclave, Path folder) throws MachineException, IOException {
        if (!System.getProperty("os.name", "").equals("Linux")
                || !System.getProperty("os.arch", "").equals("amd64")) {
            return new Ran("", 0, "programs run on Linux on x86-64 only");
        }
        Path program = folder.resolve("program");
        Path output = folder.resolve("output");
        write(enclave, program);
        // A shell, as standard output is the demonstration's own.
        List<String> command = List.of("/bin/sh", "-c", "exec \"$0\" >\"$1\"", program.toString(), output.toString());
        try {
            int status = run(platform, command);
            String printed = Files.readString(output, StandardCharsets.UTF_8).strip();
            return new Ran(printed, status, "");
        } catch (MachineException e) {
            if (e.kind() == MachineException.Kind.NOT_PERMITTED) {
                return new Ran("", 0, String.valueOf(e.getMessage()));
            }
            throw e;
        }
    }

    private static int run(Platform platform, List<String> command) throws MachineException {
        SecureRandom random = new SecureRandom();
        MachineOptions options = MachineOptions.defaults();
        try (SharedEpc epc = SharedEpc.allocate(platform.epcSections());
                RunningPlatform running = RunningPlatform.of(
                        platform,
                        GovernorOptions.defaults(),
                        platform.powerOn(random, epc.epc()),
                        new JavaLaunchEnclave(random),
                        defaults -> Machine.driver(defaults, options))) {
            return Machine.run(command, options, running.driver(), epc, EventSink.NONE);
        }
    }
}

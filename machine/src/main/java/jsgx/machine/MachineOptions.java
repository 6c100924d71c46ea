package jsgx.machine;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import org.jspecify.annotations.Nullable;

/**
 * How a program is run.
 *
 * @param supervision how it is supervised; null for what works best here
 * @param strict whether what native execution does not enforce is closed where it can be, at a price; the program is traced then
 * @param interfaces whose devices there are
 * @param workload whom all enclaves of the run are charged to; null for the user of the process that opens the device
 * @param hidden folders that the program can read nothing of and change nothing in
 * @param environment the program's environment
 * @param directory its working directory
 * @param streams its standard streams
 * @param launchEnclave whether its {@code /dev/sgx} is the one that the kernel hands to its own launch enclave
 */
public record MachineOptions(
        @Nullable Supervision supervision,
        boolean strict,
        Set<InterfaceKind> interfaces,
        @Nullable Workload workload,
        List<Path> hidden,
        Map<String, String> environment,
        Path directory,
        Streams streams,
        boolean launchEnclave) {

    /** Descriptors of this process that the program gets as its standard input, output and error output. */
    public record Streams(int input, int output, int error) {

        /** This process's own. */
        public static final Streams OWN = new Streams(0, 1, 2);
    }

    public MachineOptions {
        interfaces = Set.copyOf(interfaces);
        hidden = List.copyOf(hidden);
        environment = Map.copyOf(environment);
    }

    /** What works best here, all interfaces, a workload for each user, nothing hidden; environment and directory are this process's. */
    public static MachineOptions defaults() {
        return new MachineOptions(
                null,
                false,
                EnumSet.allOf(InterfaceKind.class),
                null,
                List.of(),
                System.getenv(),
                Path.of("").toAbsolutePath(),
                Streams.OWN,
                false);
    }

    public MachineOptions withSupervision(@Nullable Supervision how) {
        return new MachineOptions(
                how, strict, interfaces, workload, hidden, environment, directory, streams, launchEnclave);
    }

    public MachineOptions withStrict(boolean on) {
        return new MachineOptions(
                supervision, on, interfaces, workload, hidden, environment, directory, streams, launchEnclave);
    }

    public MachineOptions withInterfaces(Set<InterfaceKind> kinds) {
        return new MachineOptions(
                supervision, strict, kinds, workload, hidden, environment, directory, streams, launchEnclave);
    }

    public MachineOptions withWorkload(Workload all) {
        return new MachineOptions(
                supervision, strict, interfaces, all, hidden, environment, directory, streams, launchEnclave);
    }

    public MachineOptions withHidden(Path... paths) {
        return new MachineOptions(
                supervision,
                strict,
                interfaces,
                workload,
                Arrays.asList(paths),
                environment,
                directory,
                streams,
                launchEnclave);
    }

    public MachineOptions withEnvironment(Map<String, String> variables) {
        return new MachineOptions(
                supervision, strict, interfaces, workload, hidden, variables, directory, streams, launchEnclave);
    }

    public MachineOptions withDirectory(Path folder) {
        return new MachineOptions(
                supervision, strict, interfaces, workload, hidden, environment, folder, streams, launchEnclave);
    }

    public MachineOptions withStreams(Streams descriptors) {
        return new MachineOptions(
                supervision, strict, interfaces, workload, hidden, environment, directory, descriptors, launchEnclave);
    }

    /** The run of a launch enclave: nobody is asked whether it may launch. */
    public MachineOptions forLaunchEnclave() {
        return new MachineOptions(
                supervision, strict, interfaces, workload, hidden, environment, directory, streams, true);
    }
}

package jsgx.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import jsgx.cli.demo.DaemonDemo;
import jsgx.cli.demo.Demo;
import jsgx.cli.demo.Demo.Ended;
import jsgx.cli.demo.DemoEnclave;
import jsgx.cli.demo.RunDemo;
import jsgx.cli.demo.RunDemo.Ran;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageException;
import jsgx.image.SgxsWriter;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchResult;
import jsgx.launch.Platform;
import jsgx.launch.json.Json;
import jsgx.machine.MachineException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code jsgx demo}. */
@Command(
        name = "demo",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx demo [--keep FOLDER] [OPTION...]",
        description = {
            "Launch a small enclave by the processor's rules, and by those of launch control; say why where it is refused.",
            "Then by a daemon, and by a program that builds and enters it.",
            "All on a platform that is made for it and forgotten: your own is not touched."
        },
        footerHeading = "%nExit status 1 where a step did not end as it should.%n%nExamples:%n",
        footer = {"  jsgx demo", "  jsgx demo --keep my-first-enclave"})
final class DemoCommand extends Subcommand {

    @Option(
            names = "--keep",
            paramLabel = "FOLDER",
            description =
                    "Keep the enclave, its SIGSTRUCT and its signer's key in a new folder, to try the other commands.")
    private @Nullable String keep;

    DemoCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, ImageException, LaunchException, MachineException, IOException {
        @Nullable Path folder = keep == null ? null : newFolder(keep);
        SecureRandom random = new SecureRandom();
        Screen screen = screen();
        if (!json()) {
            screen.line("A new machine with a launch enclave of its own, and a small enclave of four pages.");
            surroundings.out().flush();
        }
        Demo demo = Demo.create(random);
        List<Ended> steps = new ArrayList<>();
        Path scratch = Files.createTempDirectory("jsgx-demo-");
        Ran ran;
        try {
            Platform platform = Platform.create(random);
            Consumer<Ended> listener = ended -> {
                steps.add(ended);
                if (!json()) {
                    show(screen, ended, steps.size());
                }
            };
            demo.run(platform, scratch, random, listener);
            DaemonDemo.run(platform, demo.enclave(), scratch, listener);
            ran = RunDemo.run(platform, demo.enclave(), scratch);
        } finally {
            remove(scratch);
        }
        if (!json()) {
            show(screen, ran, steps.size() + 1);
        }
        boolean asExpected = steps.stream().allMatch(Ended::asExpected) && ran.asExpected();
        if (folder != null) {
            keep(demo.enclave(), folder);
        }
        if (json()) {
            print(new Json()
                    .put("asExpected", asExpected)
                    .put("steps", steps.stream().map(DemoCommand::json).toList())
                    .put(
                            "run",
                            new Json()
                                    .put("output", ran.output())
                                    .put("exitStatus", ran.status())
                                    .put("skipped", ran.skipped())
                                    .put("asExpected", ran.asExpected())));
        } else {
            summary(screen, steps, ran, folder != null);
        }
        return asExpected ? ExitStatus.DONE : ExitStatus.REFUSED;
    }

    private void show(Screen screen, Ended ended, int number) {
        screen.blank();
        screen.line(screen.bold(number + "  " + ended.step().title()));
        screen.blank();
        LaunchResults.show(screen, ended.result());
        if (!ended.asExpected()) {
            screen.line(screen.bad("not as it should be") + "  expected "
                    + String.join(" or ", ended.step().expected()) + ", found "
                    + ended.result().code());
        }
        surroundings.out().flush();
    }

    private static void show(Screen screen, Ran ran, int number) {
        screen.blank();
        screen.line(screen.bold(number + "  an unmodified program, which builds the same enclave and enters it"));
        screen.blank();
        if (!ran.skipped().isEmpty()) {
            screen.line("skipped  " + Text.printable(ran.skipped()));
            return;
        }
        screen.line("  " + Text.printable(ran.output()));
        screen.blank();
        screen.line((ran.asExpected() ? screen.good("ran") : screen.bad("not as it should be")) + "  exit status "
                + ran.status() + ", as  jsgx run  runs any program that expects SGX");
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> content = Files.walk(folder)) {
            for (Path file : content.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private void summary(Screen screen, List<Ended> steps, Ran ran, boolean kept) {
        boolean asExpected = steps.stream().allMatch(Ended::asExpected) && ran.asExpected();
        long launched =
                steps.stream().filter(ended -> ended.result().launched()).count();
        screen.blank();
        screen.line(
                asExpected
                        ? screen.good("as it should be") + "  " + launched + " launches, " + (steps.size() - launched)
                                + " refusals, each by another check"
                                + (ran.skipped().isEmpty() ? "; one program run" : "; no program run")
                        : screen.bad("not as it should be") + "  see above; this is a bug in jsgx: please report it");
        if (kept) {
            screen.blank();
            screen.line("Kept in " + Text.printable(String.valueOf(keep)) + ". To go on:");
            screen.line("  cd " + Text.printable(String.valueOf(keep)));
            screen.line("  jsgx inspect enclave.sgxs --sigstruct enclave.sigstruct");
            screen.line("  jsgx measure enclave.sgxs --diff flipped.sgxs");
            screen.line("  jsgx launch enclave.sgxs --sigstruct enclave.sigstruct");
            screen.line("  jsgx run --trace ./program");
            screen.line("  jsgx sign enclave.sgxs --key signer.pem -o mine.sigstruct --svn 1");
        }
    }

    private static Json json(Ended ended) {
        LaunchResult result = ended.result();
        return new Json()
                .put("name", ended.step().name())
                .put("verdict", LaunchResults.verdict(result))
                .put("code", result.code())
                .put("tokenSource", result.token().source().id())
                .put("staleCode", result.reissue().staleCode())
                .put("micros", Math.round(ended.micros()))
                .put("asExpected", ended.asExpected())
                .put("launch", LaunchResults.json(result));
    }

    /** A folder that does not exist yet, or is empty. */
    private Path newFolder(String name) throws BadInput, IOException {
        Path folder = surroundings.file(name);
        if (Files.exists(folder)) {
            if (!Files.isDirectory(folder)) {
                throw new BadInput(Text.printable(name) + ": a file: expected a new folder");
            }
            try (Stream<Path> content = Files.list(folder)) {
                if (content.findAny().isPresent()) {
                    throw new BadInput(Text.printable(name) + ": not empty: expected a new folder");
                }
            }
        }
        return Files.createDirectories(folder);
    }

    private void keep(Demo.Enclave enclave, Path folder) throws BadInput, ImageException, IOException {
        write(folder.resolve("enclave.sgxs"), sgxs(enclave.image()));
        write(folder.resolve("flipped.sgxs"), sgxs(DemoEnclave.withFlippedBit()));
        write(
                folder.resolve("enclave.sigstruct"),
                SigstructFields.bytes(enclave.sigstruct().memory()));
        enclave.signer().write(folder.resolve("signer.pem"));
        RunDemo.write(enclave, folder.resolve("program"));
    }

    private void write(Path file, byte[] content) throws BadInput, IOException {
        new OutputFile(file.toString(), surroundings).write(content);
    }

    private static byte[] sgxs(EnclaveImage image) throws ImageException, IOException {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        SgxsWriter.write(image, stream);
        return stream.toByteArray();
    }
}

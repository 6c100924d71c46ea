package jsgx.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** From {@code ./jsgx} to its exit, as a shell sees it, beside a JVM that says hello. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 5)
@Measurement(iterations = 25)
public class StartUp {

    private static final String JSGX =
            Path.of(System.getProperty("jsgx.root", "."), "jsgx").toString();
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    private Path folder = Path.of("");
    private String sigstruct = "";

    @Setup
    public void keepTheDemosFiles() throws IOException, InterruptedException {
        folder = Files.createTempDirectory("jsgx-start-up");
        Path demo = folder.resolve("demo");
        run(List.of(JSGX, "demo", "--keep", demo.toString()));
        sigstruct = demo.resolve("enclave.sigstruct").toString();
    }

    @TearDown
    public void deleteThem() throws IOException {
        try (var files = Files.walk(folder)) {
            files.map(Path::toFile).sorted((a, b) -> b.compareTo(a)).forEach(File::delete);
        }
    }

    @Benchmark
    public void inspect() throws IOException, InterruptedException {
        run(List.of(JSGX, "inspect", "--json", sigstruct));
    }

    @Benchmark
    public void helloWorld() throws IOException, InterruptedException {
        String bench = Path.of(System.getProperty("jsgx.root", "."), "bench", "target", "classes")
                .toString();
        run(List.of(JAVA, "-XX:+UseSerialGC", "-cp", bench, "jsgx.bench.HelloWorld"));
    }

    private void run(List<String> command) throws IOException, InterruptedException {
        File said = folder.resolve("said").toFile();
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("JSGX_HOME", folder.resolve("home").toString());
        Process process = builder.redirectOutput(said).redirectErrorStream(true).start();
        int status = process.waitFor();
        if (status > 1) {
            throw new IOException(command + " ended with " + status + ": " + Files.readString(said.toPath()));
        }
    }
}

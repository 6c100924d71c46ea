import com.github.benmanes.caffeine.cache.simulator.Simulator;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Runs Caffeine's simulator over what {@code Ours} wrote. Each line of {@code runs} is a trace, a number of entries, and policies; the simulator's
 * report on it stays beside the traces.
 */
final class Theirs {

    private Theirs() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        for (String line : Files.readAllLines(folder.resolve("runs"))) {
            String[] words = line.split(" ");
            Config config = ConfigFactory.parseMap(Map.of(
                            "maximum-size", Integer.parseInt(words[1]),
                            "policies", List.of(words[2].split(",")),
                            "admission", List.of("Always"),
                            "report.format", "csv",
                            "report.output", folder.resolve(words[0] + "-" + words[1] + ".csv").toString(),
                            "files.format", "lirs",
                            "files.paths", List.of(folder.resolve(words[0]).toString())))
                    .atPath("caffeine.simulator")
                    .withFallback(ConfigFactory.load());
            new Simulator(config).run();
        }
    }
}

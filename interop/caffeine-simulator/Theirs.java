import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.simulator.Simulator;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Runs Caffeine's simulator over what {@code Ours} wrote. Each line of {@code runs} is a trace, a number of entries, and policies, or the word caffeine; the simulator's
 * report on it stays beside the traces.
 */
final class Theirs {

    private Theirs() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        for (String line : Files.readAllLines(folder.resolve("runs"))) {
            String[] words = line.split(" ");
            if (words[2].equals("caffeine")) {
                caffeine(folder, words[0], Integer.parseInt(words[1]));
                continue;
            }
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

    /**
     * What the simulator's product.Caffeine does, but with no initial capacity, which makes Caffeine count from the first entry on and not
     * from half of the maximum: a cache that serves many workloads cannot give each of them the memory for that.
     */
    private static void caffeine(Path folder, String trace, int entries) throws IOException {
        Cache<Long, Long> cache = Caffeine.newBuilder()
                .executor(Runnable::run)
                .maximumSize(entries)
                .build();
        int hits = 0;
        List<String> keys = Files.readAllLines(folder.resolve(trace));
        for (String line : keys) {
            Long key = Long.valueOf(line);
            if (cache.getIfPresent(key) == null) {
                cache.put(key, key);
            } else {
                hits++;
            }
        }
        Files.writeString(
                folder.resolve(trace + "-" + entries + ".caffeine"), "%d %d".formatted(hits, keys.size()));
    }
}

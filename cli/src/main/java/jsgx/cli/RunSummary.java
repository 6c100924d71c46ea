package jsgx.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jsgx.launch.json.Json;
import jsgx.launch.token.TokenSource;
import jsgx.machine.event.Statistics;
import jsgx.machine.event.Statistics.Count;

/**
 * What a run came to in numbers.
 *
 * @param statistics the machine's counts
 * @param tokens enclaves initialised by where their token came from
 * @param refused INITs that were refused
 * @param nanos how long it all took
 * @param held EPC pages that nobody gave back; {@link #OF_A_DAEMON} where the EPC is a daemon's, which takes them back
 */
record RunSummary(Statistics statistics, Map<TokenSource, Long> tokens, long refused, long nanos, long held) {

    static final long OF_A_DAEMON = -1;

    private static final double MICRO = 1e3;

    void show(Screen screen) {
        List<List<String>> rows = new ArrayList<>();
        rows(rows, "", statistics.leaves(), "faulted");
        rows(rows, "ioctl ", statistics.ioctls(), "failed");
        statistics.exits().forEach((cause, count) -> rows.add(row("AEX " + cause, count.count(), "", "")));
        tokens.forEach((source, count) -> rows.add(row("token: " + source.id(), count, "", "")));
        add(rows, "INIT refused", refused);
        add(rows, "enclaves", statistics.enclaves());
        add(rows, "page faults served", statistics.faults());
        add(rows, "pages reclaimed", statistics.reclaimed());
        add(rows, "pages reloaded", statistics.reloaded());
        screen.line("jsgx: " + Text.time(nanos / MICRO) + ", " + pages(screen));
        screen.rows(rows);
    }

    private String pages(Screen screen) {
        if (held == OF_A_DAEMON) {
            return "on the daemon's processor";
        }
        return held == 0
                ? "every EPC page given back"
                : screen.bad(Text.count(held, "EPC page") + " not given back: a defect of jsgx");
    }

    private static void add(List<List<String>> rows, String what, long count) {
        if (count != 0) {
            rows.add(row(what, count, "", ""));
        }
    }

    private static void rows(List<List<String>> rows, String prefix, Map<String, Count> counts, String failed) {
        counts.forEach((name, count) -> rows.add(row(
                prefix + name,
                count.count(),
                count.nanos() == 0 ? "" : Text.time(count.nanos() / MICRO),
                count.failed() == 0 ? "" : count.failed() + " " + failed)));
    }

    private static List<String> row(String what, long count, String time, String note) {
        return List.of(what, Long.toString(count), time, note);
    }

    Json json() {
        Json sources = new Json();
        tokens.forEach((source, count) -> sources.put(source.id(), count));
        return new Json()
                .put("event", "summary")
                .put("micros", Math.round(nanos / MICRO))
                .put("leaves", json(statistics.leaves()))
                .put("ioctls", json(statistics.ioctls()))
                .put("asynchronousExits", json(statistics.exits()))
                .put("tokens", sources)
                .put("refused", refused)
                .put("enclaves", statistics.enclaves())
                .put("pageFaults", statistics.faults())
                .put("pagesReclaimed", statistics.reclaimed())
                .put("pagesReloaded", statistics.reloaded())
                .put("pagesHeld", held);
    }

    private static Json json(Map<String, Count> counts) {
        Json json = new Json();
        counts.forEach((name, count) -> json.put(
                name,
                new Json()
                        .put("count", count.count())
                        .put("failed", count.failed())
                        .put("micros", Math.round(count.nanos() / MICRO))));
        return json;
    }
}

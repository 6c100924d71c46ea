package jsgx.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import jsgx.launch.LaunchResult;
import jsgx.launch.json.Json;

/** How a launch went, for people and for programs. */
final class LaunchResults {

    private LaunchResults() {}

    /** The timeline of a launch, its verdict, and the reason of a refusal. */
    static void show(Screen screen, LaunchResult result) {
        List<List<String>> rows = new ArrayList<>();
        for (LaunchResult.Step step : result.timeline()) {
            String name = step.count() > 1 ? step.name() + " " + step.count() : step.name();
            rows.add(List.of(name, Text.time(step.micros()), screen.hashes(Text.printable(step.note()))));
        }
        screen.rows(rows);
        screen.blank();
        if (result.launched()) {
            screen.line(screen.good("launched") + "  MRENCLAVE " + screen.hash(result.mrEnclave()));
        } else {
            screen.line(screen.bad("refused") + "  " + result.explanation().headline());
            screen.blank();
            Explanations.show(screen, result.explanation());
        }
    }

    /** A launch as JSON. */
    static Json json(LaunchResult result) {
        return new Json()
                .put("verdict", verdict(result))
                .put("stage", result.stage().name().toLowerCase(Locale.ROOT))
                .put("code", result.code())
                .put("interface", Interfaces.id(result.driver()))
                .put("ioctlResult", result.ioctlResult())
                .put("mrenclave", result.mrEnclave())
                .put("mrsigner", result.mrSigner())
                .put("attributes", Text.mask(result.attributes().flags()))
                .put("xfrm", Text.mask(result.attributes().xfrm()))
                .put("miscSelect", Text.mask(result.miscSelect()))
                .put("token", new Json().put("source", result.token().source().id()))
                .put("staleCode", result.reissue().staleCode())
                .put("reissueReason", result.reissue().reason())
                .put("pages", result.pages())
                .put(
                        "timeline",
                        result.timeline().stream().map(LaunchResults::json).toList())
                .put("explain", Explanations.text(result.explanation()))
                .put("reason", Explanations.json(result.explanation()));
    }

    /** {@code launched} or {@code refused}. */
    static String verdict(LaunchResult result) {
        return result.launched() ? "launched" : "refused";
    }

    private static Json json(LaunchResult.Step step) {
        return new Json()
                .put("step", step.name())
                .put("count", step.count())
                .put("micros", Math.round(step.micros() * 10) / 10.0)
                .put("note", step.note());
    }
}

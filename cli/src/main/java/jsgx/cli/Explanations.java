package jsgx.cli;

import java.util.ArrayList;
import java.util.List;
import jsgx.cli.Screen.Fact;
import jsgx.launch.Explanation;
import jsgx.launch.json.Json;

/** How the reason of a refusal is shown: beneath each other for people, as one text and as fields for JSON. */
final class Explanations {

    private Explanations() {}

    /** The reason beneath its headline, which the caller prints. */
    static void show(Screen screen, Explanation explanation) {
        List<Fact> facts = new ArrayList<>();
        for (Fact fact : facts(explanation)) {
            facts.add(new Fact(fact.label(), screen.hashes(fact.value())));
        }
        screen.facts(facts);
    }

    /** The reason in one text: the headline, then a line for each part. */
    static String text(Explanation explanation) {
        StringBuilder text = new StringBuilder(explanation.headline());
        for (Fact fact : facts(explanation)) {
            text.append('\n').append(fact.label()).append(": ").append(fact.value());
        }
        return text.toString();
    }

    /** The reason part by part. */
    static Json json(Explanation explanation) {
        return new Json()
                .put("headline", explanation.headline())
                .put("check", explanation.check())
                .put("where", explanation.where())
                .put("expected", explanation.expected())
                .put("found", explanation.found())
                .put("details", explanation.details())
                .put("whatToDo", explanation.whatToDo());
    }

    private static List<Fact> facts(Explanation explanation) {
        List<Fact> facts = new ArrayList<>();
        String place = explanation.where().isEmpty() ? "" : " (" + explanation.where() + ")";
        add(facts, "which check", explanation.check().isEmpty() ? "" : explanation.check() + place);
        add(facts, "expected", explanation.expected());
        add(facts, "found", explanation.found());
        for (String detail : explanation.details()) {
            add(facts, "where", detail);
        }
        add(facts, "what to do", explanation.whatToDo());
        return facts;
    }

    private static void add(List<Fact> facts, String label, String value) {
        if (!value.isEmpty()) {
            facts.add(new Fact(label, Text.printable(value)));
        }
    }
}

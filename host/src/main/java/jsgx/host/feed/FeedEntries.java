package jsgx.host.feed;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.LaunchRequest;
import jsgx.host.feed.FeedEntry.Fact;
import jsgx.host.feed.FeedEntry.Micros;
import jsgx.launch.Explanation;
import jsgx.launch.InitReport;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.governor.Ending;
import jsgx.launch.governor.IssuedToken;
import jsgx.launch.governor.Judgement;

/** Makes entries of the feed. */
final class FeedEntries {

    private static final double NANOS = 1e3;

    private FeedEntries() {}

    static FeedEntry of(long number, Instant time, int pid, Ending ending, InitReport report) {
        Judgement said = ending.judgement();
        LaunchRequest request = said.request();
        Sigstruct sigstruct = Sigstruct.of(request.sigstruct());
        Explanation why = report.explanation();
        return new FeedEntry(
                number,
                ending.id(),
                time,
                request.workload().name(),
                pid,
                word(request.kind()),
                HexFormat.of().formatHex(request.mrEnclave()),
                HexFormat.of().formatHex(request.mrSigner()),
                sigstruct.isvProdId(),
                sigstruct.isvSvn(),
                ending.launched() ? "launched" : "refused",
                word(report.stage()),
                report.code(),
                ending.verdict().rule(),
                ending.launched() ? "" : reason(ending, why),
                said.issue().source().id(),
                new Micros(
                        said.policyNanos() / NANOS,
                        said.tokenNanos() / NANOS,
                        (said.auditNanos() + ending.auditNanos()) / NANOS,
                        ending.einitNanos() / NANOS),
                ending.verdict().revision(),
                ending.launched() ? "" : why.headline(),
                ending.launched() ? List.of() : facts(why));
    }

    static FeedEntry of(long number, int pid, AuditEvent event, IssuedToken issued) {
        boolean refused = event.verdict().equals("refused");
        boolean byPolicy = !issued.verdict().effect().launches();
        return new FeedEntry(
                number,
                event.id(),
                event.time(),
                event.workload(),
                pid,
                "aesm",
                event.mrEnclave(),
                event.mrSigner(),
                FeedEntry.UNKNOWN,
                FeedEntry.UNKNOWN,
                refused ? "refused" : "issued",
                byPolicy ? "policy" : refused ? "le" : "aesm",
                event.code(),
                event.rule(),
                refused ? event.reason() : "",
                event.tokenSource(),
                new Micros(0, issued.tokenNanos() / NANOS, 0, 0),
                event.revision(),
                refused ? "no token: " + event.code() : "",
                refused ? List.of(new Fact("found", event.reason())) : List.of());
    }

    private static String reason(Ending ending, Explanation why) {
        return ending.verdict().effect().launches()
                ? why.headline()
                : ending.verdict().reason();
    }

    private static List<Fact> facts(Explanation why) {
        List<Fact> facts = new ArrayList<>();
        add(facts, "which check", why.check().isEmpty() ? why.where() : why.check() + " (" + why.where() + ")");
        add(facts, "expected", why.expected());
        add(facts, "found", why.found());
        why.details().forEach(detail -> add(facts, "where", detail));
        add(facts, "what to do", why.whatToDo());
        return facts;
    }

    private static void add(List<Fact> facts, String label, String value) {
        if (!value.isEmpty()) {
            facts.add(new Fact(label, value));
        }
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}

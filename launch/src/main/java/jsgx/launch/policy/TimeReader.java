package jsgx.launch.policy;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jsgx.launch.yaml.Fields;
import jsgx.launch.yaml.Problems;
import jsgx.launch.yaml.YamlNode;

/** Reads {@code time:}, when a rule holds. */
final class TimeReader {

    private static final Set<String> KEYS = Set.of("from", "until", "daily", "days", "zone");
    private static final Pattern DAILY = Pattern.compile("([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})");
    private static final List<String> DAYS = List.of("mon", "tue", "wed", "thu", "fri", "sat", "sun");

    private final Problems problems;
    private final Values values;

    TimeReader(Problems problems) {
        this.problems = problems;
        this.values = new Values(problems);
    }

    Optional<TimeWindow> read(YamlNode node) {
        return Fields.of(node, KEYS, problems).map(this::window);
    }

    private TimeWindow window(Fields fields) {
        ZoneId zone = fields.node("zone").flatMap(this::zone).orElse(ZoneOffset.UTC);
        long from = fields.node("from")
                .flatMap(node -> values.instant(node, zone))
                .map(Instant::getEpochSecond)
                .orElse(Long.MIN_VALUE);
        long until = fields.node("until")
                .flatMap(node -> values.instant(node, zone))
                .map(Instant::getEpochSecond)
                .orElse(Long.MAX_VALUE);
        if (from >= until) {
            problems.add(fields.place(), "\"from\" is not before \"until\": the rule could never match");
        }
        int[] daily = fields.node("daily").flatMap(this::daily).orElse(new int[] {0, TimeWindow.DAY});
        Set<DayOfWeek> days = fields.node("days").map(this::days).orElse(EnumSet.allOf(DayOfWeek.class));
        List<String> texts = new ArrayList<>();
        for (String key : List.of("from", "until", "daily", "days", "zone")) {
            fields.node(key).ifPresent(value -> texts.add(key + " " + written(value)));
        }
        if (texts.isEmpty() || (texts.size() == 1 && fields.node("zone").isPresent())) {
            problems.add(fields.place(), "no time: expected at least one of from, until, daily, days");
        }
        return new TimeWindow(from, until, days, daily[0], daily[1], zone, String.join(", ", texts));
    }

    private static String written(YamlNode node) {
        return switch (node) {
            case YamlNode.Scalar scalar -> scalar.value();
            case YamlNode.Sequence list ->
                String.join("/", list.items().stream().map(TimeReader::written).toList());
            case YamlNode.Mapping mapping -> mapping.kind();
        };
    }

    private Optional<ZoneId> zone(YamlNode node) {
        String expected = "a time zone such as Europe/Berlin, UTC or +02:00";
        return Fields.scalar(node, expected, problems).flatMap(scalar -> {
            try {
                return Optional.of(ZoneId.of(scalar.value()).normalized());
            } catch (DateTimeException e) {
                problems.add(scalar, "expected %s, found %s".formatted(expected, scalar.kind()));
                return Optional.empty();
            }
        });
    }

    private Optional<int[]> daily(YamlNode node) {
        String expected = "hours such as 08:00-18:00";
        return Fields.scalar(node, expected, problems).flatMap(scalar -> {
            Matcher matcher = DAILY.matcher(scalar.value());
            if (matcher.matches()) {
                int from = seconds(matcher.group(1), matcher.group(2));
                int until = seconds(matcher.group(3), matcher.group(4));
                if (from >= 0 && from < TimeWindow.DAY && until >= 0 && from != until) {
                    return Optional.of(new int[] {from, until});
                }
            }
            problems.add(scalar, "expected %s, found %s".formatted(expected, scalar.kind()));
            return Optional.empty();
        });
    }

    /** The second of the day, or -1; 24:00 is the end of a day. */
    private static int seconds(String hours, String minutes) {
        int second = Integer.parseInt(hours) * 3600 + Integer.parseInt(minutes) * 60;
        return Integer.parseInt(minutes) < 60 && second <= TimeWindow.DAY ? second : -1;
    }

    private Set<DayOfWeek> days(YamlNode node) {
        String expected = "a day such as mon, or several such as mon-fri";
        Set<DayOfWeek> all = EnumSet.noneOf(DayOfWeek.class);
        for (YamlNode.Scalar scalar : Fields.scalars(node, expected, problems)) {
            String[] ends = scalar.value().split("-", 2);
            int first = DAYS.indexOf(ends[0]);
            int last = DAYS.indexOf(ends[ends.length - 1]);
            if (first < 0 || last < 0) {
                problems.add(scalar, "expected %s, found %s".formatted(expected, scalar.kind()));
                continue;
            }
            for (int day = first; ; day = (day + 1) % DAYS.size()) {
                all.add(DayOfWeek.of(day + 1));
                if (day == last) {
                    break;
                }
            }
        }
        return all;
    }
}

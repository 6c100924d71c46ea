package jsgx.launch.policy;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jsgx.arch.struct.Attributes;
import jsgx.launch.yaml.Fields;
import jsgx.launch.yaml.Problems;
import jsgx.launch.yaml.YamlNode;

/** Reads numbers, ranges, masks, sizes and times as the files of a policy spell them. */
final class Values {

    /** ATTRIBUTES by the manual's names. */
    static final Map<String, Long> ATTRIBUTES = attributes();

    private static final Pattern RANGE = Pattern.compile("(.*?)\\.\\.(.*)");
    private static final Pattern SIZE = Pattern.compile("([0-9]+) ?(KiB|MiB|GiB|TiB|bytes)?");
    private static final Pattern DECIMAL = Pattern.compile("(0|[1-9][0-9]{0,18})(\\.[0-9]{1,9})?");

    private final Problems problems;

    Values(Problems problems) {
        this.problems = problems;
    }

    /** Reads a number out of a text; empty where it is none. */
    private interface Number {
        OptionalLong parse(String text);
    }

    /** A whole number up to a maximum. */
    Optional<Long> number(YamlNode node, long min, long max) {
        String expected = min == max ? Long.toString(min) : "a number from %d to %d".formatted(min, max);
        return Fields.scalar(node, expected, problems).flatMap(scalar -> {
            OptionalLong value = whole(scalar.value());
            if (value.isEmpty() || value.getAsLong() < min || value.getAsLong() > max) {
                problems.add(scalar, "expected %s, found %s".formatted(expected, scalar.kind()));
                return Optional.empty();
            }
            return Optional.of(value.getAsLong());
        });
    }

    /** A positive number with or without a fraction. */
    Optional<Double> rate(YamlNode node) {
        String expected = "a number above 0, such as 5 or 0.5";
        return Fields.scalar(node, expected, problems).flatMap(scalar -> {
            if (!DECIMAL.matcher(scalar.value()).matches() || new BigDecimal(scalar.value()).signum() == 0) {
                problems.add(scalar, "expected %s, found %s".formatted(expected, scalar.kind()));
                return Optional.empty();
            }
            return Optional.of(Double.parseDouble(scalar.value()));
        });
    }

    /** Numbers of 16 bits: {@code 3}, {@code 3..5}, {@code 3..}, {@code ..5}, or a list of those. */
    Optional<Ranges> u16Ranges(YamlNode node) {
        return ranges(node, Values::whole, 0xffff, "a number from 0 to 65535, or a range such as 3.. or 3..5");
    }

    /** Sizes: {@code 64MiB}, {@code 1MiB..64MiB}, or a list of those. */
    Optional<Ranges> sizeRanges(YamlNode node) {
        return ranges(node, Values::bytes, Long.MAX_VALUE, "a size such as 64MiB, or a range such as ..64MiB");
    }

    /** A number of bytes, with or without a unit. */
    Optional<Long> size(YamlNode node) {
        String expected = "a size such as 64KiB";
        return Fields.scalar(node, expected, problems).flatMap(scalar -> {
            OptionalLong value = bytes(scalar.value());
            if (value.isEmpty()) {
                problems.add(scalar, "expected %s, found %s".formatted(expected, scalar.kind()));
                return Optional.empty();
            }
            return Optional.of(value.getAsLong());
        });
    }

    private Optional<Ranges> ranges(YamlNode node, Number number, long max, String expected) {
        List<Ranges.Range> ranges = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        List<YamlNode.Scalar> scalars = Fields.scalars(node, expected, problems);
        for (YamlNode.Scalar scalar : scalars) {
            String text = scalar.value();
            Matcher range = RANGE.matcher(text);
            boolean isRange = range.matches();
            String from = isRange ? range.group(1) : text;
            String to = isRange ? range.group(2) : text;
            OptionalLong low = isRange && from.isEmpty() ? OptionalLong.of(0) : number.parse(from);
            OptionalLong high = isRange && to.isEmpty() ? OptionalLong.of(max) : number.parse(to);
            if (low.isEmpty()
                    || high.isEmpty()
                    || low.getAsLong() > max
                    || high.getAsLong() > max
                    || (from.isEmpty() && to.isEmpty())) {
                problems.add(scalar, "expected %s, found %s".formatted(expected, scalar.kind()));
            } else if (low.getAsLong() > high.getAsLong()) {
                problems.add(scalar, "an empty range: its first number is above its last");
            } else {
                ranges.add(new Ranges.Range(low.getAsLong(), high.getAsLong()));
                texts.add(text);
            }
        }
        return ranges.size() < scalars.size() || ranges.isEmpty()
                ? Optional.empty()
                : Optional.of(Ranges.of(ranges, String.join(" or ", texts)));
    }

    /** ATTRIBUTES: {@code required:} and {@code forbidden:} with names. */
    Optional<Bits> attributes(YamlNode node) {
        return Fields.of(node, Set.of("required", "forbidden"), problems).flatMap(fields -> {
            OptionalLong required = names(fields.node("required"));
            OptionalLong forbidden = names(fields.node("forbidden"));
            return required.isEmpty() || forbidden.isEmpty()
                    ? Optional.empty()
                    : bits(fields, required.getAsLong(), forbidden.getAsLong());
        });
    }

    /** A mask: the exact value, or {@code required:} and {@code forbidden:} with the bits. */
    Optional<Bits> mask(YamlNode node, long width) {
        if (node instanceof YamlNode.Scalar) {
            return maskValue(Optional.of(node), width).stream()
                    .mapToObj(value -> new Bits(width, value, "exactly 0x" + Long.toHexString(value)))
                    .findFirst();
        }
        return Fields.of(node, Set.of("required", "forbidden"), problems).flatMap(fields -> {
            OptionalLong required = maskValue(fields.node("required"), width);
            OptionalLong forbidden = maskValue(fields.node("forbidden"), width);
            return required.isEmpty() || forbidden.isEmpty()
                    ? Optional.empty()
                    : bits(fields, required.getAsLong(), forbidden.getAsLong());
        });
    }

    private Optional<Bits> bits(Fields fields, long required, long forbidden) {
        if ((required & forbidden) != 0) {
            problems.add(fields.place(), "the same bit is required and forbidden: the rule could never match");
            return Optional.empty();
        }
        if ((required | forbidden) == 0) {
            problems.add(fields.place(), "nothing is required or forbidden: expected at least one bit");
            return Optional.empty();
        }
        List<String> texts = new ArrayList<>();
        fields.node("required").ifPresent(node -> texts.add("with " + written(node)));
        fields.node("forbidden").ifPresent(node -> texts.add("without " + written(node)));
        return Optional.of(new Bits(required | forbidden, required, String.join(", ", texts)));
    }

    private static String written(YamlNode node) {
        return switch (node) {
            case YamlNode.Scalar scalar -> scalar.value();
            case YamlNode.Sequence list ->
                String.join(", ", list.items().stream().map(Values::written).toList());
            case YamlNode.Mapping mapping -> mapping.kind();
        };
    }

    /** Bits by the names of ATTRIBUTES; 0 where there is no value, empty where it is wrong. */
    OptionalLong names(Optional<YamlNode> node) {
        if (node.isEmpty()) {
            return OptionalLong.of(0);
        }
        long bits = 0;
        List<YamlNode.Scalar> scalars = Fields.scalars(node.get(), "an attribute such as DEBUG", problems);
        boolean wrong = scalars.isEmpty();
        for (YamlNode.Scalar scalar : scalars) {
            // The manual writes PROVISIONKEY and EINITTOKEN_KEY, Linux leaves the underscore out, people put it in.
            Long bit = ATTRIBUTES.get(scalar.value().replace("_", ""));
            if (bit == null) {
                problems.add(
                        scalar,
                        "there is no attribute \"%s\"%s"
                                .formatted(scalar.value(), Fields.suggestion(scalar.value(), ATTRIBUTES.keySet())));
                wrong = true;
            } else {
                bits |= bit;
            }
        }
        return wrong ? OptionalLong.empty() : OptionalLong.of(bits);
    }

    /** A mask; 0 where there is no value, empty where it is wrong. */
    OptionalLong maskValue(Optional<YamlNode> node, long width) {
        if (node.isEmpty()) {
            return OptionalLong.of(0);
        }
        String expected = "a mask such as 0x3, of %d bits".formatted(Long.bitCount(width));
        Optional<YamlNode.Scalar> scalar = Fields.scalar(node.get(), expected, problems);
        if (scalar.isEmpty()) {
            return OptionalLong.empty();
        }
        String text = scalar.get().value();
        try {
            long value = text.startsWith("0x")
                    ? Long.parseUnsignedLong(text.substring(2), 16)
                    : whole(text).orElseThrow(NumberFormatException::new);
            if (!text.startsWith("0x+") && (value & ~width) == 0) {
                return OptionalLong.of(value);
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        problems.add(
                scalar.get(),
                "expected %s, found %s".formatted(expected, scalar.get().kind()));
        return OptionalLong.empty();
    }

    /** A moment: {@code 2026-01-31}, {@code 2026-01-31T08:00:00}, or with {@code Z} or an offset. */
    Optional<Instant> instant(YamlNode node, ZoneId zone) {
        String expected = "a time such as 2026-01-31 or 2026-01-31T08:00:00Z";
        return Fields.scalar(node, expected, problems).flatMap(scalar -> {
            try {
                return Optional.of(instant(scalar.value(), zone));
            } catch (DateTimeException e) {
                problems.add(scalar, "expected %s, found %s".formatted(expected, scalar.kind()));
                return Optional.empty();
            }
        });
    }

    private static Instant instant(String text, ZoneId zone) {
        if (!text.contains("T")) {
            return LocalDate.parse(text).atStartOfDay(zone).toInstant();
        }
        return text.matches(".*(Z|[+-][0-9:]+)")
                ? OffsetDateTime.parse(text).toInstant()
                : LocalDateTime.parse(text).atZone(zone).toInstant();
    }

    /** A whole number without sign or leading zeroes; hexadecimal after 0x. */
    private static OptionalLong whole(String text) {
        try {
            if (text.matches("0x[0-9a-fA-F]{1,15}")) {
                return OptionalLong.of(Long.parseLong(text, 2, text.length(), 16));
            }
            return text.matches("0|[1-9][0-9]{0,18}") ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    private static OptionalLong bytes(String text) {
        Matcher size = SIZE.matcher(text);
        if (!size.matches()) {
            return OptionalLong.empty();
        }
        int shift = switch (String.valueOf(size.group(2))) {
            case "KiB" -> 10;
            case "MiB" -> 20;
            case "GiB" -> 30;
            case "TiB" -> 40;
            default -> 0;
        };
        OptionalLong number = whole(size.group(1));
        return number.isEmpty() || number.getAsLong() > Long.MAX_VALUE >> shift
                ? OptionalLong.empty()
                : OptionalLong.of(number.getAsLong() << shift);
    }

    private static Map<String, Long> attributes() {
        Map<String, Long> names = new LinkedHashMap<>();
        names.put("DEBUG", Attributes.DEBUG);
        names.put("MODE64BIT", Attributes.MODE64BIT);
        names.put("PROVISIONKEY", Attributes.PROVISIONKEY);
        names.put("EINITTOKENKEY", Attributes.EINITTOKENKEY);
        names.put("CET", Attributes.CET);
        names.put("KSS", Attributes.KSS);
        names.put("AEXNOTIFY", Attributes.AEXNOTIFY);
        return names;
    }
}

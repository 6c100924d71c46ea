package jsgx.launch.yaml;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.parser.Parser;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * Reads the part of YAML that the files of jsgx are written in: keys, lists and text. Anchors, aliases, tags, merge keys and several
 * documents in a file are refused: they let a short file stand for a long one, or a reader misread it.
 */
public final class YamlReader {

    /** How many bytes a file may have. */
    public static final int MAX_SIZE = 32 << 20;

    private static final int MAX_DEPTH = 16;

    private final Problems problems;
    private final Iterator<Event> events;
    private final String passedOn;
    private final Consumer<YamlNode> items;

    private YamlReader(Problems problems, Iterator<Event> events, String passedOn, Consumer<YamlNode> items) {
        this.problems = problems;
        this.events = events;
        this.passedOn = passedOn;
        this.items = items;
    }

    /** A file's text, or why it is none. */
    public static String text(String file, byte[] content) throws YamlException {
        if (content.length > MAX_SIZE) {
            throw new YamlException(YamlError.of(
                    file, "%d bytes, expected at most %d: it is no such file".formatted(content.length, MAX_SIZE)));
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(content);
        CharBuffer out = CharBuffer.allocate(content.length);
        CoderResult result = decoder.decode(in, out, true);
        out.flip();
        String text = out.toString();
        if (result.isError()) {
            Problems problems = new Problems(file, text);
            addAt(
                    problems,
                    text,
                    text.length(),
                    "this is not UTF-8: byte 0x%02x at offset %d"
                            .formatted(content[in.position()] & 0xff, in.position()));
            throw new YamlException(problems.errors().getFirst());
        }
        return text;
    }

    /** The keys of a file; where that cannot be, the reason is among the problems. */
    public static Optional<YamlNode.Mapping> read(String text, Problems problems) {
        return read(text, problems, "", item -> {});
    }

    /**
     * As {@link #read(String, Problems)}, of a file with one long list, whose items are passed on as they come and not kept: the list is empty in what is
     * returned.
     *
     * @param key what the list stands under in the file
     * @param items gets each of its items, also those before a place where the file cannot be read
     */
    public static Optional<YamlNode.Mapping> read(
            String text, Problems problems, String key, Consumer<YamlNode> items) {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(problems.file())
                .setUseMarks(true)
                .setCodePointLimit(MAX_SIZE)
                .build();
        try {
            Parser parser = new ParserImpl(settings, new StreamReader(settings, text));
            return new YamlReader(problems, parser, key, items).document();
        } catch (Refused e) {
            problems.add(e.line, e.column, e.what);
        } catch (ReaderException e) {
            int at = text.offsetByCodePoints(0, Math.min(e.getPosition(), text.codePointCount(0, text.length())));
            addAt(problems, text, at, "the character U+%04X does not belong in a text".formatted(e.getCodePoint()));
        } catch (MarkedYamlEngineException e) {
            String context = e.getContext() == null ? "" : e.getContext() + ", ";
            Optional<Mark> mark = e.getProblemMark().or(e::getContextMark);
            problems.add(
                    mark.map(m -> m.getLine() + 1).orElse(0),
                    mark.map(m -> m.getColumn() + 1).orElse(0),
                    "this is not YAML: " + oneLine(context + e.getProblem()));
        } catch (YamlEngineException e) {
            problems.add(0, 0, "this is not YAML: " + oneLine(e.getMessage()));
        }
        return Optional.empty();
    }

    private Optional<YamlNode.Mapping> document() {
        events.next();
        Event first = events.next();
        if (first.getEventId() == Event.ID.StreamEnd) {
            throw new Refused(1, 1, "an empty file: expected keys with values");
        }
        YamlNode root = node(events.next(), 0, null);
        events.next();
        Event end = events.next();
        if (end.getEventId() != Event.ID.StreamEnd) {
            throw new Refused(end, "a second document: expected one in a file");
        }
        if (root instanceof YamlNode.Mapping mapping) {
            return Optional.of(mapping);
        }
        throw new Refused(root.line(), root.column(), "expected keys with values, found " + root.kind());
    }

    /** @param away gets the items of a list, which does not keep them; null where it keeps them */
    private YamlNode node(Event event, int depth, @Nullable Consumer<YamlNode> away) {
        if (event.getEventId() == Event.ID.Alias) {
            throw new Refused(event, "an alias: expected the value itself");
        }
        if (event instanceof NodeEvent node && node.getAnchor().isPresent()) {
            throw new Refused(event, "an anchor: expected a value without one");
        }
        if (depth > MAX_DEPTH) {
            throw new Refused(event, "nested too deep: expected at most %d levels".formatted(MAX_DEPTH));
        }
        return switch (event.getEventId()) {
            case Scalar -> scalar((ScalarEvent) event);
            case SequenceStart -> sequence(untagged((CollectionStartEvent) event), depth, away);
            case MappingStart -> mapping(untagged((CollectionStartEvent) event), depth);
            default -> throw new Refused(event, "unexpected " + event.getEventId());
        };
    }

    private static CollectionStartEvent untagged(CollectionStartEvent event) {
        if (event.getTag().isPresent()) {
            throw new Refused(event, "a tag: expected a value without one");
        }
        return event;
    }

    private static YamlNode.Scalar scalar(ScalarEvent event) {
        if (event.getTag().isPresent()) {
            throw new Refused(event, "a tag: expected a value without one");
        }
        YamlNode.Scalar.Style style = switch (event.getScalarStyle()) {
            case ScalarStyle.PLAIN -> YamlNode.Scalar.Style.PLAIN;
            case ScalarStyle.LITERAL -> YamlNode.Scalar.Style.LITERAL;
            case ScalarStyle.FOLDED -> YamlNode.Scalar.Style.FOLDED;
            default -> YamlNode.Scalar.Style.QUOTED;
        };
        return new YamlNode.Scalar(event.getValue(), style, line(event), column(event));
    }

    private YamlNode sequence(Event start, int depth, @Nullable Consumer<YamlNode> away) {
        List<YamlNode> kept = new ArrayList<>();
        Consumer<YamlNode> each = away == null ? kept::add : away;
        Event event = events.next();
        while (event.getEventId() != Event.ID.SequenceEnd) {
            each.accept(node(event, depth + 1, null));
            event = events.next();
        }
        return new YamlNode.Sequence(kept, line(start), column(start));
    }

    private YamlNode mapping(Event start, int depth) {
        Map<String, YamlNode.Entry> entries = new LinkedHashMap<>();
        Event event = events.next();
        while (event.getEventId() != Event.ID.MappingEnd) {
            YamlNode key = node(event, depth + 1, null);
            if (!(key instanceof YamlNode.Scalar name)) {
                throw new Refused(key.line(), key.column(), "expected a key, found " + key.kind());
            }
            boolean away = depth == 0 && name.value().equals(passedOn);
            YamlNode value = node(events.next(), depth + 1, away ? items : null);
            YamlNode.Entry earlier = entries.putIfAbsent(name.value(), new YamlNode.Entry(name, value));
            if (earlier != null) {
                problems.add(
                        name,
                        "\"%s\" stands here a second time: the first is in line %d"
                                .formatted(name.value(), earlier.key().line()));
            }
            event = events.next();
        }
        return new YamlNode.Mapping(entries, line(start), column(start));
    }

    private static String oneLine(@Nullable String message) {
        return String.valueOf(message).replaceAll("\\p{Cntrl}+", " ");
    }

    private static int line(Event event) {
        return event.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    }

    private static int column(Event event) {
        return event.getStartMark().map(mark -> mark.getColumn() + 1).orElse(0);
    }

    private static void addAt(Problems problems, String text, int at, String message) {
        int line =
                1 + (int) text.substring(0, at).chars().filter(c -> c == '\n').count();
        int column = at - (text.lastIndexOf('\n', at - 1) + 1) + 1;
        problems.add(line, column, message);
    }

    /** YAML that is not read. */
    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final int line;
        private final int column;
        private final String what;

        Refused(int line, int column, String message) {
            super(message);
            this.what = message;
            this.line = line;
            this.column = column;
        }

        Refused(Event event, String message) {
            this(line(event), column(event), message);
        }
    }
}

package jsgx.study.run;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jsgx.launch.json.Json;

/** Whatever stands where a study's cells should: it is taken over as this version would have written it, line by line, or refused with the line. */
class CellsFuzzTest {

    private static final Cells GOOD =
            Studies.run(Studies.recorded(Studies.plan(List.of("one", "two"), 1), List.of("two")), 2, Studies::madeUp);

    private static final List<String> VALUES = GOOD.plan().designs().stream()
            .flatMap(design -> Grid.json(design).values().stream().map(Json::line))
            .distinct()
            .toList();

    @FuzzTest
    void cells(FuzzedDataProvider data) throws IOException {
        List<String> lines = new ArrayList<>(List.of(GOOD.plan().line()));
        GOOD.results().forEach(result -> lines.add(result.line()));
        int cut = data.consumeBoolean() ? data.consumeInt(0, 1 << 14) : 0;
        while (data.remainingBytes() > 0) {
            change(lines, data);
        }
        String text = String.join("\n", lines) + "\n";
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = Math.max(0, bytes.length - cut);

        CellReader reader = new CellReader(Path.of("cells.jsonl"));
        try {
            Cells cells = reader.read(new ByteArrayInputStream(bytes, 0, length));
            if (cells != null) {
                checkTakenOver(cells, new String(bytes, 0, (int) reader.whole(), StandardCharsets.UTF_8));
            }
        } catch (StudyException e) {
            if (e.getMessage() == null || !e.getMessage().startsWith("cells.jsonl: line ")) {
                throw new AssertionError("a refusal says where", e);
            }
        }
    }

    private static void change(List<String> lines, FuzzedDataProvider data) {
        int line = data.consumeInt(0, lines.size() - 1);
        String before = lines.get(line);
        int from = data.consumeInt(0, before.length());
        switch (data.consumeInt(0, 5)) {
            case 0 -> lines.add(data.consumeInt(0, lines.size()), before);
            case 1 -> lines.remove(line);
            case 2 -> lines.set(line, before.substring(0, from));
            case 3 -> lines.set(line, before.substring(0, from) + data.consumeString(12) + before.substring(from));
            // A design of fields that are each as they should be.
            case 4 -> lines.set(line, before.replaceFirst(data.pickValue(VALUES), data.pickValue(VALUES)));
            default -> {
                int to = Math.min(before.length(), from + data.consumeInt(1, 12));
                lines.set(line, before.substring(0, from) + data.consumeString(12) + before.substring(to));
            }
        }
        if (lines.isEmpty()) {
            lines.add("");
        }
    }

    private static void checkTakenOver(Cells cells, String whole) {
        List<String> written = new ArrayList<>(List.of(cells.plan().line()));
        cells.results().forEach(result -> written.add(result.line()));
        List<String> read = new ArrayList<>(whole.lines().toList());
        if (!read.removeFirst().equals(written.removeFirst())
                || read.size() != written.size()
                || !read.containsAll(written)) {
            throw new AssertionError("what was taken over is not what is there");
        }
    }
}

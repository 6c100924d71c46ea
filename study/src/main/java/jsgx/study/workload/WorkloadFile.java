package jsgx.study.workload;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jsgx.launch.yaml.Problems;
import jsgx.launch.yaml.YamlError;
import jsgx.launch.yaml.YamlException;
import jsgx.launch.yaml.YamlReader;
import org.jspecify.annotations.Nullable;

/** Files of parameters from which workloads are generated. */
public final class WorkloadFile {

    /** Bytes of the largest one. */
    private static final int LARGEST = 1 << 20;

    private WorkloadFile() {}

    /**
     * Reads one.
     *
     * @throws WorkloadException says what is wrong in it, all of it
     */
    public static Workload read(Path file) throws IOException, WorkloadException {
        try (InputStream in = Files.newInputStream(file)) {
            return read(file.toString(), in.readNBytes(LARGEST + 1));
        }
    }

    /** The workload in a file's content. */
    public static Workload read(String file, byte[] content) throws WorkloadException {
        if (content.length > LARGEST) {
            throw new WorkloadException(List.of(YamlError.of(
                    file, "expected a workload file of at most %d bytes, found more: it is none".formatted(LARGEST))));
        }
        String text;
        try {
            text = YamlReader.text(file, content);
        } catch (YamlException e) {
            throw new WorkloadException(List.of(e.error()));
        }
        Problems problems = new Problems(file, text);
        @Nullable
        Parameters parameters = YamlReader.read(text, problems)
                .map(new WorkloadReader(problems)::read)
                .orElse(null);
        if (parameters == null || problems.any()) {
            throw new WorkloadException(problems.errors());
        }
        return new GeneratedWorkload(parameters);
    }

    /**
     * The file of a shipped workload, to be edited.
     *
     * @throws WorkloadException there is none of this name
     */
    public static String text(String name) throws WorkloadException {
        Workloads.checkShipped(name);
        try (InputStream in = WorkloadFile.class.getResourceAsStream(name + ".yaml")) {
            if (in == null) {
                throw new IllegalStateException("the workload %s is not among this module's resources".formatted(name));
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("the resource of the workload %s cannot be read".formatted(name), e);
        }
    }
}

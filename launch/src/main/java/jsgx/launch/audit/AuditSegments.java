package jsgx.launch.audit;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import jsgx.launch.LaunchException;
import jsgx.launch.file.FileLayer;
import jsgx.launch.file.PrivateFile;

/** The files of an audit trail: {@code records-000001} and on. */
final class AuditSegments {

    private static final Pattern NAME = Pattern.compile("records-([0-9]{6})");
    private static final String PREFIX = "records-";

    private AuditSegments() {}

    static String name(int index) {
        return PREFIX + "%06d".formatted(index);
    }

    /** The index in a name, 0 where it is not one of a file of a trail. */
    static int index(String name) {
        return NAME.matcher(name).matches() ? Integer.parseInt(name.substring(PREFIX.length())) : 0;
    }

    /** The indexes of the files that are there, in order; none where there is no folder. */
    static List<Integer> list(FileLayer files, Path folder) throws LaunchException {
        try {
            return files.list(folder).stream()
                    .map(AuditSegments::index)
                    .filter(index -> index > 0)
                    .sorted()
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw PrivateFile.failed("cannot list", folder, e);
        }
    }
}

package jsgx.machine.program;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** What the program must not get at: the hidden folders, memory files of jsgx, and what /proc tells of the supervisor's inside. */
final class Guard {

    /** Files of /proc/PID that lead into a process or tell what is in it. */
    private static final Set<String> INSIDE = Set.of(
            "mem",
            "environ",
            "maps",
            "numa_maps",
            "smaps",
            "smaps_rollup",
            "pagemap",
            "auxv",
            "map_files",
            "fd",
            "fdinfo",
            "root",
            "cwd",
            "exe",
            "ns",
            "syscall",
            "stack",
            "clear_refs",
            "attr",
            "setgroups",
            "oom_adj",
            "oom_score_adj");

    private static final String OWN_MEMORY_FILES = "/memfd:jsgx";

    private final List<String> hidden;
    private final int supervisor;

    /**
     * A guard.
     *
     * @param supervisor the process that supervises
     */
    Guard(List<Path> hidden, int supervisor) {
        this.supervisor = supervisor;
        this.hidden = hidden.stream().map(Guard::real).toList();
    }

    private static String real(Path path) {
        try {
            return bytes(path.toRealPath());
        } catch (IOException e) {
            return bytes(path.toAbsolutePath().normalize());
        }
    }

    /** A path as the kernel has it, bytes, each a character: what is no UTF-8 has a name too. */
    private static String bytes(Path path) {
        return new String(path.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** Whether a path, without links and as this process sees it, is forbidden to the program. */
    boolean isForbidden(String path) {
        if (path.startsWith(OWN_MEMORY_FILES) || isInsideSupervisor(path)) {
            return true;
        }
        for (String folder : hidden) {
            if (path.startsWith(folder)
                    && (path.length() == folder.length()
                            || path.charAt(folder.length()) == '/'
                            || path.startsWith(" (deleted)", folder.length()))) {
                return true;
            }
        }
        return false;
    }

    /** Whether what is forbidden lies below a path, so that it must not appear in another place. */
    boolean holdsForbidden(String path) {
        String folder = path.equals("/") ? path : path + "/";
        return isForbidden(path)
                || path.equals("/")
                || path.equals("/proc")
                || hidden.stream().anyMatch(inner -> inner.startsWith(folder));
    }

    /** Whether a process identifier is the supervisor's, or one of its threads'. */
    boolean isSupervisor(long argument) {
        int id = (int) argument;
        return id == supervisor || (id > 0 && Files.exists(Path.of("/proc/" + supervisor + "/task/" + id)));
    }

    /** Whether a path of /proc leads into the supervisor. */
    boolean isInsideSupervisor(String path) {
        if (!path.startsWith("/proc/")) {
            return false;
        }
        List<String> names = List.of(path.split("/", -1));
        int at = names.size() > 4 && names.get(3).equals("task") ? 5 : 3;
        return names.size() > at
                && INSIDE.contains(names.get(at))
                && isNumber(names.get(2))
                && isSupervisor(Long.parseLong(names.get(2)));
    }

    private static boolean isNumber(String text) {
        return !text.isEmpty() && text.length() < 10 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}

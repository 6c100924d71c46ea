package jsgx.machine.space;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import jsgx.machine.linux.Linux;

/** What /proc says of a process's memory. A process that is gone has none. */
final class MemoryMaps {

    /**
     * A range of the address space (a vm_area_struct).
     *
     * @param name the path, or a name in brackets; empty for anonymous memory
     */
    record Area(long start, long end, String name) {}

    private MemoryMaps() {}

    /** The area that holds an address, or the next one above (find_vma). */
    static Optional<Area> find(int pid, long address) {
        Optional<Area> found = findIn(pid, address);
        // A process's first thread shows nothing once it has ended.
        return found.isPresent() ? found : findIn(Linux.livingThread(pid), address);
    }

    private static Optional<Area> findIn(int pid, long address) {
        try (BufferedReader lines =
                Files.newBufferedReader(Path.of("/proc/" + pid + "/maps"), StandardCharsets.ISO_8859_1)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int dash = line.indexOf('-');
                int space = line.indexOf(' ', dash);
                long end = Long.parseUnsignedLong(line, dash + 1, space, 16);
                if (Long.compareUnsigned(address, end) < 0 && end > 0) {
                    String[] fields = line.split(" +", 6);
                    return Optional.of(new Area(
                            Long.parseUnsignedLong(line, 0, dash, 16), end, fields.length > 5 ? fields[5] : ""));
                }
            }
        } catch (IOException e) {
            return Optional.empty();
        }
        return Optional.empty();
    }

    /** Whether memory of a file system, or of the kernel's own, can never be made executable (no VM_MAYEXEC). */
    static boolean isNoexec(int pid, Area area) {
        if (area.name().startsWith("[vvar")) {
            return true;
        }
        if (!area.name().startsWith("/") || area.name().startsWith("/memfd:")) {
            return false;
        }
        try (BufferedReader lines =
                Files.newBufferedReader(Path.of("/proc/" + pid + "/mountinfo"), StandardCharsets.ISO_8859_1)) {
            String mount = "";
            boolean noexec = false;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                // 36 35 98:0 /mnt1 /mnt2 rw,noatime ...
                String[] fields = line.split(" ", 7);
                String at = fields[4];
                boolean holds = area.name().equals(at) || area.name().startsWith(at.equals("/") ? at : at + "/");
                if (holds && at.length() >= mount.length()) {
                    mount = at;
                    noexec = (fields[5] + ",").contains("noexec,");
                }
            }
            return noexec;
        } catch (IOException e) {
            return false;
        }
    }

    /** The persona of a process, a combination of the bits of personality(2). */
    static int personality(int pid) {
        try {
            return Integer.parseUnsignedInt(
                    Files.readString(Path.of("/proc/" + pid + "/personality")).strip(), 16);
        } catch (IOException e) {
            return 0;
        }
    }
}

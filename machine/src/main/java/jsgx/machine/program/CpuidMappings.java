package jsgx.machine.program;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.enclave.CpuidPatcher;

/** The executable mappings of files in which CPUID is replaced, where it cannot be made to trap. */
final class CpuidMappings {

    private final CpuidPatcher patcher = new CpuidPatcher();
    private final boolean on;

    CpuidMappings(boolean on) {
        this.on = on;
    }

    boolean isOn() {
        return on;
    }

    /** A private mapping of a file became executable. */
    void mapped(ProgramMemory memory, Path file, long address, long length, long offset) {
        if (on) {
            patcher.patch(memory.contents(), memory.cpuidSites(), file, address, length, offset);
        }
    }

    /** Patches what is executable between two addresses: what exec has mapped, or mprotect made executable. */
    void executable(ProgramMemory memory, long start, long end) {
        if (!on) {
            return;
        }
        int pid = memory.pid();
        try {
            List<String> lines = Files.readAllLines(Path.of("/proc/" + pid + "/maps"), StandardCharsets.ISO_8859_1);
            for (String line : lines) {
                // 7f00-7f10 r-xp 00001000 fd:01 123   /usr/lib/ld.so
                String[] fields = line.split(" +", 6);
                String[] range = fields[0].split("-", 2);
                long from = Long.parseUnsignedLong(range[0], 16);
                long to = Long.parseUnsignedLong(range[1], 16);
                boolean wanted = fields.length > 5
                        && fields[5].startsWith("/")
                        && fields[1].endsWith("p")
                        && fields[1].indexOf('x') > 0
                        && from < end
                        && to > start
                        && !CodeLayout.isReserved(from, to - from, CodeLayout.THREAD_AREAS);
                if (wanted) {
                    mapped(
                            memory,
                            Path.of("/proc/" + pid + "/root" + fields[5]),
                            from,
                            to - from,
                            Long.parseUnsignedLong(fields[2], 16));
                }
            }
        } catch (IOException e) {
            // The process is gone: it executes nothing any more.
        }
    }
}

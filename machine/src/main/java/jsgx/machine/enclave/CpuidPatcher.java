package jsgx.machine.enclave;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jsgx.machine.linux.RemoteMemory;
import jsgx.machine.sgx.CpuidSites;

/**
 * Replaces CPUID by UD2 in a program's private copies of files that it executes, for machines on which CPUID cannot be made to trap. Both are
 * two bytes long, so nothing else changes. What it found in a file it remembers.
 */
public final class CpuidPatcher {

    /** Larger parts of a file are not looked through. */
    private static final long LARGEST_SECTION = 1L << 30;

    private static final byte[] CPUID = {0x0f, (byte) 0xa2};
    private static final byte[] UD2 = {0x0f, 0x0b};

    private static final int ELF_HEADER = 64;
    private static final int ELF_MAGIC = 0x464c457f;
    private static final int ELFCLASS64 = 2;
    private static final int EM_X86_64 = 62;
    private static final int E_SHOFF = 40;
    private static final int E_SHENTSIZE = 58;
    private static final int SECTION_HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final int SHT_PROGBITS = 1;
    private static final int SHF_EXECINSTR = 4;
    private static final int PT_LOAD = 1;
    private static final int PF_X = 1;

    /** Part of a file. */
    private record Range(long offset, long size) {}

    /** By what tells a file and its state. */
    private final Map<Map<String, Object>, long[]> known = new ConcurrentHashMap<>();

    /** A patcher that knows no file yet. */
    public CpuidPatcher() {}

    /**
     * Patches a private, executable mapping of a file.
     *
     * @param file the file, by a path that leads to it in this process
     * @param address where the mapping begins
     * @param offset of the mapping's first byte in the file
     * @return how many instructions were replaced; 0 where the file cannot be read or is no program for x86-64
     */
    public int patch(RemoteMemory memory, CpuidSites sites, Path file, long address, long length, long offset) {
        int replaced = 0;
        for (long site : sites(file)) {
            if (site >= offset && site + CPUID.length <= offset + length) {
                long at = address + site - offset;
                if (memory.read(at, CPUID.length)
                                .filter(bytes -> Arrays.equals(bytes, CPUID))
                                .isPresent()
                        && memory.poke(at, UD2)) {
                    sites.add(at);
                    replaced++;
                }
            }
        }
        return replaced;
    }

    /** The offsets in a file at which it has CPUID instructions. */
    long[] sites(Path file) {
        try {
            Map<String, Object> identity = Files.readAttributes(file, "unix:dev,ino,lastModifiedTime,size");
            long[] sites = known.get(identity);
            if (sites == null) {
                sites = search(file);
                known.put(identity, sites);
            }
            return sites;
        } catch (IOException e) {
            // A program whose file cannot be read runs as it is: it does not see SGX by CPUID.
            return new long[0];
        }
    }

    private static long[] search(Path file) throws IOException {
        List<Long> found = new ArrayList<>();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            CpuidFinder finder = new CpuidFinder();
            for (Range range : executable(channel)) {
                for (int site : finder.find(read(channel, range).array())) {
                    found.add(range.offset() + site);
                }
            }
        }
        return found.stream().mapToLong(Long::longValue).toArray();
    }

    /** The executable sections of a file; its executable segments where it has no section headers. */
    private static List<Range> executable(FileChannel channel) throws IOException {
        ByteBuffer header = read(channel, new Range(0, ELF_HEADER));
        List<Range> ranges = new ArrayList<>();
        if (header.limit() < ELF_HEADER
                || header.getInt(0) != ELF_MAGIC
                || header.get(4) != ELFCLASS64
                || header.getShort(18) != EM_X86_64) {
            return ranges;
        }
        int sections = header.getShort(E_SHENTSIZE + 2) & 0xffff;
        ByteBuffer table = read(channel, new Range(header.getLong(E_SHOFF), (long) sections * SECTION_HEADER));
        for (int at = 0; at + SECTION_HEADER <= table.limit(); at += SECTION_HEADER) {
            if (table.getInt(at + 4) == SHT_PROGBITS && (table.getLong(at + 8) & SHF_EXECINSTR) != 0) {
                ranges.add(new Range(table.getLong(at + 24), table.getLong(at + 32)));
            }
        }
        if (!ranges.isEmpty()) {
            return ranges;
        }
        int segments = header.getShort(56) & 0xffff;
        table = read(channel, new Range(header.getLong(32), (long) segments * PROGRAM_HEADER));
        for (int at = 0; at + PROGRAM_HEADER <= table.limit(); at += PROGRAM_HEADER) {
            if (table.getInt(at) == PT_LOAD && (table.getInt(at + 4) & PF_X) != 0) {
                ranges.add(new Range(table.getLong(at + 8), table.getLong(at + 32)));
            }
        }
        return ranges;
    }

    /** What a file has of a range, which may be nonsense. */
    private static ByteBuffer read(FileChannel channel, Range range) throws IOException {
        long there = Math.max(0, Math.min(range.size(), channel.size() - range.offset()));
        if (range.offset() < 0 || there > LARGEST_SECTION) {
            return ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) there).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining() && channel.read(bytes, range.offset() + bytes.position()) > 0) {
            // Until all of it is there, or the file is shorter than it was.
        }
        return bytes.flip();
    }
}

package jsgx.machine.code;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The kernel's own vDSO: what functions it has, and where. It is the same image in every process, at another address.
 *
 * @param functions its functions
 */
public record KernelVdso(List<Function> functions) {

    /**
     * A function.
     *
     * @param name its symbol
     * @param weak whether the symbol is weak
     * @param offset from the image's first byte
     */
    public record Function(String name, boolean weak, long offset) {}

    private static final int PT_LOAD = 1;
    private static final int PT_DYNAMIC = 2;
    private static final int DT_HASH = 4;
    private static final int DT_GNU_HASH = 0x6fff_fef5;
    private static final int DT_STRTAB = 5;
    private static final int DT_SYMTAB = 6;
    private static final int SYMBOL_SIZE = 24;
    private static final int STT_FUNC = 2;
    private static final int STB_WEAK = 2;
    private static final int MAX_BYTES = 1 << 20;

    public KernelVdso {
        functions = List.copyOf(functions);
    }

    /** A kernel without vDSO. */
    public static KernelVdso none() {
        return new KernelVdso(List.of());
    }

    /** That of the running kernel, as this process has it; without functions where it has none, or one that cannot be read. */
    public static KernelVdso ofThisProcess() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1)) {
                if (line.endsWith("[vdso]")) {
                    String[] range = line.substring(0, line.indexOf(' ')).split("-", -1);
                    long start = Long.parseUnsignedLong(range[0], 16);
                    long length = Long.parseUnsignedLong(range[1], 16) - start;
                    return parse(read(start, (int) Math.min(length, MAX_BYTES)));
                }
            }
        } catch (IOException e) {
            return none();
        }
        return none();
    }

    private static byte[] read(long start, int length) throws IOException {
        try (RandomAccessFile memory = new RandomAccessFile("/proc/self/mem", "r")) {
            byte[] image = new byte[length];
            memory.seek(start);
            memory.readFully(image);
            return image;
        }
    }

    /** That of an image in memory; without functions where it is not as it should be. */
    static KernelVdso parse(byte[] bytes) {
        try {
            return new KernelVdso(functions(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN)));
        } catch (IndexOutOfBoundsException e) {
            return none();
        }
    }

    private static List<Function> functions(ByteBuffer image) {
        int headers = (int) image.getLong(32);
        long bias = 0;
        int dynamic = -1;
        for (int i = 0; i < image.getShort(56); i++) {
            int header = headers + i * image.getShort(54);
            switch (image.getInt(header)) {
                case PT_LOAD -> bias = image.getLong(header + 8) - image.getLong(header + 16);
                case PT_DYNAMIC -> dynamic = (int) image.getLong(header + 8);
                default -> {}
            }
        }
        if (dynamic < 0) {
            return List.of();
        }
        int symbols = tag(image, dynamic, DT_SYMTAB, bias);
        int strings = tag(image, dynamic, DT_STRTAB, bias);
        int hash = tag(image, dynamic, DT_HASH, bias);
        int gnuHash = tag(image, dynamic, DT_GNU_HASH, bias);
        int count = hash != 0 ? image.getInt(hash + 4) : gnuHash != 0 ? gnuHashCount(image, gnuHash) : 0;
        List<Function> functions = new ArrayList<>();
        for (int i = 1; i < count; i++) {
            int symbol = symbols + i * SYMBOL_SIZE;
            int info = image.get(symbol + 4);
            if ((info & 0xf) == STT_FUNC && image.getShort(symbol + 6) != 0) {
                String name = string(image, strings + image.getInt(symbol));
                functions.add(new Function(name, info >> 4 == STB_WEAK, image.getLong(symbol + 8) + bias));
            }
        }
        return functions;
    }

    private static int tag(ByteBuffer image, int dynamic, int tag, long bias) {
        for (int at = dynamic; image.getLong(at) != 0; at += 16) {
            if (image.getLong(at) == tag) {
                return (int) (image.getLong(at + 8) + bias);
            }
        }
        return 0;
    }

    /** How many symbols a GNU hash table is for: that of the last chain's end, plus one. */
    private static int gnuHashCount(ByteBuffer image, int table) {
        int buckets = image.getInt(table);
        int first = image.getInt(table + 4);
        int bucketsAt = table + 16 + 8 * image.getInt(table + 8);
        int chainsAt = bucketsAt + 4 * buckets;
        int last = 0;
        for (int i = 0; i < buckets; i++) {
            last = Math.max(last, image.getInt(bucketsAt + 4 * i));
        }
        if (last < first) {
            return first;
        }
        while ((image.getInt(chainsAt + 4 * (last - first)) & 1) == 0) {
            last++;
        }
        return last + 1;
    }

    private static String string(ByteBuffer image, int at) {
        StringBuilder text = new StringBuilder();
        for (int i = at; image.get(i) != 0; i++) {
            text.append((char) (image.get(i) & 0xff));
        }
        return text.toString();
    }
}

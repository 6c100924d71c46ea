package jsgx.machine.code;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What makes the vDSO's instructions a shared object, as dynamic linkers, unwinders and programs that parse it themselves read it: headers, symbols, versions,
 * and how to unwind. All of it lies before the instructions.
 */
final class VdsoImage {

    static final String ENTER_ENCLAVE = "__vdso_sgx_enter_enclave";

    private static final String NAME = "linux-vdso.so.1";
    private static final String VERSION = "LINUX_2.6";

    private static final int HEADER_SIZE = 64;
    private static final int PROGRAM_HEADER_SIZE = 56;
    private static final int SYMBOL_SIZE = 24;
    private static final short ET_DYN = 3;
    private static final short EM_X86_64 = 62;
    private static final int PT_LOAD = 1;
    private static final int PT_DYNAMIC = 2;
    private static final int PT_GNU_EH_FRAME = 0x6474_e550;
    private static final int READ = 4;
    private static final int READ_EXECUTE = 5;
    private static final int PAGE = 0x1000;
    private static final int FUNCTION = 2;
    private static final int GLOBAL = 1 << 4;
    private static final int WEAK = 2 << 4;

    /** Any section but none: there is no table of sections. */
    private static final short SOME_SECTION = 1;

    private static final short BASE_VERSION = 1;
    private static final short THE_VERSION = 2;

    private static final int DT_HASH = 4;
    private static final int DT_STRTAB = 5;
    private static final int DT_SYMTAB = 6;
    private static final int DT_STRSZ = 10;
    private static final int DT_SYMENT = 11;
    private static final int DT_SONAME = 14;
    private static final int DT_VERSYM = 0x6fff_fff0;
    private static final int DT_VERDEF = 0x6fff_fffc;
    private static final int DT_VERDEFNUM = 0x6fff_fffd;

    /** A function, by its offset in the image. */
    record Symbol(String name, boolean weak, int offset, int size) {}

    private final List<Symbol> symbols;
    private final EnterEnclaveCode enter;
    private final int textEnd;
    private final int end;
    private final ByteArrayOutputStream strings = new ByteArrayOutputStream();

    /**
     * An image.
     *
     * @param textEnd where its instructions end
     * @param end where all of it ends
     */
    VdsoImage(List<Symbol> symbols, EnterEnclaveCode enter, int textEnd, int end) {
        this.symbols = symbols;
        this.enter = enter;
        this.textEnd = textEnd;
        this.end = end;
    }

    /** Puts it before the instructions. */
    void writeTo(byte[] code, int text) {
        ByteBuffer image = ByteBuffer.wrap(code, 0, text).slice().order(ByteOrder.LITTLE_ENDIAN);
        strings.write(0);
        image.position(HEADER_SIZE + 3 * PROGRAM_HEADER_SIZE);
        int symbolTable = symbols(image);
        int hash = hash(image);
        int versions = versions(image);
        int definitions = definitions(image);
        int name = string(NAME);
        int stringTable = image.position();
        image.put(strings.toByteArray());
        int dynamic = align(image);
        long[] tags = {
            DT_SONAME,
            name,
            DT_HASH,
            hash,
            DT_STRTAB,
            stringTable,
            DT_SYMTAB,
            symbolTable,
            DT_STRSZ,
            strings.size(),
            DT_SYMENT,
            SYMBOL_SIZE,
            DT_VERDEF,
            definitions,
            DT_VERDEFNUM,
            2,
            DT_VERSYM,
            versions,
            0,
            0
        };
        for (long word : tags) {
            image.putLong(word);
        }
        int dynamicSize = image.position() - dynamic;
        align(image);
        UnwindTable unwind = new UnwindTable(image, enter, textEnd);
        int index = unwind.write();

        image.position(0);
        header(image);
        program(image, PT_LOAD, READ_EXECUTE, 0, end, PAGE);
        program(image, PT_DYNAMIC, READ, dynamic, dynamicSize, 8);
        program(image, PT_GNU_EH_FRAME, READ, index, unwind.indexSize(), 4);
    }

    private static void header(ByteBuffer image) {
        image.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).putLong(0);
        image.putShort(ET_DYN).putShort(EM_X86_64).putInt(1);
        image.putLong(0).putLong(HEADER_SIZE).putLong(0).putInt(0);
        image.putShort((short) HEADER_SIZE)
                .putShort((short) PROGRAM_HEADER_SIZE)
                .putShort((short) 3);
        image.putShort((short) 0).putShort((short) 0).putShort((short) 0);
    }

    private static void program(ByteBuffer image, int type, int flags, long offset, long size, long alignment) {
        image.putInt(type).putInt(flags).putLong(offset).putLong(offset).putLong(offset);
        image.putLong(size).putLong(size).putLong(alignment);
    }

    private int symbols(ByteBuffer image) {
        int at = align(image);
        image.put(new byte[SYMBOL_SIZE]);
        for (Symbol symbol : symbols) {
            image.putInt(string(symbol.name()));
            image.put((byte) (FUNCTION | (symbol.weak() ? WEAK : GLOBAL))).put((byte) 0);
            image.putShort(SOME_SECTION);
            image.putLong(symbol.offset()).putLong(symbol.size());
        }
        return at;
    }

    /** The hash table, of one bucket: the symbols are few. */
    private int hash(ByteBuffer image) {
        int at = align(image);
        int count = symbols.size() + 1;
        image.putInt(1).putInt(count).putInt(symbols.isEmpty() ? 0 : 1).putInt(0);
        for (int i = 1; i < count; i++) {
            image.putInt(i + 1 < count ? i + 1 : 0);
        }
        return at;
    }

    private int versions(ByteBuffer image) {
        int at = align(image);
        image.putShort((short) 0);
        for (int i = 0; i < symbols.size(); i++) {
            image.putShort(THE_VERSION);
        }
        return at;
    }

    private int definitions(ByteBuffer image) {
        int at = align(image);
        definition(image, (short) 1, BASE_VERSION, NAME, 28);
        definition(image, (short) 0, THE_VERSION, VERSION, 0);
        return at;
    }

    private void definition(ByteBuffer image, short flags, short index, String name, int next) {
        image.putShort((short) 1).putShort(flags).putShort(index).putShort((short) 1);
        image.putInt(elfHash(name)).putInt(20).putInt(next);
        image.putInt(string(name)).putInt(0);
    }

    /** The hash that ELF's tables are about. */
    static int elfHash(String name) {
        int hash = 0;
        for (int i = 0; i < name.length(); i++) {
            hash = (hash << 4) + name.charAt(i);
            int high = hash & 0xf000_0000;
            hash = (hash ^ high >>> 24) & ~high;
        }
        return hash;
    }

    private int string(String text) {
        int at = strings.size();
        strings.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
        strings.write(0);
        return at;
    }

    private static int align(ByteBuffer image) {
        image.position((image.position() + 7) & -8);
        return image.position();
    }
}

package jsgx.image.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every form of every instruction, as objdump reads it back. */
class AssemblerTest {

    private static final int[] DISPLACEMENTS = {0, 0x10, -0x10, 0x12345678, Integer.MIN_VALUE};
    private static final String[] NAMES_32 = {
        "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d",
        "r15d"
    };
    private static final String[] NAMES_16 = {
        "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w"
    };

    /** Instructions, and beside each what objdump should say. */
    private static final class Listing {
        private final Assembler asm = new Assembler();
        private final List<String> expected = new ArrayList<>();

        void add(String text, Consumer<Assembler> instruction) {
            expected.add("%x: %s".formatted(asm.size(), text));
            instruction.accept(asm);
        }
    }

    @TempDir
    Path folder;

    @Test
    void everyFormIsWhatObjdumpReads() throws Exception {
        Listing listing = new Listing();
        registers(listing);
        memory(listing);
        indexed(listing);
        constants(listing);
        vectors(listing);
        plain(listing);

        assertThat(disassemble(listing.asm.toBytes())).containsExactlyElementsOf(listing.expected);
    }

    @Test
    void labelsLeadForwardAndBackward() throws Exception {
        Assembler asm = new Assembler();
        Label data = new Label();
        Label forward = new Label();
        Label back = asm.here();
        asm.jmp(forward).jump(Condition.NE, back).call(forward);
        asm.lea(Reg.RAX, Mem.at(data));
        asm.sse().movdqa(Xmm.XMM9, Mem.at(data));
        asm.mov32(Mem.at(data), Reg.R8);
        asm.bind(forward).ret().align(16).bind(data).bytes((byte) 0xc3);

        assertThat(disassemble(asm.toBytes()))
                .startsWith(
                        "0: jmp 0x27",
                        "5: jne 0x0",
                        "b: call 0x27",
                        "10: lea rax,[rip+0x19] # 0x30",
                        "17: movdqa xmm9,XMMWORD PTR [rip+0x10] # 0x30",
                        "20: mov DWORD PTR [rip+0x9],r8d # 0x30")
                .contains("27: ret", "30: ret");
    }

    @Test
    void aConstantBehindARelativeOperandCounts() throws Exception {
        Assembler asm = new Assembler();
        Label data = new Label();
        asm.cmp32(Mem.at(data), 1)
                .mov(Mem.at(data), 2)
                .jmp(Mem.at(data))
                .align(32)
                .bind(data);

        assertThat(disassemble(asm.toBytes()))
                .startsWith(
                        "0: cmp DWORD PTR [rip+0x16],0x1 # 0x20",
                        "a: mov QWORD PTR [rip+0xb],0x2 # 0x20",
                        "15: jmp QWORD PTR [rip+0x5] # 0x20");
    }

    @Test
    void whatCannotBeEncodedIsAnError() {
        assertThatThrownBy(() -> Mem.at(Reg.RAX, Reg.RSP, 1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Mem.at(Reg.RAX, Reg.RCX, 3, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Assembler().mov8(Mem.at(Reg.RAX), Reg.RSI))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aLabelThatIsBoundNowhereIsAnError() {
        Assembler asm = new Assembler().jmp(new Label());

        assertThatThrownBy(asm::toBytes).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aLabelIsBoundOnce() {
        Assembler asm = new Assembler();
        Label label = asm.here();

        assertThatThrownBy(() -> asm.bind(label)).isInstanceOf(IllegalStateException.class);
    }

    private static void registers(Listing listing) {
        for (Reg a : Reg.values()) {
            String name = name(a);
            for (Reg b : Reg.values()) {
                pair(listing, "mov", a, b, Assembler::mov);
                pair(listing, "add", a, b, Assembler::add);
                pair(listing, "adc", a, b, Assembler::adc);
                pair(listing, "sbb", a, b, Assembler::sbb);
                pair(listing, "sub", a, b, Assembler::sub);
                pair(listing, "and", a, b, Assembler::and);
                pair(listing, "or", a, b, Assembler::or);
                pair(listing, "xor", a, b, Assembler::xor);
                pair(listing, "cmp", a, b, Assembler::cmp);
                pair(listing, "test", a, b, Assembler::test);
                listing.add("mov " + name32(a) + "," + name32(b), asm -> asm.mov32(a, b));
                listing.add("cmp " + name32(a) + "," + name32(b), asm -> asm.cmp32(a, b));
                listing.add("test " + name32(a) + "," + name32(b), asm -> asm.test32(a, b));
            }
            listing.add("shl " + name + ",0x7", asm -> asm.shl(a, 7));
            listing.add("shr " + name + ",0x3f", asm -> asm.shr(a, 63));
            listing.add("rdfsbase " + name, asm -> asm.rdfsbase(a));
            listing.add("rdgsbase " + name, asm -> asm.rdgsbase(a));
            listing.add("wrfsbase " + name, asm -> asm.wrfsbase(a));
            listing.add("wrgsbase " + name, asm -> asm.wrgsbase(a));
            listing.add("cmp " + name32(a) + ",0xfffffff0", asm -> asm.cmp32(a, -0x10));
            listing.add("xor " + name32(a) + "," + name32(a), asm -> asm.zero(a));
            listing.add("push " + name, asm -> asm.push(a));
            listing.add("pop " + name, asm -> asm.pop(a));
            listing.add("bswap " + name, asm -> asm.bswap(a));
            listing.add("rdrand " + name, asm -> asm.rdrand(a));
            listing.add("jmp " + name, asm -> asm.jmp(a));
            listing.add("call " + name, asm -> asm.call(a));
        }
    }

    private interface Pair {
        void emit(Assembler asm, Reg a, Reg b);
    }

    private static void pair(Listing listing, String mnemonic, Reg a, Reg b, Pair form) {
        listing.add(mnemonic + " " + name(a) + "," + name(b), asm -> form.emit(asm, a, b));
    }

    private static void memory(Listing listing) {
        for (Reg base : Reg.values()) {
            for (int displacement : DISPLACEMENTS) {
                Mem mem = Mem.at(base, displacement);
                String place = "[" + name(base) + signed(displacement) + "]";
                operands(listing, mem, place);
                for (Reg r : Reg.values()) {
                    String n = name(r);
                    listing.add("mov %s,QWORD PTR %s".formatted(n, place), asm -> asm.mov(r, mem));
                    listing.add("mov QWORD PTR %s,%s".formatted(place, n), asm -> asm.mov(mem, r));
                    listing.add("mov %s,DWORD PTR %s".formatted(name32(r), place), asm -> asm.mov32(r, mem));
                    listing.add("mov DWORD PTR %s,%s".formatted(place, name32(r)), asm -> asm.mov32(mem, r));
                    listing.add("mov WORD PTR %s,%s".formatted(place, NAMES_16[r.ordinal()]), asm -> asm.mov16(mem, r));
                    listing.add("movzx %s,WORD PTR %s".formatted(name32(r), place), asm -> asm.movzx16(r, mem));
                    listing.add("lea %s,%s".formatted(n, place), asm -> asm.lea(r, mem));
                    listing.add("cmp %s,QWORD PTR %s".formatted(n, place), asm -> asm.cmp(r, mem));
                    listing.add("or %s,QWORD PTR %s".formatted(n, place), asm -> asm.or(r, mem));
                    listing.add("xor %s,QWORD PTR %s".formatted(n, place), asm -> asm.xor(r, mem));
                }
                for (Xmm x : Xmm.values()) {
                    String n = name(x);
                    listing.add(
                            "movdqa %s,XMMWORD PTR %s".formatted(n, place),
                            asm -> asm.sse().movdqa(x, mem));
                    listing.add(
                            "movdqa XMMWORD PTR %s,%s".formatted(place, n),
                            asm -> asm.sse().movdqa(mem, x));
                    listing.add(
                            "pxor %s,XMMWORD PTR %s".formatted(n, place),
                            asm -> asm.sse().pxor(x, mem));
                    listing.add(
                            "aesenc %s,XMMWORD PTR %s".formatted(n, place),
                            asm -> asm.sse().aesenc(x, mem));
                    listing.add(
                            "aesenclast %s,XMMWORD PTR %s".formatted(n, place),
                            asm -> asm.sse().aesenclast(x, mem));
                }
            }
        }
    }

    private static void indexed(Listing listing) {
        for (Reg base : Reg.values()) {
            for (Reg index : Reg.values()) {
                if (index != Reg.RSP) {
                    int scale = 1 << (index.ordinal() & 3);
                    Mem mem = Mem.at(base, index, scale, -0x10);
                    String place = "[%s+%s*%d-0x10]".formatted(name(base), name(index), scale);
                    operands(listing, mem, place);
                    listing.add("mov r9,QWORD PTR " + place, asm -> asm.mov(Reg.R9, mem));
                    listing.add("mov DWORD PTR " + place + ",edx", asm -> asm.mov32(mem, Reg.RDX));
                }
            }
        }
    }

    /** Forms with one operand in memory, or with a constant beside it. */
    private static void operands(Listing listing, Mem mem, String place) {
        listing.add("mov DWORD PTR " + place + ",0x80000000", asm -> asm.mov32(mem, Integer.MIN_VALUE));
        listing.add("mov QWORD PTR " + place + ",0xffffffffffffffff", asm -> asm.mov(mem, -1));
        listing.add("cmp DWORD PTR " + place + ",0x8000", asm -> asm.cmp32(mem, 0x8000));
        listing.add("cmp QWORD PTR " + place + ",0x8000", asm -> asm.cmp(mem, 0x8000));
        listing.add("jmp QWORD PTR " + place, asm -> asm.jmp(mem));
        listing.add("call QWORD PTR " + place, asm -> asm.call(mem));
        listing.add("xsave64 " + place, asm -> asm.xsave64(mem));
        listing.add("xrstor64 " + place, asm -> asm.xrstor64(mem));
        listing.add("fldcw WORD PTR " + place, asm -> asm.fldcw(mem));
        listing.add("ldmxcsr DWORD PTR " + place, asm -> asm.ldmxcsr(mem));
        listing.add("mov BYTE PTR " + place + ",bl", asm -> asm.mov8(mem, Reg.RBX));
        listing.add("mov BYTE PTR " + place + ",r14b", asm -> asm.mov8(mem, Reg.R14));
        for (Reg r : new Reg[] {Reg.RAX, Reg.RSI, Reg.R13}) {
            String n = name(r);
            listing.add("movzx %s,BYTE PTR %s".formatted(name32(r), place), asm -> asm.movzx8(r, mem));
            listing.add("cmp %s,DWORD PTR %s".formatted(name32(r), place), asm -> asm.cmp32(r, mem));
            listing.add("add %s,QWORD PTR %s".formatted(n, place), asm -> asm.add(r, mem));
            listing.add("sub %s,QWORD PTR %s".formatted(n, place), asm -> asm.sub(r, mem));
            listing.add("and %s,QWORD PTR %s".formatted(n, place), asm -> asm.and(r, mem));
            listing.add("xchg QWORD PTR %s,%s".formatted(place, n), asm -> asm.xchg(mem, r));
            listing.add("xchg DWORD PTR %s,%s".formatted(place, name32(r)), asm -> asm.xchg32(mem, r));
            listing.add("lock cmpxchg QWORD PTR %s,%s".formatted(place, n), asm -> asm.lockCmpxchg(mem, r));
            listing.add("lock cmpxchg DWORD PTR %s,%s".formatted(place, name32(r)), asm -> asm.lockCmpxchg32(mem, r));
            listing.add("lock add QWORD PTR %s,%s".formatted(place, n), asm -> asm.lockAdd(mem, r));
        }
    }

    private static void constants(Listing listing) {
        for (Reg r : Reg.values()) {
            String n = name(r);
            listing.add("movabs %s,0x123456789abcdef0".formatted(n), asm -> asm.mov(r, 0x123456789abcdef0L));
            listing.add("movabs %s,0xfffffffffffffffb".formatted(n), asm -> asm.mov(r, ~4L));
            listing.add("mov %s,0xfffffffe".formatted(name32(r)), asm -> asm.mov32(r, -2));
            immediate(listing, "add", r, Assembler::add);
            immediate(listing, "sub", r, Assembler::sub);
            immediate(listing, "and", r, Assembler::and);
            immediate(listing, "cmp", r, Assembler::cmp);
            immediate(listing, "or", r, Assembler::or);
        }
    }

    private interface Immediate {
        void emit(Assembler asm, Reg register, int value);
    }

    private static void immediate(Listing listing, String mnemonic, Reg r, Immediate form) {
        listing.add("%s %s,0x8000".formatted(mnemonic, name(r)), asm -> form.emit(asm, r, 0x8000));
        listing.add("%s %s,0xffffffffffff8000".formatted(mnemonic, name(r)), asm -> form.emit(asm, r, -0x8000));
    }

    private static void vectors(Listing listing) {
        for (Xmm a : Xmm.values()) {
            for (Xmm b : Xmm.values()) {
                String pair = name(a) + "," + name(b);
                listing.add("movdqa " + pair, asm -> asm.sse().movdqa(a, b));
                listing.add("pxor " + pair, asm -> asm.sse().pxor(a, b));
                listing.add("pshufd " + pair + ",0xff", asm -> asm.sse().pshufd(a, b, 0xff));
                listing.add(
                        "aeskeygenassist " + pair + ",0x1b", asm -> asm.sse().aeskeygenassist(a, b, 0x1b));
            }
            listing.add("pslldq " + name(a) + ",0x4", asm -> asm.sse().pslldq(a, 4));
        }
    }

    private static void plain(Listing listing) {
        listing.add("rep movs QWORD PTR es:[rdi],QWORD PTR ds:[rsi]", Assembler::repMovsq);
        listing.add("rep stos QWORD PTR es:[rdi],rax", Assembler::repStosq);
        listing.add("rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]", Assembler::repMovsb);
        listing.add("cld", Assembler::cld);
        listing.add("pushf", Assembler::pushfq);
        listing.add("popf", Assembler::popfq);
        listing.add("leave", Assembler::leave);
        listing.add("int3", Assembler::int3);
        listing.add("syscall", Assembler::syscall);
        listing.add("pause", Assembler::pause);
        listing.add("nop", Assembler::nop);
        listing.add("mfence", Assembler::mfence);
        listing.add("ret", Assembler::ret);
        listing.add("ud2", Assembler::ud2);
        listing.add("lfence", Assembler::lfence);
        listing.add("enclu", Assembler::enclu);
        BiConsumer<String, Condition> jumps = (mnemonic, condition) -> {
            int at = listing.asm.size();
            listing.add("%s 0x%x".formatted(mnemonic, at), asm -> asm.jump(condition, asm.here()));
        };
        jumps.accept("jb", Condition.B);
        jumps.accept("jae", Condition.AE);
        jumps.accept("je", Condition.E);
        jumps.accept("jne", Condition.NE);
        jumps.accept("jbe", Condition.BE);
        jumps.accept("ja", Condition.A);
        jumps.accept("js", Condition.S);
        jumps.accept("jns", Condition.NS);
        jumps.accept("jl", Condition.L);
        jumps.accept("jge", Condition.GE);
        jumps.accept("jle", Condition.LE);
        jumps.accept("jg", Condition.G);
    }

    private List<String> disassemble(byte[] code) throws IOException, InterruptedException {
        Assumptions.assumeTrue(hasObjdump(), "no objdump: install binutils to check the encoder");
        Path file = Files.write(folder.resolve("code"), code);
        Process objdump = new ProcessBuilder(
                        "objdump",
                        "-D",
                        "-z",
                        "-b",
                        "binary",
                        "-m",
                        "i386:x86-64",
                        "-M",
                        "intel",
                        "--no-show-raw-insn",
                        file.toString())
                .redirectErrorStream(true)
                .start();
        List<String> lines = new ArrayList<>();
        try (var reader = objdump.inputReader()) {
            reader.lines()
                    .filter(line -> line.matches("\\s*[0-9a-f]+:\\s.*"))
                    .forEach(line -> lines.add(line.strip().replaceAll("\\s+", " ")));
        }
        assertThat(objdump.waitFor()).isZero();
        return lines;
    }

    private static boolean hasObjdump() {
        try {
            return new ProcessBuilder("objdump", "--version")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static String name(Enum<?> register) {
        return register.name().toLowerCase(Locale.ROOT);
    }

    private static String name32(Reg register) {
        return NAMES_32[register.ordinal()];
    }

    private static String signed(int displacement) {
        return displacement < 0
                ? "-0x" + Long.toHexString(-(long) displacement)
                : "+0x" + Integer.toHexString(displacement);
    }
}

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
        asm.lea(Reg.RAX, Mem.at(data)).movdqa(Xmm.XMM9, Mem.at(data)).mov32(Mem.at(data), Reg.R8);
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
            }
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
                    listing.add("movdqa %s,XMMWORD PTR %s".formatted(n, place), asm -> asm.movdqa(x, mem));
                    listing.add("movdqa XMMWORD PTR %s,%s".formatted(place, n), asm -> asm.movdqa(mem, x));
                    listing.add("pxor %s,XMMWORD PTR %s".formatted(n, place), asm -> asm.pxor(x, mem));
                    listing.add("aesenc %s,XMMWORD PTR %s".formatted(n, place), asm -> asm.aesenc(x, mem));
                    listing.add("aesenclast %s,XMMWORD PTR %s".formatted(n, place), asm -> asm.aesenclast(x, mem));
                }
            }
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
                listing.add("movdqa " + pair, asm -> asm.movdqa(a, b));
                listing.add("pxor " + pair, asm -> asm.pxor(a, b));
                listing.add("pshufd " + pair + ",0xff", asm -> asm.pshufd(a, b, 0xff));
                listing.add("aeskeygenassist " + pair + ",0x1b", asm -> asm.aeskeygenassist(a, b, 0x1b));
            }
            listing.add("pslldq " + name(a) + ",0x4", asm -> asm.pslldq(a, 4));
        }
    }

    private static void plain(Listing listing) {
        listing.add("rep movs QWORD PTR es:[rdi],QWORD PTR ds:[rsi]", Assembler::repMovsq);
        listing.add("rep stos QWORD PTR es:[rdi],rax", Assembler::repStosq);
        listing.add("cld", Assembler::cld);
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

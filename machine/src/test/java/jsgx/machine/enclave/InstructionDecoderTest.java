package jsgx.machine.enclave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import jsgx.machine.enclave.InstructionDecoder.Encoding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class InstructionDecoderTest {

    private static final String LIBRARIES = "/usr/lib/x86_64-linux-gnu/";

    /** An instruction as objdump prints it. */
    private record Line(long address, byte[] bytes, String text) {

        /** What objdump prints where there is no instruction, or prefixes that belong to none. */
        boolean isData() {
            return text.contains("(bad)")
                    || text.startsWith(".byte")
                    || text.strip().matches("((rex[.WRXB]*|data16|repn?z|lock|[cdefgs]s|addr32|notrack)( |$))+")
                    || (text.contains("rex.") && text.contains("v"));
        }

        /** Where objdump takes what processors take for two instructions, or vendors differ. */
        boolean isOdd() {
            return (bytes[0] == (byte) 0x9b && bytes.length > 1) || text.startsWith("jmpw") || text.startsWith("callw");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {LIBRARIES + "libc.so.6", LIBRARIES + "libcrypto.so.3", LIBRARIES + "ld-linux-x86-64.so.2"})
    void lengthsAreThoseOfObjdump(String file) throws Exception {
        InstructionDecoder decoder = new InstructionDecoder();
        Set<Long> printed = new TreeSet<>();
        long instructions = 0;
        try (Stream<Line> lines = objdump(file)) {
            for (Line line : (Iterable<Line>) lines::iterator) {
                if (line.text().strip().equals("cpuid")) {
                    printed.add(line.address());
                }
                if (line.isData() || line.isOdd()) {
                    continue;
                }
                byte[] padded = Arrays.copyOf(line.bytes(), line.bytes().length + InstructionDecoder.LONGEST);
                int length = decoder.decode(padded, 0, padded.length);
                if (length != line.bytes().length) {
                    assertThat(length)
                            .as("%x: %s", line.address(), HexFormat.of().formatHex(line.bytes()) + " " + line.text())
                            .isEqualTo(line.bytes().length);
                }
                instructions++;
            }
        }
        assertThat(instructions).isPositive();

        // In these files addresses are offsets.
        List<Long> found =
                Arrays.stream(new CpuidPatcher().sites(Path.of(file))).boxed().toList();
        assertThat(printed).as("no other bytes are taken for CPUID").containsAll(found);
        assertThat(found.size()).as("few are missed of %s", printed).isGreaterThanOrEqualTo(printed.size() * 3 / 4);
    }

    @ParameterizedTest
    @CsvSource({
        "0f01d7, 3",
        "0fa2, 2",
        "0f0b, 2",
        "0f05, 2",
        "cd80, 2",
        "cc, 1",
        "f4, 1",
        "488b07, 3",
        "48b88877665544332211, 10",
        "66b83412, 4",
        "6648b88877665544332211, 11",
        "48a18877665544332211, 10",
        "67a144332211, 6",
        "c8100001, 4",
        "f7051122334455667788, 10",
        "66f70511223344 5566, 9",
        "f7d8, 2",
        "4f8d844a11223344, 8",
        "8b0425 11223344, 7",
        "c5f877, 3",
        "c4e37d19c001, 6",
        "62f17c48100411, 7",
        "62f37d48 39 c0 01, 7",
        "8fe97880c0, 5",
        "8f00, 2",
        "8fe878c0c055, 6",
        "0f20c0, 3",
        "0f0fc090, 4",
        "660f78c00102, 6",
        "660f3a0fc108, 6",
        "f30f1efa, 4",
        "2e0f1f840000000000, 9",
        "f20f38f1c0, 5",
        "f0480fb10f, 5",
        "e811223344, 5",
        "c20800, 3",
        "f3a4, 2"
    })
    void theLengthOf(String code, int length) {
        byte[] bytes = HexFormat.of().parseHex(code.replace(" ", ""));

        assertThat(new InstructionDecoder().decode(Arrays.copyOf(bytes, 32), 0, 32))
                .isEqualTo(length);
        for (int shorter = 0; shorter < length; shorter++) {
            assertThat(new InstructionDecoder().decode(bytes, 0, shorter))
                    .as("the first %d bytes", shorter)
                    .isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"06", "9a", "ce", "d5", "ea", "0f04", "0f39", "66c5f877", "48c5f877", "62f07c48100411"})
    void noInstructionIs(String code) {
        byte[] bytes = HexFormat.of().parseHex(code);

        assertThat(new InstructionDecoder().decode(Arrays.copyOf(bytes, 32), 0, 32))
                .isZero();
    }

    @Test
    void noInstructionIsLongerThan15Bytes() {
        byte[] code = new byte[32];
        Arrays.fill(code, (byte) 0x66);
        code[14] = (byte) 0x90;
        assertThat(new InstructionDecoder().decode(code, 0, code.length)).isEqualTo(15);
        code[14] = 0x66;
        code[15] = (byte) 0x90;
        assertThat(new InstructionDecoder().decode(code, 0, code.length)).isZero();
    }

    @Test
    void tellsTheEncoding() {
        InstructionDecoder decoder = new InstructionDecoder();
        byte[] code = HexFormat.of().parseHex("c5fd6f07");

        assertThat(decoder.decode(code, 0, code.length)).isEqualTo(4);

        assertThat(decoder.encoding()).isEqualTo(Encoding.VEX);
        assertThat(decoder.map()).isEqualTo(InstructionDecoder.MAP_0F);
        assertThat(decoder.opcode()).isEqualTo(0x6f);
        assertThat(decoder.mandatoryPrefix()).isEqualTo(0x66);
        assertThat(decoder.hasMemoryOperand()).isTrue();
    }

    private static Stream<Line> objdump(String file) throws IOException {
        assumeTrue(Files.isReadable(Path.of(file)), "there is no " + file + " here");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/objdump")), "objdump is not installed");
        Process objdump = new ProcessBuilder("/usr/bin/objdump", "-d", "-z", "--insn-width=16", file)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        return objdump.inputReader()
                .lines()
                .map(line -> line.split("\t"))
                .filter(fields -> fields.length == 3 && fields[0].endsWith(":"))
                .map(fields -> new Line(
                        Long.parseLong(fields[0].strip().replace(":", ""), 16),
                        HexFormat.of().parseHex(fields[1].replace(" ", "")),
                        fields[2]))
                .onClose(objdump::destroyForcibly);
    }
}

package jsgx.machine.enclave;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.HexFormat;
import java.util.stream.Stream;
import jsgx.arch.RegisterModel;
import org.junit.jupiter.params.provider.MethodSource;

/** Any bytes as an instruction, and as code with a CPUID in it. */
class InstructionFuzzTest {

    static Stream<byte[]> seeds() {
        return Stream.of("0f01d7", "62f37d4839c001", "c4e37d19c001", "8fe878c0c055", "b8070000000fa289c3c3", "66")
                .map(HexFormat.of()::parseHex);
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "2m")
    void decodes(byte[] code) {
        InstructionDecoder decoder = new InstructionDecoder();
        for (int from = 0; from <= code.length; from++) {
            int length = decoder.decode(code, from, code.length);
            if (length < 0 || length > InstructionDecoder.LONGEST || from + length > code.length) {
                throw new AssertionError("length " + length + " at " + from);
            }
        }
        MemoryAccess.at(code, new RegisterModel(), 0x1000);
        Opcodes.isIllegalInEnclave(code);
        for (int site : new CpuidFinder().find(code)) {
            if (code[site] != 0x0f || (code[site + 1] & 0xff) != 0xa2) {
                throw new AssertionError("no CPUID at " + site);
            }
        }
    }
}

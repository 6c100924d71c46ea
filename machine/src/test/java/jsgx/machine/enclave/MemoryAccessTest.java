package jsgx.machine.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.Optional;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.RegisterModel;
import jsgx.arch.leaf.EnclaveAccess.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MemoryAccessTest {

    private static final long STACK = 0x8000;
    private static final long SOURCE = 0x2_0000;
    private static final long TARGET = 0x3_0000;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "8b07",
                "0307",
                "3907",
                "3b07",
                "8407",
                "833f00",
                "f70701000000",
                "f727",
                "ff17",
                "ff37",
                "ff27",
                "0fb607",
                "0fbe07",
                "486307",
                "0f1007",
                "0f2807",
                "660f6f07",
                "f30f7e07",
                "0fa307",
                "0fba2000",
                "0faf07",
                "dd07",
                "d92f",
                "0fae17",
                "c5fe6f07",
                "62f17c481007",
                "66 0f381707",
                "f20f38f007",
                "0f38f007",
                "58",
                "c3",
                "c9",
                "9d",
                "ac",
                "a6",
                "d7",
                "8e1f",
                "0f0217"
            })
    void reads(String code) {
        assertThat(at(code, TARGET)).as(code).contains(Kind.READ);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "8907",
                "c60701",
                "0107",
                "3107",
                "830701",
                "f717",
                "ff07",
                "fe0f",
                "d127",
                "8707",
                "f00fb10f",
                "480fc10f",
                "0f9407",
                "0f1107",
                "0f2907",
                "660f7f07",
                "660fd607",
                "660f7e07",
                "0fba2801",
                "0fab07",
                "dd17",
                "d93f",
                "0fae1f",
                "0fae07",
                "0fae27",
                "c5fe7f07",
                "62f17c481107",
                "660f3a160700",
                "c4e37d190701",
                "0f38f107",
                "50",
                "e800000000",
                "6a01",
                "9c",
                "aa",
                "8c1f",
                "0fc307",
                "0fe707"
            })
    void writes(String code) {
        assertThat(at(code, TARGET)).as(code).contains(Kind.WRITE);
    }

    @Test
    void movsReadsAtRsiAndWritesAtRdi() {
        assertThat(at("f3a4", SOURCE)).contains(Kind.READ);
        assertThat(at("f348a5", TARGET + 7)).contains(Kind.WRITE);
    }

    @Test
    void whatMovesBetweenMemoryAndStackIsToldByTheAddress() {
        assertThat(at("ff37", TARGET)).as("PUSH [RDI]").contains(Kind.READ);
        assertThat(at("ff37", STACK - 8)).contains(Kind.WRITE);
        assertThat(at("ff17", STACK - 8)).as("CALL [RDI]").contains(Kind.WRITE);
        assertThat(at("8f07", TARGET)).as("POP [RDI]").contains(Kind.WRITE);
        assertThat(at("8f07", STACK)).contains(Kind.READ);
    }

    @Test
    void anInstructionWithoutMemoryDoesNothingThere() {
        assertThat(at("01c8", TARGET)).isEmpty();
        assertThat(at("06", TARGET)).isEmpty();
        assertThat(at("", TARGET)).isEmpty();
    }

    private static Optional<Kind> at(String code, long address) {
        RegisterModel registers = new RegisterModel();
        registers.set(Register.RSP, STACK);
        registers.set(Register.RSI, SOURCE);
        registers.set(Register.RDI, TARGET);
        return MemoryAccess.at(HexFormat.of().parseHex(code.replace(" ", "")), registers, address);
    }
}

package jsgx.host.aesm;

import static jsgx.host.aesm.Frames.filled;
import static jsgx.host.aesm.Frames.frame;
import static jsgx.host.aesm.Frames.hex;
import static jsgx.host.aesm.Frames.join;
import static org.assertj.core.api.Assertions.assertThat;

import jsgx.host.aesm.AesmRequest.LaunchToken;
import jsgx.host.aesm.AesmRequest.NotServed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes as aesmd and its clients have them: from the table of the protocol, and its example. */
class AesmMessagesTest {

    private static final byte[] ATTRIBUTES = hex("04 00 00 00 00 00 00 00 03 00 00 00 00 00 00 00");

    @Test
    void theExampleOfATokenRequestIsRead() {
        byte[] frame = frame(Frames.tokenBody(filled(32, 0x11), filled(384, 0x22), ATTRIBUTES));
        assertThat(frame).startsWith(hex("BE 01 00 00 1A BB 03 0A 20")).endsWith(hex("48 C0 84 3D"));

        assertThat(AesmMessages.parse(java.util.Arrays.copyOfRange(frame, 4, frame.length)))
                .isInstanceOfSatisfying(LaunchToken.class, request -> {
                    assertThat(request.mrEnclave()).isEqualTo(filled(32, 0x11));
                    assertThat(request.modulus()).isEqualTo(filled(384, 0x22));
                    assertThat(request.attributes()).isEqualTo(ATTRIBUTES);
                    assertThat(request.timeoutMicros()).isEqualTo(1_000_000);
                });
    }

    @Test
    void theExampleOfATokenIsWritten() {
        byte[] token = filled(304, 0x33);

        assertThat(AesmMessages.token(token)).isEqualTo(join(hex("38 01 00 00 1A B5 02 08 00 12 B0 02"), token));
    }

    @Test
    void aTokenThatIsNotGivenIsACodeAlone() {
        AesmRequest request = AesmMessages.parse(Frames.tokenBody(new byte[32], new byte[384], ATTRIBUTES));

        assertThat(AesmMessages.error(request, AesmError.GET_LICENSETOKEN_ERROR))
                .isEqualTo(hex("04 00 00 00 1A 02 08 06"));
        assertThat(AesmMessages.error(request, AesmError.BUSY)).isEqualTo(hex("04 00 00 00 1A 02 08 12"));
        assertThat(AesmMessages.error(request, AesmError.BACKEND_SERVER_BUSY))
                .isEqualTo(hex("04 00 00 00 1A 02 08 13"));
    }

    @Test
    void theWhiteListsSizeAndContent() {
        assertThat(AesmMessages.parse(hex("52 04 48 C0 84 3D"))).isEqualTo(new AesmRequest.WhiteListSize(1_000_000));
        assertThat(AesmMessages.whiteListSize(440)).isEqualTo(hex("07 00 00 00 52 05 08 00 10 B8 03"));

        assertThat(AesmMessages.parse(hex("5A 07 08 B8 03 48 C0 84 3D")))
                .isEqualTo(new AesmRequest.WhiteList(440, 1_000_000));
        assertThat(AesmMessages.whiteList(filled(440, 0x44)))
                .isEqualTo(join(hex("C0 01 00 00 5A BD 03 08 00 12 B8 03"), filled(440, 0x44)));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15})
    void whatAesmdServesBesidesIsUnavailableInItsOwnAnswer(int field) {
        byte tag = (byte) (field << 3 | 2);

        AesmRequest request = AesmMessages.parse(new byte[] {tag, 0});

        assertThat(request).isEqualTo(new NotServed(field, AesmError.SERVICE_UNAVAILABLE));
        assertThat(AesmMessages.error(request, AesmError.SERVICE_UNAVAILABLE))
                .isEqualTo(join(hex("04 00 00 00"), new byte[] {tag, 2, 8, 30}));
    }

    @ParameterizedTest
    @CsvSource({"16, 82 01", "17, 8A 01", "18, 92 01", "19, 9A 01", "21, AA 01", "22, B2 01"})
    void andSoBeyondTheFirstFifteen(int field, String tag) {
        AesmRequest request = AesmMessages.parse(join(hex(tag), hex("02 48 01")));

        assertThat(request).isEqualTo(new NotServed(field, AesmError.SERVICE_UNAVAILABLE));
        assertThat(AesmMessages.error(request, AesmError.SERVICE_UNAVAILABLE))
                .isEqualTo(join(hex("05 00 00 00"), hex(tag), hex("02 08 1E")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "A2 01 00", "BA 01 00", "18 01", "08 96 01", "9B 06 9C 06"})
    void whatAesmdDoesNotKnowIsUnsupported(String body) {
        AesmRequest request = AesmMessages.parse(hex(body));

        assertThat(request).isEqualTo(new NotServed(20, AesmError.INTERFACE_UNAVAILABLE));
        assertThat(AesmMessages.error(request, AesmError.INTERFACE_UNAVAILABLE))
                .isEqualTo(hex("05 00 00 00 A2 01 02 08 28"));
    }

    @ParameterizedTest
    @CsvSource({"31, 384, 16", "33, 384, 16", "32, 383, 16", "32, 385, 16", "32, 384, 15", "32, 384, 17", "0, 0, 0"})
    void sizesAreExact(int mrEnclave, int modulus, int attributes) {
        byte[] fields = join(field(0x0a, mrEnclave), field(0x12, modulus), field(0x1a, attributes));

        assertThat(AesmMessages.parse(join(new byte[] {0x1a}, varint(fields.length), fields)))
                .isEqualTo(new NotServed(3, AesmError.PARAMETER_ERROR));
    }

    @Test
    void aMissingFieldIsAParameterError() {
        byte[] fields = join(field(0x0a, 32), field(0x1a, 16));

        assertThat(AesmMessages.parse(join(new byte[] {0x1a}, varint(fields.length), fields)))
                .isEqualTo(new NotServed(3, AesmError.PARAMETER_ERROR));
    }

    @Test
    void asProto2HasItTheLastValueCountsUnknownFieldsAreSkippedAndAMessageMayComeInParts() {
        byte[] early = join(field(0x0a, 7), hex("10 05"), field(0x7a, 3));
        byte[] rest = join(field(0x12, 384), field(0x1a, 16), field(0x0a, 32), hex("48 07"));
        byte[] body = join(
                hex("F0 07 01"),
                new byte[] {0x1a},
                varint(early.length),
                early,
                new byte[] {0x1a},
                varint(rest.length),
                rest);

        assertThat(AesmMessages.parse(body))
                .isInstanceOfSatisfying(
                        LaunchToken.class,
                        token -> assertThat(token.timeoutMicros()).isEqualTo(7));
    }

    @Test
    void ofSeveralRequestsTheTokensCounts() {
        byte[] token = Frames.tokenBody(new byte[32], new byte[384], ATTRIBUTES);

        assertThat(AesmMessages.parse(join(hex("0A 00"), token, hex("52 00")))).isInstanceOf(LaunchToken.class);
    }

    @ParameterizedTest
    @CsvSource({
        "1A, 20",
        "1A FF FF FF FF 0F, 3",
        "1A 05 0A 20 00, 3",
        "0A 03 0B 0C, 1",
        "FF FF FF FF FF FF FF FF FF FF 01, 20",
        "00, 20",
        "0C, 20",
        "0B, 20"
    })
    void whatIsNoMessageSaysSo(String body, int field) {
        assertThat(AesmMessages.parse(hex(body)))
                .isIn(new NotServed(field, AesmError.MSG_ERROR), new NotServed(3, AesmError.MSG_ERROR));
    }

    @Test
    void groupsWithinGroupsEnd() {
        assertThat(AesmMessages.parse(filled(60_000, 0x0b))).isEqualTo(new NotServed(20, AesmError.MSG_ERROR));
    }

    private static byte[] field(int tag, int length) {
        return join(new byte[] {(byte) tag}, varint(length), filled(length, 1));
    }

    private static byte[] varint(int value) {
        return value < 128
                ? new byte[] {(byte) value}
                : new byte[] {(byte) ((value & 0x7f) | 0x80), (byte) (value >> 7)};
    }
}

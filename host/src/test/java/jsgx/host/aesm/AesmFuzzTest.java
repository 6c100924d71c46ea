package jsgx.host.aesm;

import static jsgx.host.aesm.Frames.filled;
import static jsgx.host.aesm.Frames.hex;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Any bytes as a client's. */
class AesmFuzzTest {

    static Stream<byte[]> bodies() {
        return Stream.of(
                Frames.tokenBody(filled(32, 1), filled(384, 2), filled(16, 3)),
                hex("52 04 48 C0 84 3D"),
                hex("5A 07 08 B8 03 48 C0 84 3D"),
                hex("82 01 02 48 01"),
                hex("9B 06 9C 06"));
    }

    static Stream<byte[]> streams() {
        return bodies().map(Frames::frame);
    }

    /** Each message has an answer, which is a frame of its own length. */
    @MethodSource("bodies")
    @FuzzTest(maxDuration = "2m")
    void parses(byte[] body) {
        AesmRequest request = AesmMessages.parse(body);
        byte[] answer = AesmMessages.error(request, AesmError.BUSY);
        if (answer.length < 8 || answer.length != 4 + answer[0]) {
            throw new AssertionError(Arrays.toString(answer));
        }
        if (request instanceof AesmRequest.LaunchToken token
                && (token.mrEnclave().length != 32
                        || token.modulus().length != 384
                        || token.attributes().length != 16)) {
            throw new AssertionError("sizes");
        }
    }

    /** However a stream comes in pieces, its frames are the same. */
    @MethodSource("streams")
    @FuzzTest(maxDuration = "2m")
    void cuts(byte[] stream) {
        List<byte[]> whole = frames(stream, stream.length);
        List<byte[]> pieces = frames(stream, 3);
        if (!Arrays.deepEquals(whole.toArray(), pieces.toArray())) {
            throw new AssertionError("%d frames at once, %d in pieces".formatted(whole.size(), pieces.size()));
        }
    }

    private static List<byte[]> frames(byte[] stream, int piece) {
        Inbox inbox = new Inbox();
        List<byte[]> frames = new ArrayList<>();
        for (int at = 0; at < stream.length; at += piece) {
            int length = Math.min(piece, stream.length - at);
            inbox.add(MemorySegment.ofArray(stream).asSlice(at), length);
            for (byte[] body = inbox.take(); body != null; body = inbox.take()) {
                frames.add(body);
            }
            if (inbox.isTooLong()) {
                break;
            }
        }
        return frames;
    }
}

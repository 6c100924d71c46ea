package jsgx.launch;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import jsgx.launch.LaunchResult.Stage;
import jsgx.launch.token.TokenSource;

/**
 * How an INIT came out that a program executed by itself.
 *
 * @param stage who decided
 * @param code the decision's name, as in {@link LaunchResult#code}
 * @param policy what the policy said, for people; empty where there is no policy, or it was not asked
 * @param token where the token came from that EINIT was given
 * @param explanation why it was refused, or a note on the success
 */
public record InitReport(Stage stage, String code, String policy, TokenSource token, Explanation explanation) {

    /** As bytes, for another process of the same jsgx. */
    public byte[] encode() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(stage.ordinal());
            out.writeByte(token.ordinal());
            write(out, code, policy, explanation.headline(), explanation.check(), explanation.where());
            write(out, explanation.expected(), explanation.found(), explanation.whatToDo());
            out.writeInt(explanation.details().size());
            write(out, explanation.details().toArray(String[]::new));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** What {@link #encode} wrote. */
    public static InitReport decode(byte[] report) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(report))) {
            Stage stage = Stage.values()[in.readUnsignedByte()];
            TokenSource token = TokenSource.values()[in.readUnsignedByte()];
            List<String> texts = read(in, 8);
            List<String> details = read(in, in.readInt());
            Explanation explanation = new Explanation(
                    texts.get(2), texts.get(3), texts.get(4), texts.get(5), texts.get(6), details, texts.get(7));
            return new InitReport(stage, texts.get(0), texts.get(1), token, explanation);
        } catch (IOException e) {
            throw new UncheckedIOException("a report of an INIT that ends too early", e);
        }
    }

    private static void write(DataOutputStream out, String... texts) throws IOException {
        for (String text : texts) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            out.writeInt(bytes.length);
            out.write(bytes);
        }
    }

    private static List<String> read(DataInputStream in, int count) throws IOException {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            texts.add(new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8));
        }
        return texts;
    }
}

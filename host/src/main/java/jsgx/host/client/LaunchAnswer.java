package jsgx.host.client;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import jsgx.arch.struct.Attributes;
import jsgx.driver.InterfaceKind;
import jsgx.launch.Explanation;
import jsgx.launch.LaunchResult;
import jsgx.launch.governor.Placement;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.token.TokenSource;

/** What a daemon answers to a launch, or to the question what its policy says to one. */
public final class LaunchAnswer {

    private LaunchAnswer() {}

    /**
     * How a launch ended, and what the host says of all its launches.
     *
     * @param placement where the host keeps tokens
     * @param workload whom it was charged to
     */
    public record Launched(LaunchResult result, Placement placement, String workload) {}

    /**
     * What the policy says.
     *
     * @param workload whom it would be charged to
     */
    public record Judged(PolicyVerdict verdict, String workload) {}

    public static byte[] write(Launched launched) throws IOException {
        LaunchResult result = launched.result();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeByte(result.verdict().ordinal());
        out.writeByte(result.stage().ordinal());
        Fields.text(out, result.code());
        out.writeByte(result.driver().ordinal());
        out.writeLong(result.ioctlResult());
        Fields.text(out, result.mrEnclave());
        Fields.text(out, result.mrSigner());
        out.writeLong(result.attributes().flags());
        out.writeLong(result.attributes().xfrm());
        out.writeInt(result.miscSelect());
        out.writeByte(result.token().source().ordinal());
        // What the kernel got for v5 stays with the kernel.
        byte[] token = result.driver() == InterfaceKind.V5
                ? new byte[0]
                : result.token().bytes();
        out.writeInt(token.length);
        out.write(token);
        out.writeInt(result.pages());
        out.writeLong(result.reissue().staleCode());
        Fields.text(out, result.reissue().reason());
        out.writeInt(result.timeline().size());
        for (LaunchResult.Step step : result.timeline()) {
            Fields.text(out, step.name());
            out.writeInt(step.count());
            out.writeDouble(step.micros());
            Fields.text(out, step.note());
        }
        Explanation why = result.explanation();
        for (String text :
                List.of(why.headline(), why.check(), why.where(), why.expected(), why.found(), why.whatToDo())) {
            Fields.text(out, text);
        }
        out.writeInt(why.details().size());
        for (String detail : why.details()) {
            Fields.text(out, detail);
        }
        out.writeByte(launched.placement().ordinal());
        Fields.text(out, launched.workload());
        return bytes.toByteArray();
    }

    public static Launched launched(byte[] answer) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(answer))) {
            LaunchResult.Verdict verdict = LaunchResult.Verdict.values()[in.readByte()];
            LaunchResult.Stage stage = LaunchResult.Stage.values()[in.readByte()];
            String code = Fields.text(in);
            InterfaceKind driver = InterfaceKind.values()[in.readByte()];
            long ioctlResult = in.readLong();
            String mrEnclave = Fields.text(in);
            String mrSigner = Fields.text(in);
            Attributes attributes = new Attributes(in.readLong(), in.readLong());
            int miscSelect = in.readInt();
            TokenSource source = TokenSource.values()[in.readByte()];
            LaunchResult.Token token = new LaunchResult.Token(source, Fields.bytes(in, in.readInt()));
            int pages = in.readInt();
            LaunchResult.Reissue reissue = new LaunchResult.Reissue(in.readLong(), Fields.text(in));
            List<LaunchResult.Step> timeline = new ArrayList<>();
            for (int i = in.readInt(); i > 0; i--) {
                timeline.add(new LaunchResult.Step(Fields.text(in), in.readInt(), in.readDouble(), Fields.text(in)));
            }
            Explanation why = explanation(in);
            Placement placement = Placement.values()[in.readByte()];
            LaunchResult result = new LaunchResult(
                    verdict,
                    stage,
                    code,
                    driver,
                    ioctlResult,
                    mrEnclave,
                    mrSigner,
                    attributes,
                    miscSelect,
                    token,
                    pages,
                    reissue,
                    timeline,
                    why);
            return new Launched(result, placement, Fields.text(in));
        }
    }

    private static Explanation explanation(DataInputStream in) throws IOException {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            texts.add(Fields.text(in));
        }
        List<String> details = new ArrayList<>();
        for (int i = in.readInt(); i > 0; i--) {
            details.add(Fields.text(in));
        }
        return new Explanation(
                texts.get(0), texts.get(1), texts.get(2), texts.get(3), texts.get(4), details, texts.get(5));
    }

    public static byte[] write(Judged judged) throws IOException {
        PolicyVerdict verdict = judged.verdict();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeByte(verdict.effect().ordinal());
        Fields.text(out, verdict.rule());
        Fields.text(out, verdict.where());
        Fields.text(out, verdict.reason());
        out.writeLong(verdict.revision());
        Fields.text(out, judged.workload());
        return bytes.toByteArray();
    }

    public static Judged judged(byte[] answer) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(answer))) {
            PolicyVerdict verdict = new PolicyVerdict(
                    PolicyVerdict.Effect.values()[in.readByte()],
                    Fields.text(in),
                    Fields.text(in),
                    Fields.text(in),
                    in.readLong());
            return new Judged(verdict, Fields.text(in));
        }
    }
}

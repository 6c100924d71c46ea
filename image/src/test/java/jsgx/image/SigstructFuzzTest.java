package jsgx.image;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Arrays;
import java.util.stream.Stream;
import jsgx.arch.crypto.Rsa3072;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import org.junit.jupiter.params.provider.MethodSource;

/** Any 1808 bytes as a SIGSTRUCT. */
class SigstructFuzzTest {

    static Stream<byte[]> seeds() {
        Sigstruct fixed = Sigstruct.allocate();
        fixed.writeFixedFields();
        return Stream.of(fixed.memory().toArray(Layouts.U8), signed());
    }

    private static byte[] signed() {
        try {
            return SigstructSigner.sign(SigstructOptions.of("00".repeat(32), 0x20171219), TestKey.KEY)
                    .memory()
                    .toArray(Layouts.U8);
        } catch (ImageException e) {
            throw new IllegalStateException(e);
        }
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "2m")
    void checks(byte[] bytes) {
        Sigstruct sigstruct = Sigstruct.of(Arrays.copyOf(bytes, Sigstruct.SIZE));
        SigstructCheck check = SigstructCheck.check(sigstruct);
        boolean verified = Rsa3072.verify(sigstruct);
        boolean found = check.finding(SigstructCheck.Part.SIGNATURE).valid()
                && check.finding(SigstructCheck.Part.Q1).valid()
                && check.finding(SigstructCheck.Part.Q2).valid();
        if (verified != found) {
            throw new AssertionError("the processor says " + verified + ", the findings are " + check.findings());
        }
    }
}

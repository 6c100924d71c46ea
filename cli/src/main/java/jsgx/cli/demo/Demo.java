package jsgx.cli.demo;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageException;
import jsgx.image.ImageMeasurement;
import jsgx.image.SigningKey;
import jsgx.image.SigstructCheck;
import jsgx.image.SigstructOptions;
import jsgx.image.SigstructSigner;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.LaunchResult;
import jsgx.launch.Launcher;
import jsgx.launch.Platform;
import jsgx.launch.token.TokenSource;

/**
 * Launches of one small enclave on a platform that is made for them: by the processor's rules, and then by those of launch control. What
 * a step does is what any user of {@link Launcher} can do.
 */
public final class Demo {

    private static final int DATE = 0x20171219;
    private static final long RESERVED_ATTRIBUTE = 1L << 3;
    static final List<String> SUCCESS = List.of("SGX_SUCCESS");

    /**
     * One launch.
     *
     * @param name its name in JSON
     * @param title what is tried, for people
     * @param expected the codes with which it may end
     * @param source where its token is to come from; {@code NONE} for anywhere
     */
    public record Step(String name, String title, List<String> expected, TokenSource source) {

        /** A step whose token may come from anywhere. */
        public Step(String name, String title, List<String> expected) {
            this(name, title, expected, TokenSource.NONE);
        }
    }

    /**
     * One launch and how it ended.
     *
     * @param micros how long the whole launch took
     */
    public record Ended(Step step, LaunchResult result, double micros) {

        /** Whether it ended as it should. */
        public boolean asExpected() {
            return step.expected().contains(result.code())
                    && (step.source() == TokenSource.NONE
                            || step.source() == result.token().source());
        }
    }

    /** What the demo launches: the enclave, its SIGSTRUCT, and the key that signed it. */
    public record Enclave(EnclaveImage image, Sigstruct sigstruct, SigningKey signer) {}

    private final Enclave enclave;

    private Demo(Enclave enclave) {
        this.enclave = enclave;
    }

    /** A demo with an enclave that a new key signed. */
    public static Demo create(SecureRandom random) throws ImageException {
        EnclaveImage image = DemoEnclave.image();
        SigningKey signer = SigningKey.generate(random);
        String mrEnclave = ImageMeasurement.measure(image).mrEnclave();
        return new Demo(new Enclave(image, SigstructSigner.sign(SigstructOptions.of(mrEnclave, DATE), signer), signer));
    }

    public Enclave enclave() {
        return enclave;
    }

    /**
     * Makes all launches on one platform and tells of each as it ends.
     *
     * @param folder an empty folder for the tokens that outlive a launch
     */
    public void run(Platform platform, Path folder, Random random, Consumer<Ended> listener) throws LaunchException {
        runProcessorsRules(platform, listener);
        new ControlDemo(platform, enclave, folder, listener).run(random);
    }

    private void runProcessorsRules(Platform platform, Consumer<Ended> listener) throws LaunchException {
        EnclaveImage image = enclave.image();
        Sigstruct signed = enclave.sigstruct();
        LaunchOptions v5 = LaunchOptions.through(InterfaceKind.V5);
        LaunchOptions isgx = LaunchOptions.through(InterfaceKind.ISGX);
        Attributes reserved = signed.attributes().with(RESERVED_ATTRIBUTE);
        try (Launcher launcher = Launcher.on(platform)) {
            Runner runner = new Runner(launcher, listener);
            runner.launch(new Step("cold", "the enclave, on a machine just switched on", SUCCESS), image, signed, v5);
            runner.launch(new Step("again", "the same enclave again", SUCCESS), image, signed, v5);
            runner.launch(
                    new Step("flipped-code", "one bit of its code flipped", List.of("SGX_INVALID_MEASUREMENT")),
                    DemoEnclave.withFlippedBit(),
                    signed,
                    v5.compareWith(image));
            runner.launch(
                    new Step("wrong-signature", "one bit of its signature flipped", List.of("SGX_INVALID_SIGNATURE")),
                    image,
                    withFlippedSignature(signed),
                    v5);
            runner.launch(
                    new Step("forged-token", "a token that no launch enclave made", List.of("SGX_INVALID_EINITTOKEN")),
                    image,
                    signed,
                    isgx.withToken(forgedToken(platform, signed)));
            runner.launch(
                    new Step("reserved-attribute", "an attribute bit that is reserved", List.of("DRIVER_EINVAL", "GP")),
                    image,
                    signed,
                    v5.withAttributes(reserved));
        }
    }

    /** Launches and tells of it. */
    record Runner(Launcher launcher, Consumer<Ended> listener) {

        LaunchResult launch(Step step, EnclaveImage image, Sigstruct sigstruct, LaunchOptions options)
                throws LaunchException {
            long start = System.nanoTime();
            LaunchResult result = launcher.launch(image, sigstruct, options);
            listener.accept(new Ended(step, result, (System.nanoTime() - start) / 1e3));
            return result;
        }
    }

    private static Sigstruct withFlippedSignature(Sigstruct signed) {
        byte[] bytes = new byte[Sigstruct.SIZE];
        Sigstruct flipped = Sigstruct.of(bytes);
        flipped.memory().copyFrom(signed.memory());
        byte[] signature = new byte[(int) signed.signature().byteSize()];
        flipped.signature().asByteBuffer().get(signature);
        signature[0] ^= 1;
        flipped.signature(signature);
        return flipped;
    }

    /** A token with everything right but its MAC, for which one would need the launch key. */
    private static byte[] forgedToken(Platform platform, Sigstruct signed) {
        byte[] bytes = new byte[EinitToken.SIZE];
        EinitToken token = EinitToken.of(bytes);
        token.valid(1);
        token.attributes(signed.attributes());
        token.mrEnclave(signed.enclaveHash());
        token.mrSigner(HexFormat.of().parseHex(SigstructCheck.mrSigner(signed)));
        token.cpuSvnLe(platform.cpuSvn().bytes());
        token.maskedAttributesLe(new Attributes(Attributes.INIT | Attributes.EINITTOKENKEY, 0));
        return bytes;
    }
}

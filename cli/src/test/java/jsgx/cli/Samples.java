package jsgx.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Key;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import jsgx.arch.struct.Sigstruct;
import jsgx.cli.demo.DemoEnclave;
import jsgx.cli.demo.SgxProgram;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;
import jsgx.image.SgxsWriter;
import jsgx.image.SigningKey;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.PlatformFile;

/** Files that commands are tried on. The keys are made once for all tests: that takes its time. */
final class Samples {

    private static final SecureRandom RANDOM = new SecureRandom();

    private Samples() {}

    private static final class Keys {
        static final SigningKey SIGNER = SigningKey.generate(RANDOM);
        static final Platform PLATFORM = Platform.create(RANDOM);
        static final KeyPair POLICY = ed25519();
    }

    /** The key that signs all sample enclaves. */
    static SigningKey signer() {
        return Keys.SIGNER;
    }

    /** A platform that others share: it is not to be changed. */
    static Platform platform() {
        return Keys.PLATFORM;
    }

    /** Writes enclave.sgxs, flipped.sgxs (one bit of code) and key.pem. */
    static Jsgx in(Path folder) {
        Jsgx jsgx = new Jsgx(folder);
        jsgx.file("enclave.sgxs", sgxs(DemoEnclave.image()));
        jsgx.file("flipped.sgxs", sgxs(DemoEnclave.withFlippedBit()));
        try {
            signer().write(folder.resolve("key.pem"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return jsgx;
    }

    /**
     * Writes the same, and what documents use besides: other.sgxs, enclave.sigstruct, enclave.token; and keeps a platform in
     * the user's home, with a token labelled loader beside it.
     */
    static Jsgx signedIn(Path folder) {
        Jsgx jsgx = in(folder);
        try {
            PlatformFile.of(jsgx.environment()).replace(Keys.PLATFORM);
        } catch (LaunchException e) {
            throw new IllegalStateException(e);
        }
        jsgx.file("other.sgxs", sgxs(withUnmeasuredPage()));
        jsgx.file("enclave.bin", new byte[0x4000]);
        jsgx.file("enclave.layout", """
                size 0x10000
                ssa-frame-size 1
                range 0x0 0x1000 tcs measured
                range 0x1000 0x3000 rw- 0x00ff
                """.getBytes(StandardCharsets.UTF_8));
        jsgx.line("sign enclave.sgxs --key key.pem -o enclave.sigstruct --product-id 7 --svn 3");
        jsgx.line("launch enclave.sgxs --sigstruct enclave.sigstruct --interface isgx --save-token enclave.token");
        jsgx.line("token import loader enclave.token");
        policiesIn(jsgx);
        return jsgx;
    }

    /** Writes the same, and programs that expect SGX: program, program-v5, and program-flipped, whose enclave is not what was signed. */
    static Jsgx withProgramsIn(Path folder) {
        Jsgx jsgx = signedIn(folder);
        try {
            Sigstruct sigstruct = Sigstruct.of(Files.readAllBytes(folder.resolve("enclave.sigstruct")));
            program(jsgx, "program", SgxProgram.elf(DemoEnclave.image(), sigstruct, InterfaceKind.MAINLINE));
            program(jsgx, "program-v5", SgxProgram.elf(DemoEnclave.image(), sigstruct, InterfaceKind.V5));
            program(
                    jsgx,
                    "program-flipped",
                    SgxProgram.elf(DemoEnclave.withFlippedBit(), sigstruct, InterfaceKind.MAINLINE));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return jsgx;
    }

    private static void program(Jsgx jsgx, String name, byte[] elf) throws IOException {
        Files.setPosixFilePermissions(jsgx.file(name, elf), PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Writes the policy, its cases and the policy to be signed that docs/policy.md shows, and a key for it, policy.key. */
    static void policiesIn(Jsgx jsgx) {
        for (String name : List.of("policy.yaml", "cases.yaml", "signed.yaml")) {
            jsgx.file(name, Document.block("docs/policy.md", name).getBytes(StandardCharsets.UTF_8));
        }
        jsgx.file("policy.key", pem("PRIVATE KEY", Keys.POLICY.getPrivate()));
    }

    /** The key that policies are signed with. */
    static byte[] policyPublicKey() {
        return pem("PUBLIC KEY", Keys.POLICY.getPublic());
    }

    private static byte[] pem(String label, Key key) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key.getEncoded());
        return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
                .formatted(label, body, label)
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static KeyPair ed25519() {
        try {
            return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    static byte[] sgxs(EnclaveImage image) {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        try {
            SgxsWriter.write(image, stream);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return stream.toByteArray();
    }

    /** The sample enclave with a page more at its end that is added and not measured. */
    static EnclaveImage withUnmeasuredPage() {
        EnclaveImage image = DemoEnclave.image();
        List<EnclavePage> pages = new ArrayList<>(image.pages());
        pages.add(new EnclavePage(
                0x4000, EnclavePage.reg(3), EnclavePage.NONE, MemorySegment.ofArray(new byte[EnclavePage.SIZE])));
        return new EnclaveImage(image.format(), 0x8000, 1, pages, EnclaveImage.UNSIGNED, image.hints());
    }

    /** Every file beneath a folder, as its name relative to it. */
    static List<String> filesIn(Path folder) {
        try (var files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}

package jsgx.host.aesm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.Workload;
import jsgx.host.peer.Identification;
import jsgx.host.peer.Peer;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;
import jsgx.image.ImageException;
import jsgx.image.ImageMeasurement;
import jsgx.image.SecsHints;
import jsgx.image.SigningKey;
import jsgx.image.SigstructOptions;
import jsgx.image.SigstructSigner;
import jsgx.launch.Launcher;
import jsgx.launch.Platform;
import jsgx.launch.audit.Durability;
import jsgx.launch.governor.GovernorOptions;

/** A host with the AESM socket alone, in a folder that goes with it, and an enclave to ask for. */
final class AesmHost implements AutoCloseable {

    static final SigningKey KEY = SigningKey.generate(new SecureRandom());
    static final EnclaveImage IMAGE = image();
    static final Sigstruct SIGSTRUCT = sign();

    /** Whom connections are charged to where a test does not say. */
    static final Identification ONE = connection -> new Peer(1, 7, 7, new Workload("uid:7"));

    private static final Platform PLATFORM = Platform.create(new SecureRandom());

    private final Path folder;
    private final Launcher launcher;
    private final AesmService service;

    private AesmHost(
            GovernorOptions governance,
            Identification peers,
            UnaryOperator<AesmOptions> settings,
            UnaryOperator<AesmService.Issuer> issuer)
            throws Exception {
        folder = Files.createTempDirectory("ja");
        launcher = Launcher.on(PLATFORM, governance);
        AesmOptions options = settings.apply(
                AesmOptions.at(folder.resolve("a"), Durability.ASYNC).withThreads(2));
        service = new AesmService(options, issuer.apply(launcher.running().governor()::issueToUserSpace), peers);
        service.start();
    }

    static AesmHost start() throws Exception {
        return start(GovernorOptions.defaults());
    }

    static AesmHost start(GovernorOptions governance) throws Exception {
        return new AesmHost(governance, ONE, UnaryOperator.identity(), UnaryOperator.identity());
    }

    static AesmHost start(UnaryOperator<AesmOptions> settings) throws Exception {
        return new AesmHost(GovernorOptions.defaults(), ONE, settings, UnaryOperator.identity());
    }

    static AesmHost start(
            Identification peers, UnaryOperator<AesmOptions> settings, UnaryOperator<AesmService.Issuer> issuer)
            throws Exception {
        return new AesmHost(GovernorOptions.defaults(), peers, settings, issuer);
    }

    Path socket() {
        return folder.resolve("a");
    }

    AesmService service() {
        return service;
    }

    Launcher launcher() {
        return launcher;
    }

    AesmClient connect() throws IOException {
        return new AesmClient(socket());
    }

    /** The request for a token of {@link #IMAGE}, as a frame. */
    static byte[] request() {
        Attributes attributes = new Attributes(Attributes.MODE64BIT, 3);
        byte[] bytes = new byte[16];
        attributes.writeTo(MemorySegment.ofArray(bytes), 0);
        return Frames.frame(Frames.tokenBody(
                HexFormat.of().parseHex(ImageMeasurement.measure(IMAGE).mrEnclave()), modulus(), bytes));
    }

    /** The signer's modulus, little-endian, from its place in the SIGSTRUCT. */
    private static byte[] modulus() {
        return SIGSTRUCT.memory().asSlice(128, 384).toArray(Layouts.U8);
    }

    private static EnclaveImage image() {
        byte[] code = new byte[4096];
        code[0] = (byte) 0xc3;
        return new EnclaveImage(
                EnclaveImage.Format.SGXS,
                2 * 4096,
                1,
                List.of(new EnclavePage(
                        0,
                        EnclavePage.reg(Secinfo.R | Secinfo.X),
                        EnclavePage.ALL,
                        MemorySegment.ofArray(code).asReadOnly())),
                EnclaveImage.UNSIGNED,
                SecsHints.NONE);
    }

    private static Sigstruct sign() {
        try {
            return SigstructSigner.sign(
                    SigstructOptions.of(ImageMeasurement.measure(IMAGE).mrEnclave(), 0x20260101), KEY);
        } catch (ImageException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        service.stop(Duration.ZERO);
        launcher.close();
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(AesmHost::delete);
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

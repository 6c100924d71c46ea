package jsgx.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.Completion;
import jsgx.driver.Decision;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.DriverOptions;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.InterfaceKind;
import jsgx.driver.LaunchAuthority;
import jsgx.driver.LaunchRequest;
import jsgx.driver.SgxDriver;
import jsgx.driver.TokenSupplier;
import jsgx.driver.Workload;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;
import jsgx.image.ImageException;
import jsgx.image.ImageMeasurement;
import jsgx.image.SecsHints;
import jsgx.image.SigningKey;
import jsgx.image.SigstructCheck;
import jsgx.image.SigstructOptions;
import jsgx.image.SigstructSigner;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.PlatformFile;
import jsgx.launch.RunningPlatform;
import jsgx.launch.audit.AuditLog;
import jsgx.launch.audit.AuditOptions;
import jsgx.launch.audit.Durability;
import jsgx.launch.governor.Governor;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.Placement;
import jsgx.launch.governor.RevocationFile;
import jsgx.launch.load.EnclaveLoader;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.store.TokenStore;
import jsgx.launch.store.UserTokenCache;
import jsgx.launch.token.TokenIdentity;

/** A host that launches one small enclave again and again: of the v5 design, or of jsgx under one of its placements. */
public abstract class LaunchHost implements AutoCloseable {

    /** Who controls launches, and where tokens are kept. */
    public enum Design {
        /** The v5 series: no policy, no cache, a launch enclave in another process. */
        V5,
        NONE,
        KERNEL,
        USER,
        BOTH
    }

    private static final int PAGE = 4096;
    private static final String LABEL = "bench";
    private static final Workload WORKLOAD = new Workload("0");
    private static final Attributes ATTRIBUTES = new Attributes(Attributes.MODE64BIT, 3);

    final Path folder;
    final Platform platform;
    final AuditLog audit;
    final EnclaveImage image = image();
    final Sigstruct sigstruct;
    final TokenIdentity identity;

    private final AtomicLong enclaves = new AtomicLong(1L << 40);

    private LaunchHost(Durability durability) throws IOException, LaunchException, ImageException {
        folder = Files.createTempDirectory("jsgx-bench");
        platform = PlatformFile.in(folder).replace(Platform.create(new SecureRandom()));
        AuditOptions options = AuditOptions.defaults().withDurability(durability);
        audit = AuditLog.open(folder.resolve("audit"), options, InstantSource.system());
        String mrEnclave = ImageMeasurement.measure(image).mrEnclave();
        SigstructOptions signature = SigstructOptions.of(mrEnclave, 0x20260101);
        sigstruct = SigstructSigner.sign(signature, SigningKey.generate(new SecureRandom()));
        byte[] mrSigner = HexFormat.of().parseHex(SigstructCheck.mrSigner(sigstruct));
        identity = TokenIdentity.of(HexFormat.of().parseHex(mrEnclave), mrSigner, ATTRIBUTES);
    }

    /** A host of this design, warm: a launch was done. */
    static LaunchHost of(Design design, Durability durability) throws IOException, LaunchException, ImageException {
        LaunchHost host = switch (design) {
            case V5 -> new V5Host(durability);
            case NONE -> new JsgxHost(Placement.NONE, durability);
            case KERNEL -> new JsgxHost(Placement.KERNEL, durability);
            case USER -> new JsgxHost(Placement.USER, durability);
            case BOTH -> new JsgxHost(Placement.BOTH, durability);
        };
        host.launch();
        return host;
    }

    abstract SgxDriver driver();

    abstract LaunchAuthority authority();

    /** The token that user space has and passes; empty where the kernel gets one itself. */
    abstract byte[] callersToken() throws LaunchException;

    /** What stands between the driver and its token: asks for it, records the intent, and records that EINIT was not executed. */
    byte[] token() throws LaunchException {
        byte[] brought = callersToken();
        LaunchRequest request = new LaunchRequest(
                enclaves.incrementAndGet(),
                brought.length == 0 ? InterfaceKind.V5 : InterfaceKind.ISGX,
                WORKLOAD,
                sigstruct.memory().toArray(Layouts.U8),
                identity.mrEnclave(),
                identity.mrSigner(),
                ATTRIBUTES,
                0,
                image.size(),
                brought,
                brought.length == 0 ? TokenSupplier.AUTHORITY : TokenSupplier.CALLER,
                HexFormat.of().parseHex(platform.leMrSigner()));
        Decision decision = authority().decide(request);
        if (!(decision instanceof Decision.Allow(byte[] token))) {
            throw new IllegalStateException(decision.toString());
        }
        var _ = authority().complete(request, new Completion.NotExecuted(0, "benchmark"));
        return brought.length == 0 ? token : brought;
    }

    /** Builds the enclave, initialises it and gives it up. */
    void launch() throws LaunchException {
        byte[] brought = callersToken();
        InterfaceKind kind = brought.length == 0 ? InterfaceKind.V5 : InterfaceKind.ISGX;
        EinitToken token = brought.length == 0 ? EinitToken.allocate() : EinitToken.of(brought);
        try (EnclaveLoader loader =
                new EnclaveLoader(kind, driver().device(kind).open(WORKLOAD), new EmbeddedAddressSpace())) {
            expect(loader, loader.create(image, ATTRIBUTES, 0));
            expect(loader, loader.addPages(image.pages()));
            expect(loader, loader.init(sigstruct, token));
        } catch (DeviceAbsentException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void expect(EnclaveLoader loader, long result) {
        if (result != 0) {
            throw new IllegalStateException(
                    "the driver returned %d: %s %s".formatted(result, loader.lastOutcome(), loader.lastRefusal()));
        }
    }

    /** A page of code, and nothing more. */
    private static EnclaveImage image() {
        byte[] code = new byte[PAGE];
        code[0] = (byte) 0xc3;
        List<EnclavePage> pages = new ArrayList<>();
        pages.add(new EnclavePage(
                0,
                EnclavePage.reg(Secinfo.R | Secinfo.X),
                EnclavePage.ALL,
                MemorySegment.ofArray(code).asReadOnly()));
        return new EnclaveImage(EnclaveImage.Format.SGXS, 2 * PAGE, 1, pages, EnclaveImage.UNSIGNED, SecsHints.NONE);
    }

    @Override
    public void close() throws LaunchException, IOException {
        audit.close();
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(LaunchHost::delete);
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class V5Host extends LaunchHost {

        private final V5Authority authority;
        private final SgxDriver driver;

        V5Host(Durability durability) throws IOException, LaunchException, ImageException {
            super(durability);
            byte[] leSigner = HexFormat.of().parseHex(platform.leMrSigner());
            authority = new V5Authority(folder, leSigner, audit);
            driver = new SgxDriver(
                    platform.powerOn(new SecureRandom()),
                    DriverOptions.defaults()
                            .withFirmware(platform.launchControl()::initialize)
                            .withLaunchEnclaveSigner(leSigner)
                            .withAuthority(authority));
        }

        @Override
        SgxDriver driver() {
            return driver;
        }

        @Override
        LaunchAuthority authority() {
            return authority;
        }

        @Override
        byte[] callersToken() {
            return new byte[0];
        }

        @Override
        public void close() throws LaunchException, IOException {
            driver.close();
            authority.close();
            super.close();
        }
    }

    private static final class JsgxHost extends LaunchHost {

        private final Placement placement;
        private final TokenStore store;
        private final UserTokenCache userTokens;
        private final RunningPlatform running;

        JsgxHost(Placement placement, Durability durability) throws IOException, LaunchException, ImageException {
            super(durability);
            this.placement = placement;
            store = TokenStore.in(folder);
            TokenOrigin here = new TokenOrigin(platform.id(), platform.leMrSigner());
            userTokens = new UserTokenCache(store, () -> here, InstantSource.system());
            running = RunningPlatform.of(
                    platform,
                    GovernorOptions.defaults()
                            .withAudit(audit)
                            .withRevocations(RevocationFile.in(folder))
                            .withPlacement(placement));
        }

        @Override
        SgxDriver driver() {
            return running.driver();
        }

        @Override
        LaunchAuthority authority() {
            return running.governor();
        }

        @Override
        byte[] callersToken() throws LaunchException {
            if (!placement.inUserSpace()) {
                return new byte[0];
            }
            Governor governor = running.governor();
            return userTokens
                    .get(
                            LABEL,
                            identity,
                            wanted -> governor.issue(wanted, WORKLOAD).token())
                    .token();
        }

        @Override
        public void close() throws LaunchException, IOException {
            running.close();
            store.close();
            super.close();
        }
    }
}

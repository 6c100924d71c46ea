package jsgx.host.admin;

import io.avaje.json.mapper.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Sigstruct;
import jsgx.arch.struct.Tcs;
import jsgx.driver.InterfaceKind;
import jsgx.host.service.HostContext;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;
import jsgx.image.ImageMeasurement;
import jsgx.image.SecsHints;
import jsgx.image.SigningKey;
import jsgx.image.SigstructOptions;
import jsgx.image.SigstructSigner;
import jsgx.launch.Governance;
import jsgx.launch.LaunchControl;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.LaunchResult;
import jsgx.launch.Launcher;
import jsgx.launch.OwnerEpoch;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.audit.Durability;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.Placement;
import jsgx.launch.le.LeProfile;
import jsgx.machine.SharedEpc;
import org.jspecify.annotations.Nullable;

/** A host with the admin service alone, in a short folder of its own, and who talks to it. */
final class AdminHost implements AutoCloseable {

    static final SigningKey LE_KEY = SigningKey.generate(new SecureRandom());
    static final SigningKey KEY = SigningKey.generate(new SecureRandom());
    private static final int PAGE = 4096;

    final Path folder;
    final SharedEpc epc;
    final Governance governance;
    final RunningPlatform running;
    final Launcher launcher;
    final HostContext context;
    final AdminService service;

    private AdminHost(Path folder, Placement placement, @Nullable InetSocketAddress console) throws Exception {
        this.folder = folder;
        Path state = folder.resolve("state");
        Platform platform = platform();
        epc = SharedEpc.allocate(platform.epcSections());
        governance =
                Governance.in(state, InstantSource.system(), Durability.GROUP).withTokens();
        GovernorOptions options = governance.options().withPlacement(placement);
        running = RunningPlatform.of(platform, options);
        launcher = Launcher.on(running, options);
        context = new HostContext(running, epc, governance, state, InstantSource.system());
        service = new AdminService(
                context,
                new AdminOptions(
                        folder.resolve("admin.socket"),
                        "",
                        console,
                        console == null ? null : new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        "test"),
                () -> List.of(this.service()));
        service.start();
    }

    private AdminService service() {
        return service;
    }

    static AdminHost start() throws Exception {
        return start(Placement.KERNEL, null);
    }

    static AdminHost start(Placement placement, @Nullable InetSocketAddress console) throws Exception {
        return new AdminHost(Files.createTempDirectory("jx"), placement, console);
    }

    private static Platform platform() {
        SecureRandom random = new SecureRandom();
        return new Platform(
                CpuFeatures.SGX2,
                Fuses.burn(random),
                CpuSvn.parse("020602ff010100000000000000000000"),
                OwnerEpoch.random(random),
                LaunchControl.unlocked(LE_KEY.mrSigner()),
                List.of(4L << 20),
                LE_KEY,
                LeProfile.V5);
    }

    /** Launches an enclave, the same for the same seed, for a workload; it is gone after it. */
    LaunchResult launch(int seed, InterfaceKind kind, String workload) throws Exception {
        EnclaveImage image = image(seed);
        return launcher.launch(
                image, sign(image), LaunchOptions.through(kind).forWorkload(new jsgx.driver.Workload(workload)));
    }

    static EnclaveImage image(int seed) {
        byte[] content = new byte[PAGE];
        new java.util.Random(seed).nextBytes(content);
        Tcs tcs = Tcs.allocate();
        tcs.ossa(PAGE);
        tcs.nssa(1);
        tcs.oentry(2 * PAGE);
        tcs.fsLimit(-1);
        tcs.gsLimit(-1);
        List<EnclavePage> pages = List.of(
                new EnclavePage(0, EnclavePage.TCS, EnclavePage.ALL, tcs.memory()),
                new EnclavePage(PAGE, EnclavePage.reg(Secinfo.R | Secinfo.W), EnclavePage.ALL, EnclavePage.ZEROES),
                new EnclavePage(
                        2L * PAGE,
                        EnclavePage.reg(Secinfo.R | Secinfo.X),
                        EnclavePage.ALL,
                        MemorySegment.ofArray(content).asReadOnly()));
        return new EnclaveImage(EnclaveImage.Format.SGXS, 4L * PAGE, 1, pages, EnclaveImage.UNSIGNED, SecsHints.NONE);
    }

    static Sigstruct sign(EnclaveImage image) throws Exception {
        SigstructOptions defaults =
                SigstructOptions.of(ImageMeasurement.measure(image).mrEnclave(), 0x20260101);
        return SigstructSigner.sign(
                new SigstructOptions(
                        defaults.enclaveHash(),
                        defaults.vendor(),
                        defaults.date(),
                        defaults.swDefined(),
                        new Attributes(Attributes.MODE64BIT, 3),
                        new Attributes(~Attributes.DEBUG, 3),
                        defaults.miscSelect(),
                        defaults.miscMask(),
                        7,
                        3,
                        defaults.isvFamilyId(),
                        defaults.isvExtProdId()),
                KEY);
    }

    /** An answer: its status, its headers in lower case, and its body. */
    record Reply(int status, Map<String, String> headers, String body) {

        /** The JSON object that it has. */
        Map<String, Object> json() {
            return JsonMapper.builder().build().fromJsonObject(body);
        }

        List<?> items() {
            return (List<?>) Objects.requireNonNull(json().get("items"));
        }
    }

    SocketChannel connect() throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(folder.resolve("admin.socket")));
        return channel;
    }

    Reply get(String path) {
        return call("GET", path, "");
    }

    /** One request on a connection of its own. */
    Reply call(String method, String path, String body, String... headers) {
        try (SocketChannel channel = connect()) {
            return call(channel, method, path, body, headers);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Reply call(SocketChannel channel, String method, String path, String body, String... headers)
            throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        StringBuilder text = new StringBuilder("%s %s HTTP/1.1\r\nConnection: close\r\n".formatted(method, path));
        if (List.of(headers).stream().noneMatch(header -> header.startsWith("Host:"))) {
            text.append("Host: localhost\r\n");
        }
        if (bytes.length > 0) {
            text.append("Content-Type: application/json\r\nContent-Length: ")
                    .append(bytes.length)
                    .append("\r\n");
        }
        for (String header : headers) {
            text.append(header).append("\r\n");
        }
        channel.write(ByteBuffer.wrap(text.append("\r\n").toString().getBytes(StandardCharsets.UTF_8)));
        if (bytes.length > 0) {
            channel.write(ByteBuffer.wrap(bytes));
        }
        return read(channel);
    }

    /** The answer that comes, until the connection ends. */
    static Reply read(SocketChannel channel) throws IOException {
        InputStream in = Channels.newInputStream(channel);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        in.transferTo(all);
        return parse(all.toByteArray());
    }

    static Reply parse(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int end = text.indexOf("\r\n\r\n");
        if (end < 0) {
            throw new IllegalStateException("no answer: " + text);
        }
        String[] lines = text.substring(0, end).split("\r\n", -1);
        Map<String, String> headers = new TreeMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            headers.put(
                    lines[i].substring(0, colon).toLowerCase(java.util.Locale.ROOT),
                    lines[i].substring(colon + 1).strip());
        }
        String body = text.substring(end + 4);
        if (headers.getOrDefault("transfer-encoding", "").equals("chunked")) {
            body = unchunked(body);
        }
        return new Reply(
                Integer.parseInt(lines[0].split(" ", 3)[1]),
                headers,
                new String(body.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
    }

    private static String unchunked(String body) {
        StringBuilder whole = new StringBuilder();
        int at = 0;
        while (at < body.length()) {
            int line = body.indexOf("\r\n", at);
            int size = Integer.parseInt(body.substring(at, line).strip(), 16);
            whole.append(body, line + 2, line + 2 + size);
            at = line + 2 + size + 2;
            if (size == 0) {
                break;
            }
        }
        return whole.toString();
    }

    @Override
    public void close() throws IOException, LaunchException {
        service.stop(Duration.ofSeconds(1));
        launcher.close();
        running.close();
        governance.close();
        epc.close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}

package jsgx.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.locks.ReentrantLock;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.Completion;
import jsgx.driver.Decision;
import jsgx.driver.Errno;
import jsgx.driver.Fate;
import jsgx.driver.LaunchAuthority;
import jsgx.driver.LaunchRequest;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditTrail;
import jsgx.launch.token.TokenIdentity;

/**
 * The launch control of the v5 series: one launch enclave in another process, one lock, one request at a time over a pair of pipes. It knows no
 * policy and keeps no token. So that it can be compared, it records what jsgx records, with the same durability.
 *
 * <p>The kernel wrote a request in four pieces; this writes it in one, which is faster.
 */
final class V5Authority implements LaunchAuthority, AutoCloseable {

    private final Process proxy;
    private final OutputStream requests;
    private final InputStream tokens;
    private final byte[] leSigner;
    private final AuditTrail audit;

    /** One request is in flight. */
    private final ReentrantLock launch = new ReentrantLock();

    /**
     * Starts the process.
     *
     * @param folder the platform's
     * @param leSigner the launch enclave's MRSIGNER
     */
    V5Authority(Path folder, byte[] leSigner, AuditTrail audit) throws IOException {
        proxy = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LeProxy.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        requests = proxy.getOutputStream();
        tokens = proxy.getInputStream();
        this.leSigner = leSigner.clone();
        this.audit = audit;
    }

    @Override
    public Decision decide(LaunchRequest request) {
        try {
            audit.record(event(request, AuditEvent.Kind.INTENT, "allow", ""));
            // The launch enclave's own signer needs no token.
            return Arrays.equals(request.mrSigner(), leSigner) ? Decision.allow() : Decision.allow(token(request));
        } catch (LaunchException e) {
            return Decision.refuse(Errno.EACCES.result(), String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return Decision.refuse(Errno.EIO.result(), String.valueOf(e.getMessage()));
        }
    }

    private byte[] token(LaunchRequest request) throws IOException {
        byte[] identity = TokenIdentity.of(request.mrEnclave(), request.mrSigner(), request.attributes())
                .bytes();
        launch.lock();
        try {
            requests.write(identity);
            requests.flush();
            byte[] token = tokens.readNBytes(LeProxy.TOKEN);
            if (token.length != LeProxy.TOKEN) {
                throw new IOException("the launch enclave's process answered with %d bytes".formatted(token.length));
            }
            return token;
        } finally {
            launch.unlock();
        }
    }

    @Override
    public Fate complete(LaunchRequest request, Completion completion) {
        try {
            String how = completion.result() == 0 ? "launched" : "refused";
            audit.record(event(request, AuditEvent.Kind.OUTCOME, how, Long.toString(completion.result())));
            return Fate.keep();
        } catch (LaunchException e) {
            return Fate.tearDown(Errno.EACCES.result(), String.valueOf(e.getMessage()));
        }
    }

    private static AuditEvent event(LaunchRequest request, AuditEvent.Kind kind, String verdict, String code) {
        HexFormat hex = HexFormat.of();
        Sigstruct sigstruct = Sigstruct.of(request.sigstruct());
        return new AuditEvent(
                Long.toString(request.enclave()),
                Instant.now(),
                kind,
                request.workload().name(),
                hex.formatHex(request.mrEnclave()),
                hex.formatHex(request.mrSigner()),
                hex.toHexDigits(request.attributes().flags())
                        + hex.toHexDigits(request.attributes().xfrm()),
                sigstruct.isvProdId(),
                sigstruct.isvSvn(),
                verdict,
                "",
                0,
                "launch-enclave",
                code,
                "");
    }

    @Override
    public void close() throws IOException {
        requests.close();
        proxy.destroyForcibly();
    }
}

package jsgx.host.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** An engine that speaks TLS: what the JVM trusts is trusted, for the name that is configured, and nothing else. */
@EnabledIf(value = "jsgx.host.fleet.RedisServer#isInstalled", disabledReason = "redis-server is not installed")
@Timeout(180)
class TlsTest {

    private static final char[] PASSWORD = "of a test".toCharArray();

    @TempDir
    private Path folder;

    private RedisServer engine;
    private Path trusted;

    @BeforeEach
    void start() throws Exception {
        Path keys = folder.resolve("keys.p12");
        run(List.of(
                tool("keytool"),
                "-genkeypair",
                "-alias",
                "engine",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=dns:localhost",
                "-keystore",
                keys.toString(),
                "-storepass",
                new String(PASSWORD)));
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(keys)) {
            store.load(in, PASSWORD);
        }
        Path key =
                pem("key.pem", "PRIVATE KEY", store.getKey("engine", PASSWORD).getEncoded());
        Path certificate = pem(
                "certificate.pem", "CERTIFICATE", store.getCertificate("engine").getEncoded());
        KeyStore known = KeyStore.getInstance("PKCS12");
        known.load(null, null);
        known.setCertificateEntry("engine", store.getCertificate("engine"));
        trusted = folder.resolve("trusted.p12");
        try (OutputStream out = Files.newOutputStream(trusted)) {
            known.store(out, PASSWORD);
        }
        engine = RedisServer.startTls(folder.resolve("engine"), key, certificate);
    }

    @AfterEach
    void stop() {
        engine.close();
    }

    private Path pem(String name, String label, byte[] bytes) throws Exception {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
        return Files.writeString(
                folder.resolve(name), "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(label, body, label));
    }

    private static String tool(String name) {
        return Path.of(System.getProperty("java.home"), "bin", name).toString();
    }

    private static String run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(said).isZero();
            return said;
        } finally {
            process.destroyForcibly();
        }
    }

    private String ask(String host, String scheme, String trust) throws Exception {
        return run(List.of(
                tool("java"),
                "-XX:TieredStopAtLevel=1",
                "-Djavax.net.ssl.trustStore=" + trust,
                "-Djavax.net.ssl.trustStorePassword=" + new String(PASSWORD),
                "-cp",
                System.getProperty("java.class.path"),
                TlsClient.class.getName(),
                "%s://%s:%d".formatted(scheme, host, engine.port())));
    }

    @Test
    void aCertificateThatTheJvmTrustsIsTaken() throws Exception {
        assertThat(ask("localhost", "rediss", trusted.toString())).endsWith("PONG\n");
    }

    @Test
    void aCertificateThatItDoesNotTrustIsRefused() throws Exception {
        Path nobody = folder.resolve("nobody.p12");
        KeyStore none = KeyStore.getInstance("PKCS12");
        none.load(null, null);
        try (OutputStream out = Files.newOutputStream(nobody)) {
            none.store(out, PASSWORD);
        }
        assertThat(ask("localhost", "rediss", nobody.toString())).doesNotContain("PONG");
        String defaults =
                Path.of(System.getProperty("java.home"), "lib/security/cacerts").toString();
        assertThat(ask("localhost", "rediss", defaults)).doesNotContain("PONG");
    }

    @Test
    void aCertificateForAnotherNameIsRefused() throws Exception {
        assertThat(ask("127.0.0.1", "rediss", trusted.toString())).doesNotContain("PONG");
    }

    @Test
    void anEngineThatSpeaksTlsAloneIsNotSpokenToInTheClear() throws Exception {
        assertThat(ask("localhost", "redis", trusted.toString())).doesNotContain("PONG");
    }
}

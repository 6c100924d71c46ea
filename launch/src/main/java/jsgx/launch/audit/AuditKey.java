package jsgx.launch.audit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jsgx.launch.LaunchException;
import jsgx.launch.file.FileLayer;
import jsgx.launch.file.PrivateFile;

/** The key with which a platform signs its audit trail: Ed25519, in {@code key}, with the public one in {@code key.pub} too. */
public final class AuditKey {

    private static final String ALGORITHM = "Ed25519";
    private static final int MAX_SIZE = 1 << 12;

    /** What comes before the 32 bytes of an Ed25519 public key in its X.509 form (RFC 8410). */
    private static final byte[] X509_HEAD = HexFormat.of().parseHex("302a300506032b6570032100");

    private final PrivateKey secret;
    private final String id;

    private AuditKey(PrivateKey secret, String id) {
        this.secret = secret;
        this.id = id;
    }

    /** A new key. */
    public static AuditKey generate(SecureRandom random) {
        KeyPair pair = pair(random);
        return new AuditKey(pair.getPrivate(), id(pair.getPublic()));
    }

    private static KeyPair pair(SecureRandom random) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(ALGORITHM);
            generator.initialize(255, random);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has Ed25519", e);
        }
    }

    /** The key of the trail in a folder; on first use a new one, which is kept. Of two first users at once, both get the same. */
    static AuditKey loadOrCreate(Path folder) throws LaunchException {
        Path file = folder.resolve("key");
        PrivateFile.ensureFolder(folder);
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return load(file);
        }
        try (FileLayer.Mutex mutex = FileLayer.REAL.mutex(folder.resolve("key.lock"))) {
            mutex.acquire();
            try {
                if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                    if (!AuditSegments.list(FileLayer.REAL, folder).isEmpty()) {
                        throw new LaunchException(
                                file + " is missing: put back the key that signed the trail beside it,"
                                        + " or put the folder away as it is, and a new trail begins");
                    }
                    KeyPair pair = pair(new SecureRandom());
                    String shared = pem("PUBLIC KEY", pair.getPublic().getEncoded());
                    PrivateFile.write(publicFile(folder), shared.getBytes(StandardCharsets.US_ASCII));
                    PrivateFile.write(
                            file,
                            (pem("PRIVATE KEY", pair.getPrivate().getEncoded()) + shared)
                                    .getBytes(StandardCharsets.US_ASCII));
                }
                return load(file);
            } finally {
                mutex.release();
            }
        } catch (IOException e) {
            throw PrivateFile.failed("cannot lock", folder.resolve("key.lock"), e);
        }
    }

    static Path publicFile(Path folder) {
        return folder.resolve("key.pub");
    }

    private static AuditKey load(Path file) throws LaunchException {
        String text = new String(PrivateFile.read(file, MAX_SIZE), StandardCharsets.US_ASCII);
        try {
            return new AuditKey(
                    KeyFactory.getInstance(ALGORITHM)
                            .generatePrivate(new PKCS8EncodedKeySpec(block(file, text, "PRIVATE KEY"))),
                    id(publicKey(block(file, text, "PUBLIC KEY"))));
        } catch (GeneralSecurityException e) {
            throw new LaunchException(file + " is no Ed25519 key: put back the key that signed this trail", e);
        }
    }

    /** The name of the public key in a file, as checkpoints name it. */
    public static String readPublic(Path file) throws LaunchException {
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                throw new LaunchException(file + " is not a regular file: it is no public key");
            }
            if (Files.size(file) > MAX_SIZE) {
                throw new LaunchException("%s: %d bytes, expected at most %d: it is no public key"
                        .formatted(file, Files.size(file), MAX_SIZE));
            }
            String text = Files.readString(file, StandardCharsets.ISO_8859_1);
            return id(publicKey(block(file, text, "PUBLIC KEY")));
        } catch (IOException e) {
            throw PrivateFile.failed("cannot read", file, e);
        } catch (GeneralSecurityException e) {
            throw new LaunchException(file + " is no Ed25519 public key", e);
        }
    }

    /** The public key, 32 bytes in hex. */
    public String id() {
        return id;
    }

    String sign(byte[] what) {
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initSign(secret);
            signature.update(what);
            return AuditFormat.hex(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key of this class signs", e);
        }
    }

    static boolean verifies(String id, byte[] what, String signed) {
        try {
            byte[] raw = HexFormat.of().parseHex(id);
            byte[] encoded = new byte[X509_HEAD.length + raw.length];
            System.arraycopy(X509_HEAD, 0, encoded, 0, X509_HEAD.length);
            System.arraycopy(raw, 0, encoded, X509_HEAD.length, raw.length);
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initVerify(publicKey(encoded));
            signature.update(what);
            return signature.verify(HexFormat.of().parseHex(signed));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return false;
        }
    }

    private static PublicKey publicKey(byte[] encoded) throws GeneralSecurityException {
        return KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded));
    }

    private static String id(PublicKey key) {
        byte[] encoded = key.getEncoded();
        return HexFormat.of().formatHex(encoded, X509_HEAD.length, encoded.length);
    }

    private static String pem(String kind, byte[] encoded) {
        return "-----BEGIN %s-----%n%s%n-----END %s-----%n"
                .formatted(kind, Base64.getEncoder().encodeToString(encoded), kind);
    }

    private static byte[] block(Path file, String text, String kind) throws LaunchException {
        Matcher found = Pattern.compile("-----BEGIN %1$s-----([A-Za-z0-9+/=\\s]*)-----END %1$s-----".formatted(kind))
                .matcher(text);
        try {
            if (found.find()) {
                return Base64.getMimeDecoder().decode(found.group(1));
            }
        } catch (IllegalArgumentException e) {
            // As where there is no such block.
        }
        throw new LaunchException("%s: expected a PEM block %s, found none: put back the key that signed this trail"
                .formatted(file, kind));
    }

    @Override
    public String toString() {
        return "audit key " + id;
    }
}

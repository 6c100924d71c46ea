package jsgx.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Base64;
import java.util.stream.Stream;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8EncryptorBuilder;
import org.bouncycastle.openssl.jcajce.JcePEMEncryptorBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SigningKeyTest {

    private static final String EXPECTED =
            "the key: expected an RSA-3072 private key with exponent 3 in PEM, PKCS #1 or PKCS #8, not encrypted, found ";

    private static String pem(Object object) throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        }
        return text.toString();
    }

    private static RSAPrivateCrtKey key() throws Exception {
        byte[] der = Base64.getMimeDecoder().decode(TestKey.KEY.toPem().replaceAll("-----.*-----", ""));
        return (RSAPrivateCrtKey) KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    private static String pkcs8(PrivateKey key) throws IOException {
        return pem(new PemObject("PRIVATE KEY", key.getEncoded()));
    }

    private static void refused(String pem, String found) {
        assertThatThrownBy(() -> SigningKey.parse(pem))
                .isInstanceOf(ImageException.class)
                .hasMessage(EXPECTED + found);
    }

    @Test
    void readsPkcs1AndPkcs8() throws Exception {
        BigInteger modulus = TestKey.KEY.modulus();
        assertThat(modulus.bitLength()).isEqualTo(3072);
        assertThat(SigningKey.parse(pkcs8(key())).modulus()).isEqualTo(modulus);
        String pkcs1 = pem(key());
        assertThat(pkcs1).startsWith("-----BEGIN RSA PRIVATE KEY-----");
        assertThat(SigningKey.parse(pkcs1).modulus()).isEqualTo(modulus);
        assertThat(SigningKey.parse("a comment\n" + pkcs1.replace("\n", "\r\n")).modulus())
                .isEqualTo(modulus);
    }

    @Test
    void tellsWhatAnEncryptedKeyIs() throws Exception {
        JcePEMEncryptorBuilder pkcs1 =
                new JcePEMEncryptorBuilder("AES-128-CBC").setProvider(new BouncyCastleProvider());
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(key(), pkcs1.build("secret".toCharArray()));
        }
        refused(text.toString(), "an encrypted key; decrypt it with: openssl rsa -in KEY -out PLAIN");
        JceOpenSSLPKCS8EncryptorBuilder pkcs8 = new JceOpenSSLPKCS8EncryptorBuilder(JcaPKCS8Generator.AES_256_CBC)
                .setProvider(new BouncyCastleProvider())
                .setPassword("secret".toCharArray());
        refused(
                pem(new JcaPKCS8Generator(key(), pkcs8.build())),
                "a PEM block \"ENCRYPTED PRIVATE KEY\"; decrypt it with: openssl pkey -in KEY -out PLAIN");
    }

    @Test
    void tellsWhatAnotherKindOfKeyIs() throws Exception {
        KeyPairGenerator ec = KeyPairGenerator.getInstance("EC");
        ec.initialize(new ECGenParameterSpec("secp256r1"));
        refused(pkcs8(ec.generateKeyPair().getPrivate()), "a key of another algorithm, EC");
        refused(pem(new PemObject("EC PRIVATE KEY", new byte[8])), "a PEM block \"EC PRIVATE KEY\"");
        KeyPairGenerator ed = KeyPairGenerator.getInstance("Ed25519");
        refused(pkcs8(ed.generateKeyPair().getPrivate()), "a key of another algorithm, EdDSA");
        refused(pem(new PemObject("PUBLIC KEY", new byte[8])), "a PEM block \"PUBLIC KEY\"");
        refused(pem(new PemObject("CERTIFICATE", new byte[8])), "a PEM block \"CERTIFICATE\"");
        refused(pem(new PemObject("OPENSSH PRIVATE KEY", new byte[8])), "a PEM block \"OPENSSH PRIVATE KEY\"");
    }

    @Test
    void tellsWhatAnotherRsaKeyIs() throws Exception {
        KeyPairGenerator shorter = KeyPairGenerator.getInstance("RSA");
        shorter.initialize(new RSAKeyGenParameterSpec(1024, BigInteger.valueOf(3)), TestKey.seeded(2));
        refused(pkcs8(shorter.generateKeyPair().getPrivate()), "an RSA key of 1024 bits");

        RSAPrivateCrtKey key = key();
        BigInteger exponent = BigInteger.valueOf(257);
        BigInteger p1 = key.getPrimeP().subtract(BigInteger.ONE);
        BigInteger q1 = key.getPrimeQ().subtract(BigInteger.ONE);
        BigInteger inverse = exponent.modInverse(p1.multiply(q1));
        RSAPrivateKey other = new RSAPrivateKey(
                key.getModulus(),
                exponent,
                inverse,
                key.getPrimeP(),
                key.getPrimeQ(),
                inverse.mod(p1),
                inverse.mod(q1),
                key.getCrtCoefficient());
        refused(
                pem(new PemObject("RSA PRIVATE KEY", other.getEncoded())),
                "an RSA key with exponent 257; make one with: openssl genrsa -3 3072");
    }

    @Test
    void tellsWhenTheNumbersOfAKeyDoNotBelongTogether() throws Exception {
        RSAPrivateCrtKey key = key();
        RSAPrivateKey broken = new RSAPrivateKey(
                key.getModulus(),
                key.getPublicExponent(),
                key.getPrivateExponent(),
                key.getPrimeP(),
                key.getPrimeQ(),
                key.getPrimeExponentP().add(BigInteger.TWO),
                key.getPrimeExponentQ(),
                key.getCrtCoefficient());
        refused(
                pem(new PemObject("RSA PRIVATE KEY", broken.getEncoded())),
                "an RSA key whose numbers do not belong together");
        RSAPrivateKey zero = new RSAPrivateKey(
                key.getModulus(),
                key.getPublicExponent(),
                key.getPrivateExponent(),
                BigInteger.ZERO,
                BigInteger.ZERO,
                BigInteger.ZERO,
                BigInteger.ZERO,
                BigInteger.ZERO);
        assertThatThrownBy(() -> SigningKey.parse(pem(new PemObject("RSA PRIVATE KEY", zero.getEncoded()))))
                .isInstanceOf(ImageException.class);
    }

    @Test
    void tellsWhatGarbageIs() throws Exception {
        refused("", "no PEM block");
        refused("hello\n", "no PEM block");
        refused("0\u0082\u0004", "binary data, perhaps DER; make PEM of it with: openssl rsa -inform DER");
        refused("-----BEGIN ", "a PEM block \"unfinished block\"");
        refused("-----BEGIN a\u0001b-----", "a PEM block \"a?b\"");
        refused("-----BEGIN PRIVATE KEY-----\nAAAA", "a PEM block that does not end");
        refused("-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----", "a PEM block that is not base64");
        refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "a PEM block that holds no key");
        refused("-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----", "a PEM block that holds no key");
        String whole = pem(key());
        int cut = whole.length() / 2;
        refused(
                whole.substring(0, cut - cut % 65 + 31) + "\n-----END RSA PRIVATE KEY-----\n",
                "a PEM block that holds no key");
    }

    @Test
    void writesAFileThatOnlyItsOwnerReadsAndReplacesNone(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("key.pem");
        TestKey.KEY.write(file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(SigningKey.read(file).mrSigner()).isEqualTo(TestKey.KEY.mrSigner());

        byte[] before = Files.readAllBytes(file);
        assertThatThrownBy(() -> TestKey.KEY.write(file)).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void namesTheFileThatIsNoKey(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("k"), "x");
        assertThatThrownBy(() -> SigningKey.read(file)).hasMessage(file + ": " + EXPECTED + "no PEM block");
        assertThatThrownBy(() -> SigningKey.read(folder))
                .hasMessage(folder + ": the key: expected a PEM file, found a folder");
        Files.write(file, new byte[1 << 17]);
        assertThatThrownBy(() -> SigningKey.read(file))
                .hasMessage(file + ": the key: expected a PEM file of at most 64 KiB, found more");
    }

    @Test
    void textOfAKeySaysNothingSecret() throws Exception {
        assertThat(TestKey.KEY.toString()).isEqualTo("SigningKey " + TestKey.KEY.mrSigner());
    }
}

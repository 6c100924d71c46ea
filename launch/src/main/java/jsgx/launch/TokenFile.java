package jsgx.launch;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.launch.file.PrivateFile;

/**
 * A file that holds a token: the 304 bytes of an EINITTOKEN, or the 1024 bytes that the Intel SDK's samples keep, of which
 * the first 304 are the token and the rest is zero.
 *
 * @param format which of the two
 * @param token the EINITTOKEN
 */
public record TokenFile(Format format, EinitToken token) {

    /** The two forms. */
    public enum Format {
        RAW("raw", EinitToken.SIZE),
        SDK("sdk", 1024);

        private final String id;
        private final int size;

        Format(String id, int size) {
            this.id = id;
            this.size = size;
        }

        /** The name in JSON. */
        public String id() {
            return id;
        }

        /** How many bytes such a file has. */
        public int size() {
            return size;
        }
    }

    /** One field of a token for people and JSON: numbers that are masks as 0x…, byte strings as lower-case hex. */
    public record Field(String name, String value, String meaning) {}

    /** Reads a token file. Neither form is checked beyond its size and, for the SDK's, its zeroes: EINIT checks tokens. */
    public static TokenFile read(Path file) throws LaunchException {
        try {
            // A file of any size may have this name; one byte more than the largest form tells that it is none.
            try (InputStream in = Files.newInputStream(file)) {
                return parse(file + ": ", in.readNBytes(Format.SDK.size() + 1), Files.size(file));
            }
        } catch (IOException e) {
            throw PrivateFile.failed("cannot read", file, e);
        }
    }

    /** The token in these bytes. */
    public static TokenFile parse(byte[] bytes) throws LaunchException {
        return parse("", bytes, bytes.length);
    }

    private static TokenFile parse(String where, byte[] bytes, long size) throws LaunchException {
        EinitToken token = EinitToken.of(Arrays.copyOf(bytes, EinitToken.SIZE));
        if (bytes.length == Format.RAW.size()) {
            return new TokenFile(Format.RAW, token);
        }
        if (bytes.length != Format.SDK.size()) {
            throw new LaunchException(
                    "%sa token file has 304 bytes (an EINITTOKEN) or 1024 (the Intel SDK's), this has %d"
                            .formatted(where, size));
        }
        for (int i = EinitToken.SIZE; i < bytes.length; i++) {
            if (bytes[i] != 0) {
                throw new LaunchException(
                        "%sa token file of the Intel SDK is zero from byte 304 on: expected 0 at offset 0x%x, found 0x%02x"
                                .formatted(where, i, bytes[i]));
            }
        }
        return new TokenFile(Format.SDK, token);
    }

    /** The bytes of a file of a form. */
    public byte[] toBytes(Format form) {
        return Arrays.copyOf(token.memory().toArray(ValueLayout.JAVA_BYTE), form.size());
    }

    /** Every field, in the order of the structure. */
    public List<Field> fields() {
        return List.of(
                new Field(
                        "valid",
                        hex(Integer.toUnsignedLong(token.valid())),
                        token.isValid() ? "EINIT checks the token" : "EINIT goes by the hash MSRs alone"),
                attributes("attributes", token.attributes(), "the enclave's, before EINIT"),
                xfrm("xfrm", token.attributes(), "the enclave's"),
                new Field("mrEnclave", hex(token.mrEnclave()), "the enclave that may launch"),
                new Field("mrSigner", hex(token.mrSigner()), "its signer"),
                new Field("cpuSvnLe", hex(token.cpuSvnLe()), "the processor's when the token was made"),
                new Field("isvProdIdLe", String.valueOf(token.isvProdIdLe()), "the launch enclave's product"),
                new Field("isvSvnLe", String.valueOf(token.isvSvnLe()), "the launch enclave's security version"),
                new Field(
                        "maskedMiscSelectLe",
                        hex(Integer.toUnsignedLong(token.maskedMiscSelectLe())),
                        "the launch enclave's, under its key's mask"),
                attributes(
                        "maskedAttributesLe", token.maskedAttributesLe(), "the launch enclave's, under its key's mask"),
                xfrm("maskedXfrmLe", token.maskedAttributesLe(), "the launch enclave's, under its key's mask"),
                new Field("keyId", hex(token.keyId()), "random, so that no two tokens have one key"),
                new Field("mac", hex(token.mac()), "AES-128-CMAC of the first 192 bytes under the launch key"));
    }

    /** Writes a file that only its owner can read; what was there is replaced at once or not at all. */
    public void write(Path file, Format form) throws LaunchException {
        PrivateFile.write(file, toBytes(form));
    }

    private static Field attributes(String name, Attributes attributes, String whose) {
        String names = attributes.toString();
        return new Field(name, hex(attributes.flags()), names.substring(0, names.lastIndexOf(" xfrm=")) + ", " + whose);
    }

    private static Field xfrm(String name, Attributes attributes, String whose) {
        return new Field(name, hex(attributes.xfrm()), whose);
    }

    private static String hex(long mask) {
        return "0x" + Long.toHexString(mask);
    }

    private static String hex(MemorySegment bytes) {
        return HexFormat.of().formatHex(bytes.toArray(ValueLayout.JAVA_BYTE));
    }
}

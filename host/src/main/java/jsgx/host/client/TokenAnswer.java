package jsgx.host.client;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.token.TokenIdentity;

/**
 * What a daemon answers to who asks for a token.
 *
 * @param token the EINITTOKEN, 304 bytes; empty where none is needed, or none is given
 * @param refusal why none is given; empty where one is, or none is needed
 * @param origin where it was made
 */
public record TokenAnswer(byte[] token, String refusal, TokenOrigin origin) {

    private static final int HASH = 32;

    /** An enclave's identity, as who asks sends it. */
    public static byte[] write(TokenIdentity identity) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.write(identity.mrEnclave());
        out.write(identity.mrSigner());
        out.writeLong(identity.attributes().flags());
        out.writeLong(identity.attributes().xfrm());
        return bytes.toByteArray();
    }

    /** @throws IOException where it is none */
    public static TokenIdentity identity(byte[] request) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(request))) {
            TokenIdentity identity = TokenIdentity.of(
                    Fields.bytes(in, HASH), Fields.bytes(in, HASH), new Attributes(in.readLong(), in.readLong()));
            if (in.available() > 0) {
                throw new IOException("an enclave's identity of %d bytes".formatted(request.length));
            }
            return identity;
        }
    }

    public byte[] write() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeBoolean(token.length != 0);
        out.write(token);
        Fields.text(out, refusal);
        Fields.text(out, origin.platform());
        Fields.text(out, origin.leHash());
        return bytes.toByteArray();
    }

    public static TokenAnswer read(byte[] answer) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(answer))) {
            byte[] token = Fields.bytes(in, in.readBoolean() ? EinitToken.SIZE : 0);
            return new TokenAnswer(token, Fields.text(in), new TokenOrigin(Fields.text(in), Fields.text(in)));
        }
    }
}

package jsgx.host.aesm;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;
import jsgx.arch.struct.EinitToken;

/**
 * The messages of the AESM protocol as bytes. A frame is the length of the body, four bytes, little-endian, and the body: one message
 * {@code Request} or {@code Response} of proto2 with one field, whose number says what is asked for and is the same in both.
 */
final class AesmMessages {

    /** The most that the body of a request may have: much more than what is served needs, and little for each of thousands of connections. */
    static final int MAX_BODY = 1 << 14;

    /** Bytes of the length before a body. */
    static final int LENGTH = 4;

    private static final int LAUNCH_TOKEN = 3;
    private static final int WHITE_LIST_SIZE = 10;
    private static final int WHITE_LIST = 11;

    /** Only an answer has this field: the request is none that there is. */
    private static final int UNSUPPORTED = 20;

    /** What else aesmd serves or once served: attestation and its sessions. */
    private static final Set<Integer> NOT_SERVED =
            Set.of(1, 2, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22);

    private static final int HASH_BYTES = 32;
    private static final int MODULUS_BYTES = 384;
    private static final int ATTRIBUTES_BYTES = 16;

    private static final int ERROR_CODE = 1;
    private static final int CONTENT = 2;
    private static final int TIMEOUT = 9;

    private AesmMessages() {}

    /** The fields of a request while they are read. As proto2 has it, the last value of a field counts, and unknown fields are skipped. */
    private static final class Reader {
        private byte[] mrEnclave = {};
        private byte[] modulus = {};
        private byte[] attributes = {};
        private long size;
        private long timeout;

        /** The request's field; 0 before there is one. */
        private int field;

        void read(CodedInputStream in) throws IOException {
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                int number = WireFormat.getTagFieldNumber(tag);
                boolean message = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
                if (message && (isServed(number) || NOT_SERVED.contains(number))) {
                    // Of several aesmd takes the token's, else the first that it knows.
                    field = field == 0 || number == LAUNCH_TOKEN ? number : field;
                    readMessage(in, number);
                } else {
                    skip(in, tag);
                }
            }
        }

        private void readMessage(CodedInputStream in, int number) throws IOException {
            int outer = in.pushLimit(in.readRawVarint32());
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                if (!isServed(number) || !readField(in, number, tag)) {
                    skip(in, tag);
                }
            }
            in.popLimit(outer);
        }

        /** Reads a field that is known; false, with nothing read, for another. */
        private boolean readField(CodedInputStream in, int number, int tag) throws IOException {
            boolean bytes = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
            boolean integer = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT;
            int name = WireFormat.getTagFieldNumber(tag);
            if (name == TIMEOUT && integer) {
                timeout = Integer.toUnsignedLong(in.readUInt32());
            } else if (number == WHITE_LIST && name == 1 && integer) {
                size = Integer.toUnsignedLong(in.readUInt32());
            } else if (number == LAUNCH_TOKEN && bytes && name >= 1 && name <= 3) {
                byte[] value = in.readByteArray();
                switch (name) {
                    case 1 -> mrEnclave = value;
                    case 2 -> modulus = value;
                    default -> attributes = value;
                }
            } else {
                return false;
            }
            return true;
        }

        private static void skip(CodedInputStream in, int tag) throws IOException {
            if (!in.skipField(tag)) {
                throw new IOException("a group ends that did not begin");
            }
        }

        AesmRequest request() {
            return switch (field) {
                case LAUNCH_TOKEN ->
                    mrEnclave.length == HASH_BYTES
                                    && modulus.length == MODULUS_BYTES
                                    && attributes.length == ATTRIBUTES_BYTES
                            ? new AesmRequest.LaunchToken(mrEnclave, modulus, attributes, timeout)
                            : new AesmRequest.NotServed(LAUNCH_TOKEN, AesmError.PARAMETER_ERROR);
                case WHITE_LIST_SIZE -> new AesmRequest.WhiteListSize(timeout);
                case WHITE_LIST -> new AesmRequest.WhiteList(size, timeout);
                case 0 -> new AesmRequest.NotServed(UNSUPPORTED, AesmError.INTERFACE_UNAVAILABLE);
                default -> new AesmRequest.NotServed(field, AesmError.SERVICE_UNAVAILABLE);
            };
        }
    }

    private static boolean isServed(int field) {
        return field == LAUNCH_TOKEN || field == WHITE_LIST_SIZE || field == WHITE_LIST;
    }

    /** The request in a body; whatever it is, there is an answer to it. */
    static AesmRequest parse(byte[] body) {
        Reader reader = new Reader();
        try {
            reader.read(CodedInputStream.newInstance(body));
            return reader.request();
        } catch (IOException e) {
            return new AesmRequest.NotServed(reader.field == 0 ? UNSUPPORTED : reader.field, AesmError.MSG_ERROR);
        }
    }

    /** The frame that answers a request with an error. */
    static byte[] error(AesmRequest request, AesmError error) {
        return frame(field(request), error, new byte[0]);
    }

    /** The frame for what is so long that it is not read. */
    static byte[] tooLong() {
        return frame(UNSUPPORTED, AesmError.MSG_ERROR, new byte[0]);
    }

    /** The frame with a token. */
    static byte[] token(byte[] token) {
        if (token.length != EinitToken.SIZE) {
            throw new IllegalArgumentException("a token has %d bytes, not %d".formatted(EinitToken.SIZE, token.length));
        }
        return frame(LAUNCH_TOKEN, AesmError.SUCCESS, token);
    }

    /** The frame with the size of the white list. */
    static byte[] whiteListSize(int size) {
        int inner = CodedOutputStream.computeUInt32Size(ERROR_CODE, AesmError.SUCCESS.number())
                + CodedOutputStream.computeUInt32Size(CONTENT, size);
        return frame(WHITE_LIST_SIZE, AesmError.SUCCESS, inner, out -> out.writeUInt32(CONTENT, size));
    }

    /** The frame with the white list. */
    static byte[] whiteList(byte[] list) {
        return frame(WHITE_LIST, AesmError.SUCCESS, list);
    }

    private static int field(AesmRequest request) {
        return switch (request) {
            case AesmRequest.LaunchToken token -> LAUNCH_TOKEN;
            case AesmRequest.WhiteListSize size -> WHITE_LIST_SIZE;
            case AesmRequest.WhiteList list -> WHITE_LIST;
            case AesmRequest.NotServed(int field, AesmError error) -> field;
        };
    }

    private interface Content {
        void writeTo(CodedOutputStream out) throws IOException;
    }

    private static byte[] frame(int field, AesmError error, byte[] content) {
        int code = CodedOutputStream.computeUInt32Size(ERROR_CODE, error.number());
        return content.length == 0
                ? frame(field, error, code, out -> {})
                : frame(
                        field,
                        error,
                        code + CodedOutputStream.computeByteArraySize(CONTENT, content),
                        out -> out.writeByteArray(CONTENT, content));
    }

    private static byte[] frame(int field, AesmError error, int inner, Content content) {
        int body = CodedOutputStream.computeTagSize(field) + CodedOutputStream.computeUInt32SizeNoTag(inner) + inner;
        byte[] frame = new byte[LENGTH + body];
        ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN).putInt(body);
        CodedOutputStream out = CodedOutputStream.newInstance(frame, LENGTH, body);
        try {
            out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
            out.writeUInt32NoTag(inner);
            out.writeUInt32(ERROR_CODE, error.number());
            content.writeTo(out);
            out.checkNoSpaceLeft();
        } catch (IOException e) {
            throw new IllegalStateException("an array of the right size takes a message", e);
        }
        return frame;
    }
}

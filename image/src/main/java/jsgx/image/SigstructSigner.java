package jsgx.image;

import java.util.HexFormat;
import jsgx.arch.crypto.Rsa3072;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Sigstruct;

/** Makes SIGSTRUCTs: equal options and an equal key give equal bytes. */
public final class SigstructSigner {

    private static final int MAX_U16 = 0xffff;

    private SigstructSigner() {}

    /** Fills a SIGSTRUCT and signs it. */
    public static Sigstruct sign(SigstructOptions options, SigningKey key) throws ImageException {
        Sigstruct sigstruct = Sigstruct.allocate();
        fill(sigstruct, options);
        sigstruct.modulus(Rsa3072.littleEndian(key.modulus()));
        sigstruct.signature(Rsa3072.littleEndian(key.sign(sigstruct.signedBytes())));
        sigstruct.q1(Rsa3072.q1(sigstruct.signature(), sigstruct.modulus()));
        sigstruct.q2(Rsa3072.q2(sigstruct.signature(), sigstruct.modulus()));
        return sigstruct;
    }

    private static void fill(Sigstruct sigstruct, SigstructOptions options) throws ImageException {
        if (options.vendor() != 0 && options.vendor() != Sigstruct.VENDOR_INTEL) {
            throw ImageException.of("VENDOR", "0x0, or 0x8086 for Intel", "0x%x".formatted(options.vendor()));
        }
        SigningDate date = new SigningDate(options.date());
        if (!date.isDay()) {
            throw ImageException.of("DATE", "a day in binary coded decimal, 0xYYYYMMDD", date.text());
        }
        sigstruct.writeFixedFields();
        sigstruct.vendor(options.vendor());
        sigstruct.date(options.date());
        sigstruct.swDefined(options.swDefined());
        sigstruct.miscSelect(options.miscSelect());
        sigstruct.miscMask(options.miscMask());
        sigstruct.attributes(options.attributes());
        sigstruct.attributeMask(options.attributeMask());
        sigstruct.enclaveHash(bytes("ENCLAVEHASH", options.enclaveHash(), 32));
        sigstruct.isvProdId(u16("ISVPRODID", options.isvProdId()));
        sigstruct.isvSvn(u16("ISVSVN", options.isvSvn()));
        boolean kss = options.attributes().has(Attributes.KSS);
        sigstruct.isvFamilyId(kssId("ISVFAMILYID", options.isvFamilyId(), kss));
        sigstruct.isvExtProdId(kssId("ISVEXTPRODID", options.isvExtProdId(), kss));
    }

    private static byte[] kssId(String field, String hex, boolean kss) throws ImageException {
        byte[] id = bytes(field, hex, 16);
        for (byte b : id) {
            if (b != 0 && !kss) {
                throw ImageException.of(field, "zeroes where ATTRIBUTES.KSS is 0", hex);
            }
        }
        return id;
    }

    private static byte[] bytes(String field, String hex, int size) throws ImageException {
        try {
            byte[] bytes = HexFormat.of().parseHex(hex);
            if (bytes.length == size) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            throw ImageException.of(field, size * 2 + " hexadecimal digits", "\"" + hex + "\"");
        }
        throw ImageException.of(field, size * 2 + " hexadecimal digits", hex.length() + " of them");
    }

    private static int u16(String field, int value) throws ImageException {
        if (value < 0 || value > MAX_U16) {
            throw ImageException.of(field, "0 to 65535", Integer.toString(value));
        }
        return value;
    }
}

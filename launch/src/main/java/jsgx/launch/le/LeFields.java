package jsgx.launch.le;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.KeyRequest;
import jsgx.arch.struct.Report;

/** The offsets of the fields that the machine code touches. */
final class LeFields {

    private static final Attributes ONES = new Attributes(-1, -1);

    static final int TOKEN_VALID = token(t -> t.valid(-1));
    static final int TOKEN_ATTRIBUTES = token(t -> t.attributes(ONES));
    static final int TOKEN_MRENCLAVE = token(t -> t.mrEnclave(ones(32)));
    static final int TOKEN_MRSIGNER = token(t -> t.mrSigner(ones(32)));
    static final int TOKEN_CPUSVNLE = token(t -> t.cpuSvnLe(ones(16)));
    static final int TOKEN_ISVPRODIDLE = token(t -> t.isvProdIdLe(-1));
    static final int TOKEN_ISVSVNLE = token(t -> t.isvSvnLe(-1));
    static final int TOKEN_MASKEDMISCSELECTLE = token(t -> t.maskedMiscSelectLe(-1));
    static final int TOKEN_MASKEDATTRIBUTESLE = token(t -> t.maskedAttributesLe(ONES));
    static final int TOKEN_KEYID = token(t -> t.keyId(ones(32)));
    static final int TOKEN_MAC = token(t -> t.mac(ones(16)));

    static final int REPORT_CPUSVN = report(r -> r.cpuSvn(ones(16)));
    static final int REPORT_MISCSELECT = report(r -> r.miscSelect(-1));
    static final int REPORT_ATTRIBUTES = report(r -> r.attributes(ONES));
    static final int REPORT_ISVPRODID = report(r -> r.isvProdId(-1));
    static final int REPORT_ISVSVN = report(r -> r.isvSvn(-1));

    static final int KEYREQUEST_ISVSVN = keyRequest(k -> k.isvSvn(-1));
    static final int KEYREQUEST_CPUSVN = keyRequest(k -> k.cpuSvn(ones(16)));
    static final int KEYREQUEST_KEYID = keyRequest(k -> k.keyId(ones(32)));

    private LeFields() {}

    private interface Fill<T> {
        void in(T structure);
    }

    private static int token(Fill<EinitToken> fill) {
        return FieldOffset.of(EinitToken.SIZE, memory -> fill.in(new EinitToken(memory)));
    }

    private static int report(Fill<Report> fill) {
        return FieldOffset.of(Report.SIZE, memory -> fill.in(new Report(memory)));
    }

    private static int keyRequest(Fill<KeyRequest> fill) {
        return FieldOffset.of(KeyRequest.SIZE, memory -> fill.in(new KeyRequest(memory)));
    }

    private static MemorySegment ones(int size) {
        byte[] bytes = new byte[size];
        Arrays.fill(bytes, (byte) 0xff);
        return MemorySegment.ofArray(bytes);
    }
}

package jsgx.driver;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import jsgx.arch.TestSigner;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Sigstruct;
import jsgx.arch.struct.Tcs;

/** An enclave that a test wants: its SECS, its pages in the order of adding, and what must be measured of it, computed here alone. */
public final class Plan {

    static final int PAGE = 4096;

    static final long RW = Secinfo.R | Secinfo.W | (long) PageType.REG.code() << 8;
    static final long RX = Secinfo.R | Secinfo.X | (long) PageType.REG.code() << 8;
    static final long R = Secinfo.R | (long) PageType.REG.code() << 8;
    static final long TCS = (long) PageType.TCS.code() << 8;

    /** A page to add. */
    record Page(long offset, long flags, byte[] content, int mask) {
        boolean isMeasured() {
            return mask == 0xffff;
        }
    }

    private final long size;
    private final List<Page> pages = new ArrayList<>();
    private Attributes attributes = new Attributes(Attributes.MODE64BIT | Attributes.DEBUG, 3);
    private int ssaFrameSize = 1;

    Plan(long size) {
        this.size = size;
    }

    /** One TCS, one code page and data pages, all measured, in an enclave that is just large enough. */
    static Plan of(int dataPages) {
        return of(dataPages, 1);
    }

    /** As {@link #of(int)} with content that depends on a seed. */
    static Plan of(int dataPages, long seed) {
        Random random = new Random(seed);
        Plan plan = new Plan(Math.max(2L * PAGE, Long.highestOneBit((dataPages + 2L) * PAGE * 2 - 1)));
        plan.page(0, TCS, tcs(), 0xffff);
        plan.page(PAGE, RX, random(random), 0xffff);
        for (int i = 0; i < dataPages; i++) {
            plan.page((i + 2L) * PAGE, RW, random(random), 0xffff);
        }
        return plan;
    }

    static byte[] random(Random random) {
        byte[] content = new byte[PAGE];
        random.nextBytes(content);
        return content;
    }

    static byte[] tcs() {
        Tcs tcs = Tcs.allocate();
        tcs.ossa(2L * PAGE);
        tcs.nssa(1);
        tcs.fsLimit(0xffff_ffff);
        tcs.gsLimit(0xffff_ffff);
        return TestSigner.bytes(tcs.memory());
    }

    Plan page(long offset, long flags, byte[] content, int mask) {
        pages.add(new Page(offset, flags, content, mask));
        return this;
    }

    Plan attributes(long flags) {
        attributes = new Attributes(flags, 3);
        return this;
    }

    List<Page> pages() {
        return pages;
    }

    long size() {
        return size;
    }

    Secs secs(long base) {
        Secs secs = Secs.allocate();
        secs.size(size);
        secs.baseAddr(base);
        secs.ssaFrameSize(ssaFrameSize);
        secs.attributes(attributes);
        return secs;
    }

    byte[] mrEnclave() {
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        log.writeBytes(
                block("ECREATE").putInt(8, ssaFrameSize).putLong(12, size).array());
        for (Page page : pages) {
            log.writeBytes(block("EADD")
                    .putLong(8, page.offset())
                    .putLong(16, page.flags())
                    .array());
            for (int i = 0; i < 16; i++) {
                if ((page.mask() >>> i & 1) != 0) {
                    log.writeBytes(block("EEXTEND")
                            .putLong(8, page.offset() + i * 256L)
                            .array());
                    log.write(page.content(), i * 256, 256);
                }
            }
        }
        return TestSigner.sha256(log.toByteArray());
    }

    private static ByteBuffer block(String tag) {
        return ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).put(0, tag.getBytes(StandardCharsets.US_ASCII));
    }

    Sigstruct sigstruct(TestSigner signer) {
        return sigstruct(signer, sigstruct -> {});
    }

    /** A SIGSTRUCT for the enclave, with a body that a test changes before it is signed. */
    Sigstruct sigstruct(TestSigner signer, Consumer<Sigstruct> change) {
        Sigstruct sigstruct = Sigstruct.allocate();
        sigstruct.date(0x20171219);
        sigstruct.attributes(attributes);
        sigstruct.attributeMask(new Attributes(-1L, -1L));
        sigstruct.miscMask(-1);
        sigstruct.enclaveHash(mrEnclave());
        sigstruct.isvProdId(1);
        sigstruct.isvSvn(2);
        change.accept(sigstruct);
        signer.sign(sigstruct);
        return sigstruct;
    }

    @Override
    public String toString() {
        return "Plan of " + pages.size() + " pages, " + attributes + ", "
                + Arrays.toString(Arrays.copyOf(mrEnclave(), 4));
    }
}

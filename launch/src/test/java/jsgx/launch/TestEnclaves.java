package jsgx.launch;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Sigstruct;
import jsgx.arch.struct.Tcs;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;
import jsgx.image.ImageException;
import jsgx.image.ImageMeasurement;
import jsgx.image.SecsHints;
import jsgx.image.SigningKey;
import jsgx.image.SigstructOptions;
import jsgx.image.SigstructSigner;

/** Enclaves for tests. */
public final class TestEnclaves {

    private static final int PAGE = 4096;
    private static final int DATE = 0x20171219;

    private TestEnclaves() {}

    /** An enclave of a TCS, its SSA frame and a few pages of random content. */
    public static EnclaveImage image(int seed) {
        return image(seed, 2);
    }

    /** An enclave with this many pages of random content. */
    public static EnclaveImage image(int seed, int pages) {
        Random random = new Random(seed);
        List<EnclavePage> all = new ArrayList<>();
        Tcs tcs = Tcs.allocate();
        tcs.ossa(PAGE);
        tcs.nssa(1);
        tcs.oentry(2 * PAGE);
        tcs.fsLimit(-1);
        tcs.gsLimit(-1);
        all.add(new EnclavePage(0, EnclavePage.TCS, EnclavePage.ALL, tcs.memory()));
        all.add(new EnclavePage(PAGE, EnclavePage.reg(Secinfo.R | Secinfo.W), EnclavePage.ALL, EnclavePage.ZEROES));
        for (int i = 0; i < pages; i++) {
            byte[] content = new byte[PAGE];
            random.nextBytes(content);
            all.add(new EnclavePage(
                    (2L + i) * PAGE,
                    EnclavePage.reg(Secinfo.R | Secinfo.X),
                    EnclavePage.ALL,
                    MemorySegment.ofArray(content).asReadOnly()));
        }
        long size = 2L * PAGE;
        while (size < (2L + pages) * PAGE) {
            size *= 2;
        }
        return new EnclaveImage(EnclaveImage.Format.SGXS, size, 1, all, EnclaveImage.UNSIGNED, SecsHints.NONE);
    }

    /** The same enclave with one bit of a page flipped. */
    public static EnclaveImage flipped(EnclaveImage image) {
        List<EnclavePage> pages = new ArrayList<>(image.pages());
        EnclavePage last = pages.removeLast();
        byte[] content = last.content().toArray(ValueLayout.JAVA_BYTE);
        content[0x123] ^= 1;
        pages.add(new EnclavePage(
                last.offset(),
                last.flags(),
                last.measured(),
                MemorySegment.ofArray(content).asReadOnly()));
        return new EnclaveImage(
                image.format(), image.size(), image.ssaFrameSize(), pages, image.signature(), image.hints());
    }

    /** A signature of an image. */
    public static Sigstruct sign(EnclaveImage image, SigningKey key) {
        return sign(image, key, new Attributes(Attributes.MODE64BIT, 3));
    }

    /** A signature with these attributes; its mask leaves DEBUG and XFRM beyond SSE open. */
    public static Sigstruct sign(EnclaveImage image, SigningKey key, Attributes attributes) {
        SigstructOptions defaults =
                SigstructOptions.of(ImageMeasurement.measure(image).mrEnclave(), DATE);
        try {
            return SigstructSigner.sign(
                    new SigstructOptions(
                            defaults.enclaveHash(),
                            defaults.vendor(),
                            defaults.date(),
                            defaults.swDefined(),
                            attributes,
                            new Attributes(~Attributes.DEBUG, 3),
                            defaults.miscSelect(),
                            defaults.miscMask(),
                            defaults.isvProdId(),
                            defaults.isvSvn(),
                            defaults.isvFamilyId(),
                            defaults.isvExtProdId()),
                    key);
        } catch (ImageException e) {
            throw new AssertionError(e);
        }
    }
}

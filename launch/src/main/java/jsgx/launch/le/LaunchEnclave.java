package jsgx.launch.le;

import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Sigstruct;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageException;
import jsgx.image.ImageMeasurement;
import jsgx.image.SigningKey;
import jsgx.image.SigstructOptions;
import jsgx.image.SigstructSigner;

/**
 * A launch enclave, ready to be loaded: its image and its signature. One signer's launch enclaves of one product and security
 * version share a launch key, whatever their code.
 *
 * @param profile what it refuses
 * @param whiteList what it has of Intel's white list; it is part of the image
 * @param image its code
 * @param sigstruct its signature
 */
public record LaunchEnclave(LeProfile profile, WhiteList whiteList, EnclaveImage image, Sigstruct sigstruct) {

    /** ATTRIBUTES of a launch enclave: 64-bit mode, the launch key, and no extended state but SSE. */
    public static final Attributes ATTRIBUTES = new Attributes(Attributes.MODE64BIT | Attributes.EINITTOKENKEY, 3);

    /** The day of the mail in which the thread on token caching began. Any would do, as long as it is always the same. */
    private static final int DATE = 0x20171219;

    private static final int ISVSVN = 1;
    private static final Attributes ALL = new Attributes(-1, -1);
    private static final int ALL_MISC = -1;

    /** The launch enclave of a profile, signed by a key. */
    public static LaunchEnclave of(SigningKey key, LeProfile profile, WhiteList whiteList) {
        EnclaveImage image = LeImage.of(profile, whiteList);
        SigstructOptions defaults =
                SigstructOptions.of(ImageMeasurement.measure(image).mrEnclave(), DATE);
        SigstructOptions options = new SigstructOptions(
                defaults.enclaveHash(),
                0,
                DATE,
                0,
                ATTRIBUTES,
                ALL,
                0,
                ALL_MISC,
                profile.isvProdId(),
                ISVSVN,
                defaults.isvFamilyId(),
                defaults.isvExtProdId());
        try {
            return new LaunchEnclave(profile, whiteList, image, SigstructSigner.sign(options, key));
        } catch (ImageException e) {
            throw new IllegalStateException("a launch enclave's SIGSTRUCT can be signed by any signing key", e);
        }
    }
}

package jsgx.study.calibration;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Sigstruct;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;
import jsgx.image.ImageException;
import jsgx.image.ImageMeasurement;
import jsgx.image.SecsHints;
import jsgx.image.SigningKey;
import jsgx.image.SigstructCheck;
import jsgx.image.SigstructOptions;
import jsgx.image.SigstructSigner;
import jsgx.launch.token.TokenIdentity;

/** The enclaves that a calibration launches: one of a single page, and any number of identities that nothing is built of. */
final class Enclaves {

    static final Attributes ATTRIBUTES = new Attributes(Attributes.MODE64BIT, 3);

    private static final int PAGE = 4096;
    private static final int HASH = 32;
    private static final byte RET = (byte) 0xc3;
    private static final int DATE = 0x20171219;

    final EnclaveImage image = image();
    final Sigstruct sigstruct;
    final TokenIdentity identity;

    Enclaves() {
        String mrEnclave = ImageMeasurement.measure(image).mrEnclave();
        try {
            sigstruct =
                    SigstructSigner.sign(SigstructOptions.of(mrEnclave, DATE), SigningKey.generate(new SecureRandom()));
        } catch (ImageException e) {
            throw new IllegalStateException("any SIGSTRUCT can be signed by a new key", e);
        }
        identity = TokenIdentity.of(
                HexFormat.of().parseHex(mrEnclave),
                HexFormat.of().parseHex(SigstructCheck.mrSigner(sigstruct)),
                ATTRIBUTES);
    }

    /** The identity of an enclave by its number. */
    static TokenIdentity identity(long number) {
        byte[] mrEnclave = new byte[HASH];
        ByteBuffer.wrap(mrEnclave).putLong(number);
        return TokenIdentity.of(mrEnclave, new byte[HASH], ATTRIBUTES);
    }

    /** A page of code, and nothing more. */
    private static EnclaveImage image() {
        byte[] code = new byte[PAGE];
        code[0] = RET;
        EnclavePage page = new EnclavePage(
                0,
                EnclavePage.reg(Secinfo.R | Secinfo.X),
                EnclavePage.ALL,
                MemorySegment.ofArray(code).asReadOnly());
        return new EnclaveImage(
                EnclaveImage.Format.SGXS, 2 * PAGE, 1, List.of(page), EnclaveImage.UNSIGNED, SecsHints.NONE);
    }
}

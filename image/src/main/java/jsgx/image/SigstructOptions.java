package jsgx.image;

import java.util.HexFormat;
import jsgx.arch.struct.Attributes;

/**
 * Every field of a SIGSTRUCT that its signer chooses.
 *
 * @param enclaveHash ENCLAVEHASH in hex
 * @param vendor 0, or 0x8086 for Intel
 * @param date day of signing in binary coded decimal, 0xYYYYMMDD
 * @param swDefined left to software
 * @param attributes ATTRIBUTES that the enclave must have, under the mask
 * @param attributeMask ATTRIBUTEMASK
 * @param miscSelect MISCSELECT that the enclave must have, under the mask
 * @param miscMask MISCMASK
 * @param isvProdId the product
 * @param isvSvn the product's security version
 * @param isvFamilyId 16 bytes in hex; only with KSS
 * @param isvExtProdId 16 bytes in hex; only with KSS
 */
public record SigstructOptions(
        String enclaveHash,
        int vendor,
        int date,
        int swDefined,
        Attributes attributes,
        Attributes attributeMask,
        int miscSelect,
        int miscMask,
        int isvProdId,
        int isvSvn,
        String isvFamilyId,
        String isvExtProdId) {

    private static final String ZEROES = HexFormat.of().formatHex(new byte[16]);

    /** A 64-bit enclave that may be debugged or not: product 0, SVN 0, XFRM 3, everything but DEBUG and XFRM fixed by the masks. */
    public static SigstructOptions of(String enclaveHash, int date) {
        return new SigstructOptions(
                enclaveHash,
                0,
                date,
                0,
                new Attributes(Attributes.MODE64BIT, 3),
                new Attributes(~Attributes.DEBUG, ~3L),
                0,
                -1,
                0,
                0,
                ZEROES,
                ZEROES);
    }
}

package jsgx.arch.leaf;

import static jsgx.arch.leaf.Einit.error;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import jsgx.arch.CpuSvn;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.crypto.Cmac;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.SgxError;
import org.jspecify.annotations.Nullable;

/** Launch control in EINIT: an authorised signer needs no token, and every other enclave needs one that is its own. */
final class LaunchToken {

    private LaunchToken() {}

    /** The error that EINIT returns; null where the enclave may launch. */
    static @Nullable Outcome check(
            LogicalProcessor lp,
            Attributes attributes,
            EinitToken token,
            MemorySegment mrEnclave,
            MemorySegment mrSigner) {
        if (!token.isValid()) {
            return checkSigner(lp, mrSigner);
        }
        if (token.maskedAttributesLe().has(Attributes.DEBUG) && !attributes.has(Attributes.DEBUG)) {
            return error(
                    Einit.Check.TOKEN_DEBUG,
                    SgxError.INVALID_EINITTOKEN,
                    "DEBUG, as the launch enclave that made the token has it",
                    attributes.toString());
        }
        ProcessorPackage cpu = lp.processorPackage();
        if (!token.reservedIsZero() || !(cpu.features().cet() || token.cetFieldsAreZero())) {
            return error(
                    Einit.Check.TOKEN_RESERVED,
                    SgxError.INVALID_EINITTOKEN,
                    "0 in the reserved fields and VALID[31:1]",
                    "other bytes");
        }
        CpuSvn svn = CpuSvn.at(token.cpuSvnLe());
        if (svn.beyond(cpu.cpuSvn())) {
            return error(Einit.Check.TOKEN_CPUSVN, SgxError.INVALID_CPUSVN, "at most " + cpu.cpuSvn(), svn.toString());
        }
        // The right MAC is a secret: who learned it from here could forge the token.
        if (!MessageDigest.isEqual(mac(lp, token), token.mac().toArray(Layouts.U8))) {
            return error(
                    Einit.Check.TOKEN_MAC,
                    SgxError.INVALID_EINITTOKEN,
                    "the MAC under this package's launch key for signer " + Einit.lePubKeyHash(lp),
                    Bytes.hex(token.mac()));
        }
        return checkSubject(attributes, token, mrEnclave, mrSigner);
    }

    private static @Nullable Outcome checkSigner(LogicalProcessor lp, MemorySegment mrSigner) {
        if (lp.lePubKeyHashIs(mrSigner)) {
            return null;
        }
        return error(
                Einit.Check.AUTHORIZED_SIGNER,
                SgxError.INVALID_EINITTOKEN,
                "a valid token, or signer " + Einit.lePubKeyHash(lp),
                "no token, and signer " + Bytes.hex(mrSigner));
    }

    /** Whether the token is for this enclave. */
    private static @Nullable Outcome checkSubject(
            Attributes attributes, EinitToken token, MemorySegment mrEnclave, MemorySegment mrSigner) {
        if (token.mrEnclave().mismatch(mrEnclave) != -1) {
            return error(
                    Einit.Check.TOKEN_MRENCLAVE,
                    SgxError.INVALID_MEASUREMENT,
                    Bytes.hex(mrEnclave),
                    Bytes.hex(token.mrEnclave()));
        }
        if (token.mrSigner().mismatch(mrSigner) != -1) {
            return error(
                    Einit.Check.TOKEN_MRSIGNER,
                    SgxError.INVALID_MEASUREMENT,
                    Bytes.hex(mrSigner),
                    Bytes.hex(token.mrSigner()));
        }
        if (!token.attributes().equals(attributes)) {
            return error(
                    Einit.Check.TOKEN_ATTRIBUTES,
                    SgxError.INVALID_ATTRIBUTE,
                    attributes.toString(),
                    token.attributes().toString());
        }
        return null;
    }

    /** The MAC that the token must have: the key depends on what the token says of the launch enclave that made it. */
    private static byte[] mac(LogicalProcessor lp, EinitToken token) {
        return new Cmac(Keys.launch(lp, token)).mac(token.macedBytes().toArray(Layouts.U8));
    }
}

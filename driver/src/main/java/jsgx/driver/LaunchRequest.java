package jsgx.driver;

import java.util.Arrays;
import java.util.HexFormat;
import jsgx.arch.struct.Attributes;

/**
 * An enclave that is about to be initialised, as its driver knows it.
 *
 * @param enclave a number that no other enclave of this driver has had
 * @param kind the interface that asks; mainline's where a virtual machine does, whose EPC is mainline's device
 * @param workload whose enclave it is
 * @param sigstruct the SIGSTRUCT, 1808 bytes
 * @param mrEnclave ENCLAVEHASH of the SIGSTRUCT: claimed until EINIT has compared it, 32 bytes
 * @param mrSigner SHA-256 of the SIGSTRUCT's modulus, 32 bytes
 * @param attributes ATTRIBUTES of the SECS that the caller gave
 * @param miscSelect MISCSELECT of that SECS
 * @param size SIZE of the SECS
 * @param callerToken the EINITTOKEN that the caller passed, 304 bytes; empty where it passed none
 * @param tokenSupplier who brings the token
 * @param lePubKeyHash what the hash MSRs hold at this EINIT, 32 bytes: the signer of the only launch enclave whose tokens it takes;
 *     empty where the driver has no launch enclave whose hash it would write
 */
public record LaunchRequest(
        long enclave,
        InterfaceKind kind,
        Workload workload,
        byte[] sigstruct,
        byte[] mrEnclave,
        byte[] mrSigner,
        Attributes attributes,
        int miscSelect,
        long size,
        byte[] callerToken,
        TokenSupplier tokenSupplier,
        byte[] lePubKeyHash) {

    /** Two requests are the same where every field is, byte for byte. */
    @Override
    public boolean equals(Object o) {
        return o instanceof LaunchRequest other
                && enclave == other.enclave
                && kind == other.kind
                && workload.equals(other.workload)
                && Arrays.equals(sigstruct, other.sigstruct)
                && Arrays.equals(mrEnclave, other.mrEnclave)
                && Arrays.equals(mrSigner, other.mrSigner)
                && attributes.equals(other.attributes)
                && miscSelect == other.miscSelect
                && size == other.size
                && Arrays.equals(callerToken, other.callerToken)
                && tokenSupplier == other.tokenSupplier
                && Arrays.equals(lePubKeyHash, other.lePubKeyHash);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(enclave) * 31 + Arrays.hashCode(mrEnclave);
    }

    @Override
    public String toString() {
        return "LaunchRequest[enclave %d, %s, %s, MRENCLAVE %s, MRSIGNER %s, %s, size 0x%x]"
                .formatted(
                        enclave,
                        kind,
                        workload.name(),
                        HexFormat.of().formatHex(mrEnclave),
                        HexFormat.of().formatHex(mrSigner),
                        attributes,
                        size);
    }
}

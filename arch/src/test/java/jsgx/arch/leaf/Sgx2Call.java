package jsgx.arch.leaf;

import jsgx.arch.Leaf;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.Secinfo;

/** A call of EACCEPT, EACCEPTCOPY or EMODPE with a SECINFO in the enclave and a page that the system changed. */
final class Sgx2Call {

    private Sgx2Call() {}

    /** A call from inside, with SECINFO in RBX and the target in RCX. */
    static EnclaveCall of(Leaf leaf, EnclaveCall.Kind kind) {
        EnclaveCall call = new EnclaveCall(leaf, kind);
        call.rbx = call.at(EnclaveCall.OPERAND_1) + 64;
        call.rcx = call.at(EnclaveCall.TARGET);
        return call.enter();
    }

    static Secinfo secinfo(EnclaveCall call) {
        return new Secinfo(call.content(EnclaveCall.OPERAND_1).asSlice(64, Secinfo.SIZE));
    }

    /** Sets the flags of the target's EPCM entry, which stays valid. */
    static void target(EnclaveCall call, int flags) {
        call.epcm().flags(call.page(EnclaveCall.TARGET), flags | Epcm.VALID);
    }
}

package jsgx.machine.enclave;

/** Instructions that mean something to whoever supervises an enclave, told by their bytes. */
final class Opcodes {

    private Opcodes() {}

    static boolean isEnclu(byte[] code) {
        return starts(code, 0x0f, 0x01, 0xd7);
    }

    static boolean isCpuid(byte[] code) {
        return starts(code, 0x0f, 0xa2);
    }

    static boolean isUd2(byte[] code) {
        return starts(code, 0x0f, 0x0b);
    }

    /** Whether an enclave gets #UD for an instruction whatever the processor says outside (SDM 3D, "Illegal Instructions"). */
    static boolean isIllegalInEnclave(byte[] code) {
        return isCpuid(code);
    }

    private static boolean starts(byte[] code, int... bytes) {
        if (code.length < bytes.length) {
            return false;
        }
        for (int i = 0; i < bytes.length; i++) {
            if ((code[i] & 0xff) != bytes[i]) {
                return false;
            }
        }
        return true;
    }
}

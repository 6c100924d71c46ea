package jsgx.host.aesm;

/** A request of the AESM protocol. */
sealed interface AesmRequest {

    /** How long the client waits for the answer, in microseconds; 0 where it does not say. */
    long timeoutMicros();

    /**
     * A launch token is asked for.
     *
     * @param mrEnclave MRENCLAVE, 32 bytes
     * @param modulus the signer's modulus, 384 bytes, little-endian: on the wire it is called mr_signer
     * @param attributes ATTRIBUTES and XFRM, 16 bytes
     */
    record LaunchToken(byte[] mrEnclave, byte[] modulus, byte[] attributes, long timeoutMicros)
            implements AesmRequest {}

    /** The size of the white list is asked for. */
    record WhiteListSize(long timeoutMicros) implements AesmRequest {}

    /**
     * The white list is asked for.
     *
     * @param size the size of the client's buffer, which has to be the list's
     */
    record WhiteList(long size, long timeoutMicros) implements AesmRequest {}

    /**
     * What is not served.
     *
     * @param field the number of the answer's field
     * @param error the answer
     */
    record NotServed(int field, AesmError error) implements AesmRequest {
        @Override
        public long timeoutMicros() {
            return 0;
        }
    }
}

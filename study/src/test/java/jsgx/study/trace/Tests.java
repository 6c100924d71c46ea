package jsgx.study.trace;

import jsgx.arch.struct.Attributes;
import jsgx.launch.token.TokenIdentity;

/** What tests of traces share. */
final class Tests {

    private Tests() {}

    static TokenIdentity identity(int n) {
        byte[] mrEnclave = new byte[32];
        mrEnclave[0] = (byte) n;
        return TokenIdentity.of(mrEnclave, new byte[32], new Attributes(Attributes.MODE64BIT, 3));
    }
}

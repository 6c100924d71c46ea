package jsgx.launch.le;

import static jsgx.image.x86.Mem.at;
import static jsgx.image.x86.Reg.RAX;
import static jsgx.image.x86.Reg.RBP;
import static jsgx.image.x86.Reg.RCX;
import static jsgx.image.x86.Reg.RDX;
import static jsgx.image.x86.Xmm.XMM0;
import static jsgx.image.x86.Xmm.XMM1;
import static jsgx.image.x86.Xmm.XMM2;

import jsgx.arch.struct.EinitToken;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Label;
import jsgx.image.x86.Mem;
import jsgx.image.x86.Sse;
import jsgx.image.x86.Xmm;

/**
 * The launch enclave's AES-128-CMAC (RFC 4493) on the AES instructions. A token's bytes under the MAC are whole blocks, so
 * the subkey K1 is the only one it needs.
 */
final class LeCmacCode {

    private static final int BLOCK = 16;
    private static final int[] ROUND_CONSTANTS = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36};

    /** What the field of 2^128 elements is reduced by: RFC 4493, const_Rb. */
    private static final int RB = 0x87;

    private final Assembler asm;
    private final Sse sse;
    private final Label aes = new Label();

    LeCmacCode(Assembler asm) {
        this.asm = asm;
        this.sse = asm.sse();
    }

    /** FIPS 197, key expansion: from the key to all round keys. */
    void expandKey() {
        sse.movdqa(XMM0, at(RBP, LeLayout.KEY)).movdqa(roundKey(0), XMM0);
        for (int round = 1; round <= ROUND_CONSTANTS.length; round++) {
            sse.aeskeygenassist(XMM1, XMM0, ROUND_CONSTANTS[round - 1]).pshufd(XMM1, XMM1, 0xff);
            sse.movdqa(XMM2, XMM0);
            for (int word = 1; word < 4; word++) {
                sse.pslldq(XMM2, 4).pxor(XMM0, XMM2);
            }
            sse.pxor(XMM0, XMM1).movdqa(roundKey(round), XMM0);
        }
    }

    /** The MAC of the token in the making, into the token. */
    void mac() {
        subkey();
        sse.pxor(XMM0, XMM0);
        for (int at = 0; at < EinitToken.MACED_SIZE; at += BLOCK) {
            sse.pxor(XMM0, at(RBP, LeLayout.TOKEN + at));
            if (at + BLOCK == EinitToken.MACED_SIZE) {
                sse.pxor(XMM0, at(RBP, LeLayout.SUBKEY));
            }
            asm.call(aes);
        }
        sse.movdqa(at(RBP, LeLayout.TOKEN + LeFields.TOKEN_MAC), XMM0);
    }

    /** K1: the encrypted zero block times x, its bytes taken as one big-endian number. */
    private void subkey() {
        sse.pxor(XMM0, XMM0);
        asm.call(aes);
        sse.movdqa(at(RBP, LeLayout.BLOCK), XMM0);
        asm.mov(RAX, at(RBP, LeLayout.BLOCK)).bswap(RAX);
        asm.mov(RDX, at(RBP, LeLayout.BLOCK + 8)).bswap(RDX);
        asm.add(RDX, RDX).adc(RAX, RAX).sbb(RCX, RCX);
        asm.and(RCX, RB).xor(RDX, RCX);
        asm.bswap(RAX).mov(at(RBP, LeLayout.SUBKEY), RAX);
        asm.bswap(RDX).mov(at(RBP, LeLayout.SUBKEY + 8), RDX);
    }

    /** Encrypts XMM0. */
    void aesSubroutine() {
        asm.bind(aes);
        sse.pxor(XMM0, roundKey(0));
        for (int round = 1; round < ROUND_CONSTANTS.length; round++) {
            sse.aesenc(XMM0, roundKey(round));
        }
        sse.aesenclast(XMM0, roundKey(ROUND_CONSTANTS.length));
        asm.ret();
    }

    /** Leaves nothing in SSE registers. */
    static void wipeRegisters(Assembler asm) {
        for (Xmm register : Xmm.values()) {
            asm.sse().pxor(register, register);
        }
    }

    private static Mem roundKey(int round) {
        return at(RBP, LeLayout.ROUND_KEYS + BLOCK * round);
    }
}

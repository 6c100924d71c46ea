package jsgx.cli.demo;

import static jsgx.image.x86.Condition.NE;
import static jsgx.image.x86.Mem.at;
import static jsgx.image.x86.Reg.RAX;
import static jsgx.image.x86.Reg.RBX;
import static jsgx.image.x86.Reg.RCX;
import static jsgx.image.x86.Reg.RDI;
import static jsgx.image.x86.Reg.RDX;
import static jsgx.image.x86.Reg.RSI;

import java.lang.foreign.MemorySegment;
import java.util.List;
import jsgx.arch.Leaf;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Tcs;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclaveImage.Format;
import jsgx.image.EnclavePage;
import jsgx.image.SecsHints;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Label;

/**
 * A small enclave: it keeps a sum that nobody outside can read. EENTER brings it RDI, the address of two 64-bit numbers
 * outside: it adds the first to its sum, writes the new sum over the second, and leaves.
 */
public final class DemoEnclave {

    /** Where the code lies, from the enclave's base. */
    public static final int CODE = 0x2000;

    private static final int TCS = 0;
    private static final int SSA = 0x1000;
    private static final int SUM = 0x3000;
    private static final int SIZE = 0x4000;
    private static final int NO_LIMIT = -1;

    /** Any byte of the code would do; this one is among its first instructions. */
    private static final int FLIPPED = 9;

    private DemoEnclave() {}

    /** The enclave as a loader adds it, all of it measured. */
    public static EnclaveImage image() {
        return image(code());
    }

    /** The enclave with one bit of its code changed, as a bad disk or a bad friend would. */
    public static EnclaveImage withFlippedBit() {
        byte[] code = code();
        code[FLIPPED] ^= 0x10;
        return image(code);
    }

    private static EnclaveImage image(byte[] code) {
        Tcs tcs = new Tcs(MemorySegment.ofArray(new byte[EnclavePage.SIZE]));
        tcs.ossa(SSA);
        tcs.nssa(1);
        tcs.oentry(CODE);
        tcs.fsLimit(NO_LIMIT);
        tcs.gsLimit(NO_LIMIT);
        List<EnclavePage> pages = List.of(
                new EnclavePage(TCS, EnclavePage.TCS, EnclavePage.ALL, tcs.memory()),
                page(SSA, Secinfo.R | Secinfo.W, EnclavePage.ZEROES),
                page(CODE, Secinfo.R | Secinfo.X, MemorySegment.ofArray(code)),
                page(SUM, Secinfo.R | Secinfo.W, EnclavePage.ZEROES));
        return new EnclaveImage(Format.SGXS, SIZE, 1, pages, EnclaveImage.UNSIGNED, SecsHints.NONE);
    }

    private static EnclavePage page(long offset, long permissions, MemorySegment content) {
        return new EnclavePage(offset, EnclavePage.reg(permissions), EnclavePage.ALL, content);
    }

    /** One page: the code, and zeroes behind it. */
    private static byte[] code() {
        Assembler asm = new Assembler();
        Label sum = new Label();
        Label leave = new Label();
        // RAX is CSSA: an entry after an exception does nothing.
        asm.cmp(RAX, 0).jump(NE, leave);
        asm.lea(RSI, at(sum));
        asm.mov(RDX, at(RDI)).mov(RAX, at(RSI)).add(RAX, RDX).mov(at(RSI), RAX).mov(at(RDI, 8), RAX);
        // Nothing of the inside is left in the registers.
        asm.bind(leave).zero(RDX).zero(RSI);
        asm.mov(RBX, RCX).mov32(RAX, Leaf.EEXIT.number()).enclu();
        asm.bind(sum, SUM - CODE);
        return asm.align(EnclavePage.SIZE).toBytes();
    }
}

package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;

/** Pages of type PT_SS_FIRST and PT_SS_REST, which only processors with CET have. */
final class ShadowStack {

    /** Where the token of a first page lies. */
    static final int TOKEN = Epc.PAGE_SIZE - 8;

    private ShadowStack() {}

    /** The token in the last eight bytes of a first page: the address above the page, and whether the mode is 64-bit. */
    static long token(Secs secs, long linAddr) {
        return linAddr + Epc.PAGE_SIZE | (secs.attributes().has(Attributes.MODE64BIT) ? 1 : 0);
    }

    /** EADD's rules for a shadow-stack page. */
    static void check(
            LogicalProcessor lp, LeafCheck check, Secs secs, long linAddr, Secinfo secinfo, MemorySegment content) {
        long expected = secinfo.pageType() == PageType.SS_FIRST ? token(secs, linAddr) : 0;
        boolean edge = linAddr == secs.baseAddr() || linAddr == secs.baseAddr() + secs.size() - Epc.PAGE_SIZE;
        if (!lp.cr4Cet()
                || edge
                || !secinfo.r()
                || !secinfo.w()
                || secinfo.x()
                || !Bytes.isZero(content.asSlice(0, TOKEN))
                || u64(content, TOKEN) != expected) {
            throw gp(
                    check,
                    "CR4.CET, read-write, zeroes and the token " + hex(expected),
                    "FLAGS " + hex(secinfo.flags()) + ", token " + hex(u64(content, TOKEN)));
        }
    }
}

package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
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

    /** EADD's rules for the content and the permissions of a shadow-stack page. */
    static void check(Secs secs, long linAddr, Secinfo secinfo, MemorySegment content) {
        if (linAddr == secs.baseAddr() || linAddr == secs.baseAddr() + secs.size() - Epc.PAGE_SIZE) {
            throw gp(Eadd.Check.SS_NOT_AT_EDGE, "a page between the first and the last", hex(linAddr));
        }
        if (!Bytes.isZero(content.asSlice(0, TOKEN))) {
            throw gp(Eadd.Check.SS_ZERO, "zeroes", "other bytes");
        }
        boolean first = secinfo.pageType() == PageType.SS_FIRST;
        long token = u64(content, TOKEN);
        long expected = first ? token(secs, linAddr) : 0;
        if (token != expected) {
            throw gp(first ? Eadd.Check.SS_FIRST_TOKEN : Eadd.Check.SS_REST_TOKEN, hex(expected), hex(token));
        }
        if (!secinfo.r() || !secinfo.w() || secinfo.x()) {
            throw gp(Eadd.Check.SS_READ_WRITE, "R and W", "FLAGS " + hex(secinfo.flags()));
        }
    }
}

package jsgx.arch;

/** The XSAVE area in its standard form: which combinations of features are legal, and how large they make it. */
public final class Xsave {

    /** The x87 and SSE region and the XSAVE header. */
    public static final int LEGACY_AND_HEADER = 512 + 64;

    /** Where the area has MXCSR, four bytes. */
    public static final int MXCSR = 24;

    /** Where the header has XSTATE_BV, eight bytes: the features whose state is in the area. */
    public static final int XSTATE_BV = 512;

    /** Where the header has XCOMP_BV and eight reserved bytes, which the standard form leaves 0. */
    public static final int XCOMP_BV = 520;

    private static final long X87_SSE = 0x3;
    private static final long AVX = 1L << 2;
    private static final long MPX = 0x3L << 3;
    private static final long AVX512 = 0x7L << 5;
    private static final long AMX = 0x3L << 17;

    /** CPUID.(EAX=0DH,ECX=i): {bit, offset (EBX), size (EAX)} of each component that XFRM can name. */
    private static final int[][] COMPONENTS = {
        {2, 576, 256},
        {3, 960, 64},
        {4, 1024, 64},
        {5, 1088, 64},
        {6, 1152, 512},
        {7, 1664, 1024},
        {9, 2688, 8},
        {17, 2752, 64},
        {18, 2816, 8192}
    };

    private Xsave() {}

    /**
     * The bytes that an XSAVE area needs for a set of features.
     *
     * @param xfrm features in the encoding of XCR0
     */
    public static int size(long xfrm) {
        int size = LEGACY_AND_HEADER;
        for (int[] component : COMPONENTS) {
            if ((xfrm >>> component[0] & 1) != 0) {
                size = Math.max(size, component[1] + component[2]);
            }
        }
        return size;
    }

    /** Whether XSETBV would take this value: x87 and SSE always, and features that belong together only together. */
    public static boolean isLegal(long xfrm) {
        return (xfrm & X87_SSE) == X87_SSE
                && allOrNone(xfrm, MPX)
                && allOrNone(xfrm, AVX512)
                && allOrNone(xfrm, AMX)
                && ((xfrm & AVX512) == 0 || (xfrm & AVX) != 0);
    }

    /** {offset, size} of a component in the standard form; {0, 0} where there is none. */
    public static int[] component(int bit) {
        for (int[] component : COMPONENTS) {
            if (component[0] == bit) {
                return new int[] {component[1], component[2]};
            }
        }
        return new int[] {0, 0};
    }

    private static boolean allOrNone(long xfrm, long bits) {
        return (xfrm & bits) == 0 || (xfrm & bits) == bits;
    }
}

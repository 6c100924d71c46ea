package jsgx.arch;

/**
 * The segment registers of a 32-bit program, as far as entry to an enclave looks at them; 64-bit mode ignores them.
 *
 * @param csBase CS.base
 * @param csLimit CS.limit, the last legal offset
 * @param dsUsable whether DS is usable and expands up
 * @param dsBase DS.base
 * @param dsLimit DS.limit, the last legal offset
 * @param esBase ES.base, 0 where ES is unusable
 * @param ssBase SS.base, 0 where SS is unusable
 * @param ssBig SS.B, true where SS is unusable
 */
public record Segments(
        long csBase,
        long csLimit,
        boolean dsUsable,
        long dsBase,
        long dsLimit,
        long esBase,
        long ssBase,
        boolean ssBig) {

    private static final long LIMIT_4G = 0xffff_ffffL;

    /** What every present operating system sets: all segments from 0 to 4 GiB. */
    public static final Segments FLAT = new Segments(0, LIMIT_4G, true, 0, LIMIT_4G, 0, 0, true);

    /** Whether DS ends at 4 GiB, so that a segment that wraps around has no hole. */
    public boolean dsReaches4G() {
        return dsLimit == LIMIT_4G;
    }
}

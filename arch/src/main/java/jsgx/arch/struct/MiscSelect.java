package jsgx.arch.struct;

/**
 * The bits of MISCSELECT: what an AEX stores of an exception beyond {@link Gprsgx}.
 *
 * <p>SDM volume 3D, "SECS.MISCSELECT Field".
 */
public final class MiscSelect {
    /** Page faults and general protection faults are reported, in {@link Exinfo}. */
    public static final int EXINFO = 1;

    /** Control protection exceptions are reported, in {@link Exinfo}. */
    public static final int CPINFO = 1 << 1;

    private static final String[] NAMES = {"EXINFO", "CPINFO"};

    private MiscSelect() {}

    /** Size in bytes of the MISC region of an SSA frame. */
    public static int regionSize(int miscSelect) {
        return miscSelect == 0 ? 0 : Exinfo.SIZE;
    }

    /** The names of the bits. */
    public static String toString(int miscSelect) {
        return BitNames.render(Integer.toUnsignedLong(miscSelect), NAMES);
    }
}

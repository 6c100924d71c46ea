package jsgx.arch;

/**
 * An exception that the processor raises instead of completing an instruction.
 *
 * @param vector which exception
 * @param address the linear address that CR2 holds after a page fault, else 0
 * @param errorCode the error code that the exception pushes; 0 where it pushes none
 */
public record Fault(Vector vector, long address, int errorCode) {

    /** The exceptions that SGX instructions and enclave accesses raise. */
    public enum Vector {
        UD(6),
        NM(7),
        GP(13),
        PF(14);

        private final int number;

        Vector(int number) {
            this.number = number;
        }

        /** The interrupt vector. */
        public int number() {
            return number;
        }
    }

    /** Page-fault error code: the page was present. */
    public static final int PF_PRESENT = 1;

    /** Page-fault error code: the access was a write. */
    public static final int PF_WRITE = 1 << 1;

    /** Page-fault error code: the access came from CPL 3. */
    public static final int PF_USER = 1 << 2;

    /** Page-fault error code: the access was an instruction fetch. */
    public static final int PF_FETCH = 1 << 4;

    /** Page-fault error code: the EPCM, not the page tables, refused the access (SGX2 processors). */
    public static final int PF_SGX = 1 << 15;

    private static final Fault UNDEFINED = new Fault(Vector.UD, 0, 0);
    private static final Fault GENERAL_PROTECTION = new Fault(Vector.GP, 0, 0);

    public static Fault ud() {
        return UNDEFINED;
    }

    public static Fault gp() {
        return GENERAL_PROTECTION;
    }

    public static Fault pf(long address, int errorCode) {
        return new Fault(Vector.PF, address, errorCode);
    }

    @Override
    public String toString() {
        return switch (vector) {
            case PF -> "#PF(0x%x, error 0x%x)".formatted(address, errorCode);
            case GP -> "#GP(0)";
            default -> "#" + vector;
        };
    }
}

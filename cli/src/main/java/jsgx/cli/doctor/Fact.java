package jsgx.cli.doctor;

/**
 * One fact about a machine, with what follows from it.
 *
 * @param subject what was looked at
 * @param mark how it stands
 * @param found what was found
 * @param follows what follows: for a cross, what does not work
 * @param remedy for a cross, how to get it; else empty
 */
public record Fact(String subject, Mark mark, String found, String follows, String remedy) {

    /** How a fact stands. */
    public enum Mark {
        /** It is there, or as it should be. */
        GOOD("good"),
        /** It is not there, and nothing in jsgx needs it. */
        NOT_NEEDED("not-needed"),
        /** It is not there, and something does not work. */
        MISSING("missing"),
        /** It is not there, and jsgx does not work without it. */
        BROKEN("broken");

        private final String id;

        Mark(String id) {
            this.id = id;
        }

        /** The name in JSON. */
        public String id() {
            return id;
        }
    }

    static Fact good(String subject, String found, String follows) {
        return new Fact(subject, Mark.GOOD, found, follows, "");
    }

    static Fact notNeeded(String subject, String found, String follows) {
        return new Fact(subject, Mark.NOT_NEEDED, found, follows, "");
    }

    static Fact missing(String subject, String found, String follows, String remedy) {
        return new Fact(subject, Mark.MISSING, found, follows, remedy);
    }

    static Fact broken(String subject, String found, String follows, String remedy) {
        return new Fact(subject, Mark.BROKEN, found, follows, remedy);
    }
}

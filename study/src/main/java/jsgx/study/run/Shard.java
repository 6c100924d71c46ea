package jsgx.study.run;

/**
 * A part of a study, for one of several machines: the cells whose index leaves {@code number - 1} when divided by {@code of}.
 *
 * @param number from 1 to {@code of}
 */
public record Shard(int number, int of) {

    /** All of it. */
    public static final Shard WHOLE = new Shard(1, 1);

    private static final int MOST = 1_000_000;

    public Shard {
        if (of < 1 || of > MOST || number < 1 || number > of) {
            throw new IllegalArgumentException(
                    "%s/%s is no shard: expected I/N with 1 ≤ I ≤ N ≤ %s".formatted(number, of, MOST));
        }
    }

    /**
     * The shard that is written so: {@code 2/8}.
     *
     * @throws StudyException where it is none
     */
    public static Shard parse(String text) throws StudyException {
        String[] parts = text.split("/", -1);
        try {
            return new Shard(Integer.parseInt(parts[0]), Integer.parseInt(parts.length == 2 ? parts[1] : ""));
        } catch (IllegalArgumentException e) {
            throw new StudyException(
                    "\"%s\" is no shard: expected I/N with 1 ≤ I ≤ N, for example 2/8".formatted(text));
        }
    }

    boolean has(Cell cell) {
        return cell.index() % of == number - 1;
    }
}

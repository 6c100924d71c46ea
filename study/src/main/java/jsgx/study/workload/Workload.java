package jsgx.study.workload;

import jsgx.study.trace.Trace;

/** What some hosts do, from which a trace can be made. */
public interface Workload {

    /** Its name: lower-case words with dashes, or a file's name. */
    String name();

    /** The question that it answers, for people. */
    String question();

    /** SHA-256 of all that makes it, in hex: the same one makes the same traces. */
    String sha256();

    /**
     * What happens.
     *
     * @param seed the same seed makes the same trace, on every machine; a recorded one knows no seed
     * @param scale above 0: how many launches, and how long, in parts of what the workload says. Rates and working sets stay as they are. A recorded
     *     one has no more than was recorded
     * @throws IllegalArgumentException the scale is 0 or less, or makes more events than a trace can have
     */
    Trace trace(long seed, double scale);
}

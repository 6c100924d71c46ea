package jsgx.study.report;

import java.util.List;

/** A question of the thread, and how it is answered from the figures of a study. */
interface Question {

    /** The answer; its conclusions say so where no workload can tell. */
    Answer answer(Results results);

    /** That of a study in which no workload can tell. */
    static Conclusion nobodyCanTell(String what) {
        return new Conclusion("", "no workload", "No workload of this study can tell: " + what + ".");
    }

    /** The conclusion about all, before those about each. */
    static List<Conclusion> under(Conclusion all, List<Conclusion> each) {
        return java.util.stream.Stream.concat(java.util.stream.Stream.of(all), each.stream())
                .toList();
    }
}

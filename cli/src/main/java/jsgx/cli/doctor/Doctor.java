package jsgx.cli.doctor;

import java.util.ArrayList;
import java.util.List;
import jsgx.cli.doctor.Fact.Mark;

/** Examines a machine. */
public final class Doctor {

    private Doctor() {}

    /** Every fact, those about the hardware first. */
    public static List<Fact> examine(Host host) {
        List<Fact> facts = new ArrayList<>();
        facts.addAll(ProcessorFacts.of(host));
        facts.addAll(RunningFacts.of(host));
        facts.addAll(JsgxFacts.of(host));
        return facts;
    }

    /** Whether everything is there that the commands of jsgx need. */
    public static boolean ready(List<Fact> facts) {
        return facts.stream().noneMatch(fact -> fact.mark() == Mark.BROKEN);
    }
}

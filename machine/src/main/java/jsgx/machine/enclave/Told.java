package jsgx.machine.enclave;

import jsgx.arch.Outcome;
import jsgx.arch.leaf.Aex;

/** Outcomes and events for people. */
final class Told {

    private Told() {}

    static String of(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Success success -> "success";
            case Outcome.Error error -> error.code().name();
            case Outcome.Faulted faulted ->
                "%s: %s; found %s".formatted(faulted.fault(), faulted.check().rule(), faulted.found());
        };
    }

    static String of(Aex.Event event) {
        if (event.kind() == Aex.Event.Kind.INTERRUPT) {
            return "interrupt";
        }
        return switch (event.vector()) {
            case LinuxSignals.DE -> "#DE";
            case LinuxSignals.DB -> "#DB";
            case LinuxSignals.BP -> "#BP";
            case LinuxSignals.UD -> "#UD";
            case LinuxSignals.SS -> "#SS";
            case LinuxSignals.GP -> "#GP";
            case LinuxSignals.PF -> "#PF";
            case LinuxSignals.MF -> "#MF";
            case LinuxSignals.AC -> "#AC";
            case LinuxSignals.XM -> "#XM";
            default -> "exception " + event.vector();
        };
    }
}

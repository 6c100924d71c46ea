package jsgx.machine.enclave;

import jsgx.arch.Fault;
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

    /** What an error code of a page fault says: {@code write, forbidden by the EPCM (error 0x8007)}. */
    static String pageFault(int errorCode) {
        String access =
                (errorCode & Fault.PF_FETCH) != 0 ? "execute" : (errorCode & Fault.PF_WRITE) != 0 ? "write" : "read";
        String why = (errorCode & Fault.PF_SGX) != 0
                ? "forbidden by the EPCM"
                : (errorCode & Fault.PF_PRESENT) != 0 ? "forbidden by the mapping" : "page not there";
        return "%s, %s (error 0x%x)".formatted(access, why, errorCode);
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

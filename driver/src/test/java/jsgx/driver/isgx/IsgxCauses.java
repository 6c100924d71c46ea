package jsgx.driver.isgx;

import java.util.List;
import jsgx.driver.Refusal;

/** The rules that the SGX2 calls share. */
public final class IsgxCauses {

    private IsgxCauses() {}

    public static List<Refusal.Cause> range() {
        return List.of(RangeModification.Cause.values());
    }

    public static Refusal.Cause range(String name) {
        return RangeModification.Cause.valueOf(name);
    }

    public static List<Refusal.Cause> removal() {
        return List.of(PageRemoval.Cause.values());
    }

    public static Refusal.Cause removal(String name) {
        return PageRemoval.Cause.valueOf(name);
    }
}

package jsgx.launch;

import java.util.List;
import jsgx.arch.LeafCheck;

/**
 * Why a launch was refused, for people: made from the driver's last outcome and from nothing else.
 *
 * @param headline one line: who refused, with what code, and what the interface returned
 * @param check the check that decided, as a rule that did not hold; empty for a success
 * @param where the place in the manual or in the driver: {@code SDM 3D, EINIT; step 10 of 20}
 * @param expected what the check expected
 * @param found what it found
 * @param details further facts, such as the first page that differs
 * @param whatToDo what gets the enclave launched
 */
public record Explanation(
        String headline,
        String check,
        String where,
        String expected,
        String found,
        List<String> details,
        String whatToDo) {

    public Explanation {
        details = List.copyOf(details);
    }

    /** The explanation of a success. */
    public static Explanation success(String headline) {
        return new Explanation(headline, "", "", "", "", List.of(), "");
    }

    /** Where a check stands in the manual: {@code SDM 3D, EINIT; step 10 of 20}. */
    static String place(LeafCheck check) {
        String leaf = "SDM 3D, " + check.leaf();
        return check.steps() == 0 ? leaf : leaf + "; step " + check.step() + " of " + check.steps();
    }
}

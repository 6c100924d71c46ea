package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.pf;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import org.jspecify.annotations.Nullable;

/**
 * An operand of ENCLU that lies in a page of the enclave: the checks that its leaf makes of the page's EPCM entry, in
 * the leaf's order. Nothing locks the page. While a logical processor is inside an enclave, tracking keeps EWB away from
 * each page that was not blocked when it was checked.
 */
final class EnclaveOperand {

    /** The first check that a page fails. */
    record Violation(LeafCheck check, String expected, String found) {}

    private record Step(LeafCheck check, PageCondition condition) {}

    private final List<Step> steps;
    private final boolean write;

    private EnclaveOperand(List<Step> steps, boolean write) {
        this.steps = steps;
        this.write = write;
    }

    /** An operand that the leaf reads, with a range of the leaf's checks and what each of them demands. */
    static <C extends LeafCheck> EnclaveOperand read(Set<C> checks, Function<C, @Nullable PageCondition> condition) {
        return new EnclaveOperand(steps(checks, condition), false);
    }

    /** An operand that the leaf writes, so that its page faults say so. */
    static <C extends LeafCheck> EnclaveOperand written(Set<C> checks, Function<C, @Nullable PageCondition> condition) {
        return new EnclaveOperand(steps(checks, condition), true);
    }

    private static <C extends LeafCheck> List<Step> steps(
            Set<C> checks, Function<C, @Nullable PageCondition> condition) {
        return checks.stream()
                .map(check -> new Step(check, Objects.requireNonNull(condition.apply(check), check.name())))
                .toList();
    }

    /** The operand's bytes; #PF(address) where its page fails a check. */
    MemorySegment bytes(LogicalProcessor lp, int page, long address, int secs, long size) {
        require(lp, page, address, secs);
        return lp.processorPackage().epc().page(page).asSlice(address & (Epc.PAGE_SIZE - 1), size);
    }

    /** #PF(address) where the page fails a check. */
    void require(LogicalProcessor lp, int page, long address, int secs) {
        Violation violation = violation(lp.processorPackage(), page, address, secs);
        if (violation != null) {
            throw pf(lp, violation.check(), address, write, violation.expected(), violation.found());
        }
    }

    /** The first check that the page fails, null where it passes all. */
    @Nullable
    Violation violation(ProcessorPackage cpu, int page, long address, int secs) {
        Epcm epcm = cpu.epcm();
        for (Step step : steps) {
            PageCondition condition = step.condition();
            if (!condition.holds(epcm, page, address, secs)) {
                return new Violation(step.check(), condition.expected(address), condition.found(epcm, page));
            }
        }
        return null;
    }
}

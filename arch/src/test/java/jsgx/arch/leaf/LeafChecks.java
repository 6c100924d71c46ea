package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import jsgx.arch.AccessCheck;
import jsgx.arch.Fault;
import jsgx.arch.LeafCheck;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.SgxError;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The tests that every leaf has: each of its checks fires, alone, with exactly its fault or code; of two conditions that
 * are broken at once the earlier decides; a leaf that does not succeed leaves the EPCM as it was, and no lock behind. A
 * subclass says in its constructor, once for each check, what breaks it.
 *
 * @param <K> the checks of the leaf
 * @param <C> a call of the leaf
 */
abstract class LeafChecks<K extends LeafCheck, C extends LeafCall> {

    /**
     * A way to break a check.
     *
     * @param baseline the calls that it can be done to; null for any
     * @param done whether the leaf does its work all the same
     */
    private record Scenario<K, C>(
            K check,
            @Nullable Supplier<C> baseline,
            Consumer<C> violation,
            BiConsumer<C, Outcome> expectation,
            boolean done) {}

    private record Operand<C>(String name, ObjLongConsumer<C> address) {}

    private static final long NON_CANONICAL = 0x8000_0000_0000_0000L;
    private static final long NOWHERE = 0x10_0000L;

    private final List<K> checks;
    private final List<Scenario<K, C>> scenarios = new ArrayList<>();
    private final List<Operand<C>> operands = new ArrayList<>();
    private final List<Set<LeafCheck>> apart = new ArrayList<>();
    private @Nullable Supplier<C> baseline;

    LeafChecks(Class<K> checks) {
        this(List.of(checks.getEnumConstants()));
    }

    /** @param checks in their order */
    LeafChecks(List<K> checks) {
        this.checks = checks;
    }

    /** A call that succeeds, on a fresh machine. */
    abstract C call();

    /** What follows can be done only to calls of this kind, which succeed too. */
    final void on(Supplier<C> kind) {
        baseline = kind;
    }

    /** What follows can be done to any call. */
    final void onAny() {
        baseline = null;
    }

    /** The kind of call that what follows can be done to. */
    final Supplier<C> kind() {
        return baseline == null ? this::call : baseline;
    }

    /** The check raises #GP(0). */
    final void gp(K check, Consumer<C> violation) {
        add(check, violation, (call, outcome) -> {
            assertThat(outcome).isInstanceOf(Outcome.Faulted.class);
            assertThat(((Outcome.Faulted) outcome).fault()).isEqualTo(Fault.gp());
        });
    }

    /** The check raises #PF with this address in CR2. */
    final void pf(K check, ToLongFunction<C> address, Consumer<C> violation) {
        add(check, violation, (call, outcome) -> {
            assertThat(outcome).isInstanceOf(Outcome.Faulted.class);
            Fault fault = ((Outcome.Faulted) outcome).fault();
            assertThat(fault.vector()).isEqualTo(Fault.Vector.PF);
            assertThat(fault.address()).isEqualTo(address.applyAsLong(call));
            assertThat(fault.errorCode() & (Fault.PF_SGX | Fault.PF_PRESENT))
                    .isEqualTo(Fault.PF_PRESENT | (call.machine.cpu.features().sgx2() ? Fault.PF_SGX : 0));
        });
    }

    /** The check returns a code, with ZF set. */
    final void error(K check, SgxError code, Consumer<C> violation) {
        error(check, code, Outcome.Flags.ZF, violation);
    }

    /** The check returns a code. */
    final void error(K check, SgxError code, Outcome.Flags flags, Consumer<C> violation) {
        add(check, violation, returns(code, flags));
    }

    /** The check returns a code, and the leaf does its work all the same. */
    final void done(K check, SgxError code, Outcome.Flags flags, Consumer<C> violation) {
        scenarios.add(new Scenario<>(check, baseline, violation, returns(code, flags), true));
    }

    private BiConsumer<C, Outcome> returns(SgxError code, Outcome.Flags flags) {
        return (call, outcome) -> {
            assertThat(outcome).isInstanceOf(Outcome.Error.class);
            Outcome.Error error = (Outcome.Error) outcome;
            assertThat(error.code()).isEqualTo(code);
            assertThat(error.flags()).isEqualTo(flags);
        };
    }

    /** These checks cannot be broken at once, or what breaks one mends another. */
    @SafeVarargs
    final void apart(K first, K... others) {
        for (K other : others) {
            apart.add(Set.of(first, other));
        }
    }

    /** A memory operand of the leaf, and how to set its address. */
    final void operand(String name, ObjLongConsumer<C> address) {
        operands.add(new Operand<>(name, address));
    }

    @Test
    final void everyCheckHasAScenario() {
        assertThat(scenarios.stream().map(Scenario::check).distinct()).containsExactlyInAnyOrderElementsOf(checks);
    }

    @Test
    final void theUnbrokenCallsSucceed() {
        assertThat(call().run()).isInstanceOf(Outcome.Success.class);
        scenarios.stream().map(Scenario::baseline).distinct().forEach(kind -> {
            if (kind != null) {
                assertThat(kind.get().run()).isInstanceOf(Outcome.Success.class);
            }
        });
    }

    @TestFactory
    final Stream<DynamicTest> eachCheckFires() {
        return scenarios.stream()
                .map(scenario -> dynamicTest(scenario.check().name(), () -> {
                    C call = baselineOf(scenario.baseline());
                    scenario.violation().accept(call);
                    fires(call, scenario);
                }));
    }

    /** One test for each check: it decides whichever later condition is broken too. */
    @TestFactory
    final Stream<DynamicTest> theEarlierCheckDecides() {
        return checks.stream()
                .map(check -> dynamicTest(check.name(), () -> {
                    List<Scenario<K, C>> first = firstOfEachKind();
                    for (Scenario<K, C> earlier : first) {
                        for (Scenario<K, C> later : first) {
                            if (earlier.check().equals(check)
                                    && check.ordinal() < later.check().ordinal()
                                    && meet(earlier, later)) {
                                C call = baselineOf(earlier.baseline() != null ? earlier.baseline() : later.baseline());
                                later.violation().accept(call);
                                earlier.violation().accept(call);
                                assertThat(checkOf(call.run()))
                                        .as("with %s broken too", later.check())
                                        .isEqualTo(check);
                            }
                        }
                    }
                }));
    }

    @TestFactory
    final Stream<DynamicTest> operandsMustBeCanonicalAndMapped() {
        return operands.stream()
                .map(operand -> dynamicTest(operand.name(), () -> {
                    C call = call();
                    operand.address().accept(call, NON_CANONICAL);
                    assertThat(call.run()).isInstanceOfSatisfying(Outcome.Faulted.class, outcome -> {
                        assertThat(outcome.check()).isEqualTo(new AccessCheck(call.leaf, AccessCheck.Kind.CANONICAL));
                        assertThat(outcome.fault()).isEqualTo(Fault.gp());
                    });
                    C other = call();
                    operand.address().accept(other, NOWHERE);
                    assertThat(other.run()).isInstanceOfSatisfying(Outcome.Faulted.class, outcome -> {
                        assertThat(outcome.check()).isEqualTo(new AccessCheck(other.leaf, AccessCheck.Kind.MAPPED));
                        assertThat(outcome.fault().vector()).isEqualTo(Fault.Vector.PF);
                        assertThat(outcome.fault().address()).isEqualTo(NOWHERE);
                        assertThat(outcome.fault().errorCode() & (Fault.PF_PRESENT | Fault.PF_SGX))
                                .isZero();
                    });
                    allIsFree(other);
                }));
    }

    final void add(K check, Consumer<C> violation, BiConsumer<C, Outcome> expectation) {
        scenarios.add(new Scenario<>(check, baseline, violation, expectation, false));
    }

    /** Of the ways to break one check on one kind of call, the first. */
    private List<Scenario<K, C>> firstOfEachKind() {
        List<Scenario<K, C>> first = new ArrayList<>();
        for (Scenario<K, C> scenario : scenarios) {
            if (first.stream()
                    .noneMatch(other -> other.check().equals(scenario.check())
                            && Objects.equals(other.baseline(), scenario.baseline()))) {
                first.add(scenario);
            }
        }
        return first;
    }

    private C baselineOf(@Nullable Supplier<C> kind) {
        return kind == null ? call() : kind.get();
    }

    private boolean meet(Scenario<K, C> earlier, Scenario<K, C> later) {
        boolean sameKind = earlier.baseline() == null
                || later.baseline() == null
                || Objects.equals(earlier.baseline(), later.baseline());
        return sameKind && !apart.contains(Set.of(earlier.check(), later.check()));
    }

    private void fires(C call, Scenario<K, C> scenario) {
        Object before = call.state();
        Outcome outcome = call.run();
        assertThat(checkOf(outcome)).isEqualTo(scenario.check());
        assertThat(outcome.leaf()).isEqualTo(call.leaf);
        assertThat(outcome.isSuccess()).isFalse();
        scenario.expectation().accept(call, outcome);
        assertThat(expectedAndFound(outcome)).noneMatch(String::isBlank).doesNotHaveDuplicates();
        if (!scenario.done()) {
            assertThat(call.state()).isEqualTo(before);
        }
        allIsFree(call);
    }

    private static @Nullable LeafCheck checkOf(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Success success -> null;
            case Outcome.Error error -> error.check();
            case Outcome.Faulted faulted -> faulted.check();
        };
    }

    private static List<String> expectedAndFound(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Success success -> List.of();
            case Outcome.Error error ->
                List.of(error.expected(), error.found(), error.check().rule());
            case Outcome.Faulted faulted ->
                List.of(faulted.expected(), faulted.found(), faulted.check().rule());
        };
    }

    /** Takes and releases every lock of every page. */
    private static void allIsFree(LeafCall call) {
        Epcm epcm = call.epcm();
        for (int page = 0; page < call.machine.cpu.epc().pages(); page++) {
            assertThat(epcm.tryExclusive(page)
                            && epcm.trySgx2(page)
                            && epcm.tryMeasuring(page)
                            && epcm.tryTracking(page))
                    .as("page %d is free", page)
                    .isTrue();
            epcm.releaseExclusive(page);
            epcm.releaseSgx2(page);
            epcm.releaseMeasuring(page);
            epcm.releaseTracking(page);
        }
    }
}

package jsgx.arch.leaf;

import static jsgx.arch.leaf.EnclaveCall.SIZE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import jsgx.arch.AccessCheck;
import jsgx.arch.Fault;
import jsgx.arch.LeafCheck;
import jsgx.arch.LinearMemory;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Gprsgx;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The checks of a leaf of ENCLU; what an operand in a page of the enclave must be is said once for all leaves. */
abstract class EncluChecks<K extends Enum<K> & LeafCheck> extends LeafChecks<K, EnclaveCall> {

    private static final int FAULT = Fault.PF_PRESENT | Fault.PF_USER | Fault.PF_SGX;

    /** An operand's page, and the address that a page fault on it has. */
    private record Page(
            String operand,
            long offset,
            boolean write,
            ToLongFunction<EnclaveCall> address,
            Supplier<EnclaveCall> kind) {}

    private final Class<K> type;
    private final List<Page> pages = new ArrayList<>();

    EncluChecks(Class<K> type) {
        super(type);
        this.type = type;
    }

    /** The check raises #PF with this address and error code. */
    final void pf(K check, boolean write, ToLongFunction<EnclaveCall> address, Consumer<EnclaveCall> violation) {
        add(check, violation, faults(address, write));
    }

    private static BiConsumer<EnclaveCall, Outcome> faults(ToLongFunction<EnclaveCall> address, boolean write) {
        return (call, outcome) -> assertThat(outcome)
                .isInstanceOfSatisfying(
                        Outcome.Faulted.class,
                        faulted -> assertThat(faulted.fault())
                                .isEqualTo(
                                        Fault.pf(address.applyAsLong(call), write ? FAULT | Fault.PF_WRITE : FAULT)));
    }

    /** The check that a register's address is in ELRANGE, and the one that it is in the EPC. */
    final void inElrangeAndEpc(
            String operand, boolean write, ToLongFunction<EnclaveCall> address, ObjLongConsumer<EnclaveCall> register) {
        gp(of(operand + "_IN_ELRANGE"), call -> register.accept(call, call.at(SIZE)));
        gp(of(operand + "_IN_ELRANGE"), call -> register.accept(call, call.at(-0x1000)));
        pf(of(operand + "_IN_EPC"), write, address, call -> register.accept(call, call.at(EnclaveCall.ORDINARY)));
    }

    /** All checks of the EPCM entry of an operand's page, which stands at an offset; each raises #PF. */
    final void page(String operand, long offset, boolean write, ToLongFunction<EnclaveCall> address) {
        pages.add(new Page(operand, offset, write, address, kind()));
        for (PageCondition condition : PageCondition.values()) {
            Arrays.stream(type.getEnumConstants())
                    .filter(check -> check.name().equals(operand + "_" + condition.name()))
                    .forEach(check -> pf(check, write, address, call -> call.spoil(offset, condition)));
        }
    }

    /** Page tables that do not map an operand's page, or not with the right to use it, speak before the EPCM. */
    @TestFactory
    final Stream<DynamicTest> pageTablesSpeakFirst() {
        return pages.stream()
                .map(page -> dynamicTest(page.operand(), () -> {
                    int access = Fault.PF_USER | (page.write() ? Fault.PF_WRITE : 0);
                    EnclaveCall call = page.kind().get();
                    call.spoil(page.offset(), PageCondition.VALID);
                    call.memory.unmap(call.at(page.offset()), Epc.PAGE_SIZE);
                    refusedByTables(call, Fault.pf(page.address().applyAsLong(call), access));
                    EnclaveCall protectedPage = page.kind().get();
                    protectedPage.spoil(page.offset(), PageCondition.VALID);
                    protectedPage.memory.mapEpc(
                            protectedPage.at(page.offset()),
                            protectedPage.page(page.offset()),
                            page.write() ? LinearMemory.PROT_READ | LinearMemory.PROT_EXEC : LinearMemory.PROT_EXEC);
                    refusedByTables(
                            protectedPage,
                            Fault.pf(page.address().applyAsLong(protectedPage), access | Fault.PF_PRESENT));
                }));
    }

    private static void refusedByTables(EnclaveCall call, Fault fault) {
        Object before = call.state();
        assertThat(call.run()).isInstanceOfSatisfying(Outcome.Faulted.class, faulted -> {
            assertThat(faulted.check()).isEqualTo(new AccessCheck(call.leaf, AccessCheck.Kind.MAPPED));
            assertThat(faulted.fault()).isEqualTo(fault);
        });
        assertThat(call.state()).isEqualTo(before);
    }

    /**
     * The checks of an SSA frame under a prefix, SSA_ and GPR_ with something before.
     *
     * @param frame which frame the leaf looks at
     */
    final void frame(String prefix, int frame) {
        long xsave = EnclaveCall.SSA + frame * EnclaveCall.FRAME;
        long gpr = xsave + Epc.PAGE_SIZE;
        long gprsgx = gpr + Epc.PAGE_SIZE - Gprsgx.SIZE;
        page(prefix + "SSA", xsave, true, call -> call.at(xsave));
        page(prefix + "GPR", gpr, true, call -> call.at(gprsgx));
        // In place of the page there is ordinary memory.
        notInEpc(prefix + "SSA_IN_EPC", xsave, xsave);
        notInEpc(prefix + "GPR_IN_EPC", gpr, gprsgx);
    }

    final void notInEpc(String check, long page, long address) {
        pf(of(check), true, call -> call.at(address), call -> {
            call.memory.unmap(call.at(page), Epc.PAGE_SIZE);
            call.memory.map(call.at(page), MemorySegment.ofArray(new byte[Epc.PAGE_SIZE]));
        });
    }

    final void cetSaveArea() {
        page("CET_SAVE", EnclaveCall.CET_SAVE, true, call -> call.at(EnclaveCall.CET_SAVE));
        notInEpc("CET_SAVE_IN_EPC", EnclaveCall.CET_SAVE, EnclaveCall.CET_SAVE);
    }

    /** The check with this name. */
    final K of(String name) {
        return Enum.valueOf(type, name);
    }
}

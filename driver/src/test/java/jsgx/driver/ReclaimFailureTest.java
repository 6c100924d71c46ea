package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import jsgx.arch.CpuFeatures;
import jsgx.driver.core.Launches;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is left of a batch of pages of which one cannot be reclaimed: everything. */
@Timeout(60)
class ReclaimFailureTest {

    private static final int EPC = 64;

    /** So that both enclaves do not fit. */
    private static final Plan FIRST = Plan.of(40, 1);

    private static final Plan SECOND = Plan.of(40, 2);

    private static final class Trouble extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private final AtomicInteger calls = new AtomicInteger();

    /** The call of this number, of those that a test counts, fails; none where it is 0. */
    private volatile int failing;

    private void called() {
        if (failing != 0 && calls.incrementAndGet() == failing) {
            throw new Trouble();
        }
    }

    /** An address space whose method fails. */
    private AddressSpace troubled(EmbeddedAddressSpace space, String method) {
        return (AddressSpace) Proxy.newProxyInstance(
                AddressSpace.class.getClassLoader(),
                new Class<?>[] {AddressSpace.class},
                (proxy, called, arguments) -> {
                    if (called.getName().equals(method)) {
                        called();
                    }
                    try {
                        return called.invoke(space, arguments);
                    } catch (InvocationTargetException e) {
                        throw Objects.requireNonNull(e.getCause());
                    }
                });
    }

    private static void holds(Process process, Plan plan) {
        for (Plan.Page page : plan.pages().subList(1, plan.pages().size())) {
            assertThat(process.read(page.offset())).isEqualTo(page.content());
        }
    }

    /** Builds a second enclave, for which pages of the first must go, and meets trouble; then all goes well. */
    private void play(Machine machine, Process first) {
        try (Process second = machine.process(InterfaceKind.MAINLINE)) {
            failing = 5;
            assertThatThrownBy(() -> second.build(SECOND)).isInstanceOf(Trouble.class);
            failing = 0;
        }
        try (Process second = machine.process(InterfaceKind.MAINLINE).launch(SECOND)) {
            holds(first, FIRST);
            holds(second, SECOND);
        }
    }

    private static void leavesNothing(Machine machine, Process process) {
        process.close();
        assertThat(machine.driver.freePages()).isEqualTo(EPC);
    }

    @ParameterizedTest
    @ValueSource(strings = {"testAndClearAccessed", "zap"})
    void anAddressSpaceThatFailsKeepsNoPage(String method) {
        try (Machine machine = new Machine(EPC)) {
            Process first = machine.process(InterfaceKind.MAINLINE).launch(FIRST);
            EmbeddedAddressSpace other = new EmbeddedAddressSpace();
            long mapped = first.file.mmap(
                    troubled(other, method),
                    first.base,
                    FIRST.size(),
                    0,
                    DeviceFile.MAP_SHARED | DeviceFile.MAP_FIXED,
                    0);
            assertThat(mapped).isEqualTo(first.base);

            play(machine, first);

            other.unmap(first.base, FIRST.size());
            leavesNothing(machine, first);
        }
    }

    @Test
    void aListenerThatFailsKeepsNoPage() {
        PagingListener listener = (enclave, address, reclaimed) -> called();
        try (Machine machine = new Machine(EPC, CpuFeatures.SGX2, options -> options.withPaging(listener))) {
            Process first = machine.process(InterfaceKind.MAINLINE).launch(FIRST);

            play(machine, first);

            leavesNothing(machine, first);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"eblock", "ewb"})
    void aLeafThatFailsKeepsNoPage(String leaf) {
        FaultyMemory memory = new FaultyMemory();
        memory.hole(address -> {
            if (failing != 0 && isIn(leaf)) {
                called();
            }
            return false;
        });
        try (Machine machine = new Machine(
                EPC,
                CpuFeatures.SGX2,
                options -> options.withFirmware(processor -> {
                    processor.firmwareLePubKeyHash(Launches.msrs(Machine.LE.mrSigner()));
                    memory.install(processor);
                }))) {
            Process first = machine.process(InterfaceKind.MAINLINE).launch(FIRST);

            play(machine, first);

            leavesNothing(machine, first);
        }
    }

    private static boolean isIn(String method) {
        return StackWalker.getInstance()
                .walk(frames -> frames.anyMatch(frame -> frame.getMethodName().equals(method)));
    }
}

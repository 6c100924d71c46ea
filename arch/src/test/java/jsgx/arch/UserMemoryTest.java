package jsgx.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jsgx.arch.LinearMemory.PageFaultException;
import jsgx.arch.struct.Layouts;
import org.junit.jupiter.api.Test;

class UserMemoryTest {

    private static final long BASE = 0x7f00_0000_0000L;
    private static final int PAGE = 4096;

    private final UserMemory memory = new UserMemory();

    @Test
    void epcPagesAreFoundByAnyOfTheirAddresses() {
        memory.mapEpc(BASE, 7);
        memory.mapEpc(BASE + PAGE, 3);
        assertThat(memory.epcPage(BASE)).isEqualTo(7);
        assertThat(memory.epcPage(BASE + PAGE - 1)).isEqualTo(7);
        assertThat(memory.epcPage(BASE + PAGE)).isEqualTo(3);
        assertThat(memory.epcPage(BASE - 1)).isEqualTo(LinearMemory.UNMAPPED);
        assertThat(memory.epcPage(BASE + 2 * PAGE)).isEqualTo(LinearMemory.UNMAPPED);
        memory.mapEpc(BASE, 8);
        assertThat(memory.epcPage(BASE)).isEqualTo(8);
    }

    @Test
    void protectionIsThatOfThePageTable() {
        memory.mapEpc(BASE, 1, LinearMemory.PROT_READ | LinearMemory.PROT_EXEC);
        assertThat(memory.permits(BASE + 5, LinearMemory.PROT_READ)).isTrue();
        assertThat(memory.permits(BASE, LinearMemory.PROT_READ | LinearMemory.PROT_WRITE))
                .isFalse();
        memory.mapEpc(BASE, 1);
        assertThat(memory.permits(BASE, LinearMemory.PROT_WRITE | LinearMemory.PROT_EXEC))
                .isTrue();
    }

    @Test
    void regionsAreOrdinaryMemory() throws PageFaultException {
        MemorySegment region = MemorySegment.ofArray(new byte[3 * PAGE]);
        memory.map(BASE, region);
        assertThat(memory.epcPage(BASE + PAGE)).isEqualTo(LinearMemory.ORDINARY);
        memory.ordinary(BASE + PAGE + 8, 8, true).set(Layouts.U64, 0, 42);
        assertThat(Layouts.u64(region, PAGE + 8)).isEqualTo(42);
        assertThat(memory.ordinary(BASE, 3 * PAGE, false).byteSize()).isEqualTo(3 * PAGE);
    }

    @Test
    void anAccessThatLeavesItsRegionFaults() {
        memory.map(BASE, MemorySegment.ofArray(new byte[PAGE]));
        assertThatThrownBy(() -> memory.ordinary(BASE + PAGE - 4, 8, false))
                .isInstanceOfSatisfying(PageFaultException.class, fault -> {
                    assertThat(fault.address()).isEqualTo(BASE + PAGE - 4);
                    assertThat(fault.errorCode()).isZero();
                });
        assertThatThrownBy(() -> memory.ordinary(BASE - 1, 1, true))
                .isInstanceOfSatisfying(
                        PageFaultException.class,
                        fault -> assertThat(fault.errorCode()).isEqualTo(Fault.PF_WRITE));
    }

    @Test
    void aReadOnlyRegionIsNotWritten() throws PageFaultException {
        memory.map(BASE, MemorySegment.ofArray(new byte[PAGE]).asReadOnly());
        assertThat(memory.ordinary(BASE, 8, false).isReadOnly()).isTrue();
        assertThatThrownBy(() -> memory.ordinary(BASE, 8, true))
                .isInstanceOfSatisfying(
                        PageFaultException.class,
                        fault -> assertThat(fault.errorCode()).isEqualTo(Fault.PF_WRITE | Fault.PF_PRESENT));
    }

    @Test
    void unmappingTakesWhatIsInTheRange() {
        for (int i = 0; i < 10; i++) {
            memory.mapEpc(BASE + (long) i * PAGE, i);
        }
        memory.map(BASE + 20 * PAGE, MemorySegment.ofArray(new byte[PAGE]));
        memory.unmap(BASE + 2 * PAGE, 3 * PAGE);
        for (int i = 0; i < 10; i++) {
            boolean gone = i >= 2 && i < 5;
            assertThat(memory.epcPage(BASE + (long) i * PAGE)).isEqualTo(gone ? LinearMemory.UNMAPPED : i);
        }
        memory.unmap(BASE + 20 * PAGE, PAGE);
        assertThat(memory.epcPage(BASE + 20 * PAGE)).isEqualTo(LinearMemory.UNMAPPED);
        memory.unmap(BASE, 1L << 40);
        assertThat(memory.epcPage(BASE)).isEqualTo(LinearMemory.UNMAPPED);
        assertThat(memory.epcPage(BASE + 9 * PAGE)).isEqualTo(LinearMemory.UNMAPPED);
    }

    @Test
    void onlyWholePagesAreMapped() {
        assertThatThrownBy(() -> memory.mapEpc(BASE + 8, 1)).hasMessageContaining("0x7f0000000008");
        assertThatThrownBy(() -> memory.map(BASE + 8, MemorySegment.ofArray(new byte[8])))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void threadsMapAndLookUpAtOnce() throws ExecutionException, InterruptedException {
        try (ExecutorService executor = Executors.newFixedThreadPool(4)) {
            List<Future<?>> work = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                long base = BASE + ((long) t << 30);
                int page = t;
                work.add(executor.submit(() -> {
                    for (int i = 0; i < 5_000; i++) {
                        long at = base + (i % 16) * (long) PAGE;
                        memory.mapEpc(at, page);
                        assertThat(memory.epcPage(at)).isEqualTo(page);
                        memory.unmap(at, PAGE);
                        assertThat(memory.epcPage(at)).isEqualTo(LinearMemory.UNMAPPED);
                    }
                }));
            }
            for (Future<?> thread : work) {
                thread.get();
            }
        }
    }
}

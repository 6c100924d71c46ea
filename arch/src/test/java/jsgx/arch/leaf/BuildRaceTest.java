package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Encls;
import jsgx.arch.Fault;
import jsgx.arch.Outcome;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.TestSigner;
import jsgx.arch.crypto.Measurement;
import jsgx.arch.epc.SecsState;
import org.junit.jupiter.api.Test;

/** Two logical processors that build at once. */
class BuildRaceTest {

    private static final int ENCLAVES = 40;
    private static final int EXTENDS = 20_000;

    /** Two enclaves never meet: no conflict, no wrong code, and each is measured as if it were alone. */
    @Test
    void enclavesAreBuiltSideBySide() throws Exception {
        TestMachine machine = TestMachine.of(CpuFeatures.SGX2, 2048);
        List<Callable<List<TestEnclave>>> builders = new ArrayList<>();
        for (int seed = 0; seed < 2; seed++) {
            Random random = new Random(seed);
            builders.add(() -> build(machine.another(), random));
        }
        for (List<TestEnclave> built : run(builders)) {
            assertThat(built)
                    .hasSize(ENCLAVES)
                    .allSatisfy(enclave -> assertThat(
                                    TestSigner.bytes(enclave.secsInEpc().mrEnclave()))
                            .isEqualTo(TestSigner.sha256(enclave.log())));
        }
    }

    private static List<TestEnclave> build(TestMachine machine, Random random) {
        List<TestEnclave> built = new ArrayList<>();
        byte[] content = new byte[4096];
        for (int i = 0; i < ENCLAVES; i++) {
            TestEnclave enclave = TestEnclave.create(machine);
            int pages = 1 + random.nextInt(15);
            for (int page = 0; page < pages; page++) {
                random.nextBytes(content);
                enclave.add(4096L * page, TestEnclave.RW, content);
            }
            built.add(enclave.init());
        }
        return built;
    }

    /** One enclave on two processors: each EEXTEND is measured whole or raises #GP for the conflict, and nothing else. */
    @Test
    void oneEnclaveIsMeasuredByOneLeafAtATime() throws Exception {
        TestMachine machine = TestMachine.sgx2();
        TestEnclave enclave = TestEnclave.create(machine);
        int page = enclave.addUnmeasured(0, TestEnclave.RW, new byte[] {1});
        List<Callable<Integer>> threads = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            TestMachine other = machine.another();
            threads.add(() -> extend(other, enclave, page));
        }
        int done = run(threads).stream().mapToInt(Integer::intValue).sum();
        SecsState state = machine.cpu.secs(enclave.secsPage());
        assertThat(state).isNotNull();
        Measurement measurement = state.measurement();
        assertThat(measurement).isNotNull();

        assertThat(measurement.blocks()).isEqualTo(1 + 1 + 5L * done);
        // All chunks are alike, so that the order does not matter.
        Measurement alone = Measurement.ecreate(1, TestEnclave.SIZE, 0);
        alone.eadd(0, machine.secinfo.memory());
        for (int i = 0; i < done; i++) {
            alone.eextend(0x100, machine.cpu.epc().page(page), 0x100);
        }
        assertThat(measurement.value()).isEqualTo(alone.value());
    }

    private static int extend(TestMachine machine, TestEnclave enclave, int page) {
        int done = 0;
        for (int i = 0; i < EXTENDS; i++) {
            Outcome outcome = Encls.eextend(machine.lp, enclave.secsAt(), machine.epc(page) + 0x100);
            if (outcome.isSuccess()) {
                done++;
            } else {
                assertThat(outcome).isInstanceOfSatisfying(Outcome.Faulted.class, faulted -> {
                    assertThat(faulted.fault()).isEqualTo(Fault.gp());
                    assertThat(faulted.check()).isEqualTo(Eextend.Check.MEASUREMENT_FREE);
                });
            }
        }
        return done;
    }

    private static <T> List<T> run(List<Callable<T>> tasks) throws Exception {
        try (ExecutorService pool = Executors.newFixedThreadPool(tasks.size())) {
            List<T> results = new ArrayList<>();
            for (Future<T> future : pool.invokeAll(tasks)) {
                results.add(future.get());
            }
            return results;
        }
    }
}

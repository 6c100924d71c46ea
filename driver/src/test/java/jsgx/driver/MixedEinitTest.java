package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jsgx.arch.CpuFeatures;
import jsgx.arch.crypto.SignatureCache;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.Sigstruct;
import org.junit.jupiter.api.Test;

/**
 * A million EINITs of all three interfaces on the same logical processors, with every code that a SIGSTRUCT or a token can cause: an
 * interface that left its hash in the MSRs must not change what another returns.
 */
class MixedEinitTest {

    private static final int EINITS = 1_000_000;
    private static final int THREADS = 2;

    /** One EINIT in so many succeeds, for which an enclave must be built. */
    private static final int SUCCESS_ONE_IN = 24;

    /** One EINIT in so many has a signature that does not verify, which no cache remembers. */
    private static final int FORGED_ONE_IN = 20;

    /** SWDEFINED of an enclave that the launch enclave makes no token for. */
    private static final int NO_TOKEN = 99;

    private static final byte[] ZERO_TOKEN = new byte[304];

    /** A SIGSTRUCT and a token in the memory of a process, and what must come of them. */
    private record Trial(String name, long sigstruct, long token, SgxError code) {

        long expected(InterfaceKind kind) {
            if (code == SgxError.SUCCESS) {
                return 0;
            }
            return kind == InterfaceKind.MAINLINE ? Errno.EPERM.result() : code.code();
        }
    }

    /** One thread: a process with a file of each interface and an enclave there that is never initialised. */
    private static final class Worker {
        private final EmbeddedAddressSpace space = new EmbeddedAddressSpace();
        private final List<Process> processes = new ArrayList<>();
        private final List<List<Trial>> refused = new ArrayList<>();
        private final Machine machine;
        private final Plan plan;
        private final byte[] token;
        private final Trial good;
        private final Trial forged;

        Worker(Machine machine, int seed) {
            this.machine = machine;
            byte[] content = Arrays.copyOf(new byte[] {(byte) seed}, Plan.PAGE);
            plan = new Plan(2L * Plan.PAGE).page(0, Plan.RX, content, 0).attributes(Attributes.MODE64BIT);
            token = machine.tokens.token(plan, Machine.AUTHOR);
            good = trial("good", plan.sigstruct(Machine.AUTHOR), token, SgxError.SUCCESS);
            Sigstruct changed = plan.sigstruct(Machine.AUTHOR);
            changed.swDefined(1);
            forged = trial("changed after signing", changed, token, SgxError.INVALID_SIGNATURE);
            for (InterfaceKind kind : InterfaceKind.values()) {
                processes.add(new Process(machine, kind, space).build(plan));
                refused.add(trials(kind));
            }
        }

        private Trial trial(String name, Sigstruct sigstruct, byte[] einittoken, SgxError code) {
            return new Trial(
                    name, space.place(sigstruct.memory()), space.place(MemorySegment.ofArray(einittoken)), code);
        }

        private List<Trial> trials(InterfaceKind kind) {
            Sigstruct measurement = plan.sigstruct(Machine.AUTHOR, s -> s.enclaveHash(new byte[32]));
            Sigstruct attributes = plan.sigstruct(Machine.AUTHOR, s -> s.attributes(new Attributes(0, 3)));
            Sigstruct header = plan.sigstruct(Machine.AUTHOR);
            header.memory().set(ValueLayout.JAVA_BYTE, 0, (byte) 7);
            List<Trial> list = new ArrayList<>();
            list.add(trial("other measurement", measurement, token, SgxError.INVALID_MEASUREMENT));
            list.add(trial("other attributes", attributes, token, SgxError.INVALID_ATTRIBUTE));
            list.add(trial("wrong header", header, token, SgxError.INVALID_SIG_STRUCT));
            if (kind == InterfaceKind.V5) {
                // With the hash that mainline writes for this author, it would pass without a token.
                Sigstruct unwanted = plan.sigstruct(Machine.AUTHOR, s -> s.swDefined(NO_TOKEN));
                list.add(trial("no token from the LE", unwanted, token, SgxError.INVALID_EINITTOKEN));
            }
            if (kind == InterfaceKind.ISGX) {
                list.addAll(tokenTrials());
            }
            return list;
        }

        private List<Trial> tokenTrials() {
            Sigstruct sigstruct = plan.sigstruct(Machine.AUTHOR);
            byte[] mrSigner = Machine.AUTHOR.mrSigner();
            byte[] flipped = token.clone();
            flipped[288] ^= 1;
            Attributes debug = new Attributes(Attributes.MODE64BIT | Attributes.DEBUG, 3);
            byte[] another = machine.tokens.token(new byte[32], mrSigner, new Attributes(Attributes.MODE64BIT, 3));
            byte[] forDebug = machine.tokens.token(plan.mrEnclave(), mrSigner, debug);
            return List.of(
                    trial("token with another MAC", sigstruct, flipped, SgxError.INVALID_EINITTOKEN),
                    trial("no token", sigstruct, ZERO_TOKEN, SgxError.INVALID_EINITTOKEN),
                    trial("another's token", sigstruct, another, SgxError.INVALID_MEASUREMENT),
                    trial("token for other attributes", sigstruct, forDebug, SgxError.INVALID_ATTRIBUTE));
        }

        String run(int count, SplittableRandom random) {
            InterfaceKind[] kinds = InterfaceKind.values();
            for (int i = 0; i < count; i++) {
                InterfaceKind kind = kinds[random.nextInt(kinds.length)];
                Trial trial = choose(refused.get(kind.ordinal()), random);
                Process process = processes.get(kind.ordinal());
                long result = trial.code() == SgxError.SUCCESS
                        ? launch(kind)
                        : process.initAt(trial.sigstruct(), trial.token());
                if (result != trial.expected(kind)) {
                    return "%s, %s: %d instead of %d".formatted(kind, trial.name(), result, trial.expected(kind));
                }
            }
            return "";
        }

        private Trial choose(List<Trial> others, SplittableRandom random) {
            if (random.nextInt(SUCCESS_ONE_IN) == 0) {
                return good;
            }
            return random.nextInt(FORGED_ONE_IN) == 0 ? forged : others.get(random.nextInt(others.size()));
        }

        private long launch(InterfaceKind kind) {
            Process process = new Process(machine, kind, space);
            process.reserve(plan.size());
            long created = process.create(plan.secs(process.base));
            long added = process.add(plan.pages().getFirst());
            if (created != 0 || added != 0) {
                throw new IllegalStateException(kind + " create " + created + ", add " + added);
            }
            long result = process.initAt(good.sigstruct(), good.token());
            space.unmap(process.base, plan.size());
            process.file.close();
            return result;
        }
    }

    /** The launch enclave of this machine, which makes no token for {@link #NO_TOKEN}. */
    private static Decision decide(LaunchAuthority tokens, LaunchRequest request) {
        boolean refused = Sigstruct.of(request.sigstruct()).swDefined() == NO_TOKEN;
        return refused ? Decision.allow() : tokens.decide(request);
    }

    @Test
    void noInterfaceChangesWhatAnotherReturns() throws Exception {
        try (Machine machine = new Machine(
                256, CpuFeatures.SGX2, options -> options.withAuthority(r -> decide(options.authority(), r)))) {
            machine.cpu.signatureCache(new SignatureCache(64));
            List<Worker> workers = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                workers.add(new Worker(machine, i));
            }
            int free = machine.driver.freePages();
            try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
                List<Future<String>> results = new ArrayList<>();
                for (int i = 0; i < THREADS; i++) {
                    Worker worker = workers.get(i);
                    SplittableRandom random = new SplittableRandom(i);
                    results.add(threads.submit(() -> worker.run(EINITS / THREADS, random)));
                }
                for (Future<String> result : results) {
                    assertThat(result.get()).isEmpty();
                }
            }
            assertThat(machine.driver.freePages()).isEqualTo(free);
        }
    }
}

package jsgx.arch.leaf;

import static jsgx.arch.TestMachine.succeeds;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import jsgx.arch.Encls;
import jsgx.arch.Outcome;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.leaf.Pager.Evicted;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * EBLOCK, ETRACK, EWB and ELD against a naive model: logical processors with TLBs. A processor that is inside the enclave
 * caches what it touches, leaving flushes its TLB, and a blocked page is not cached anew. EWB may let a page go only when
 * no TLB has it, and must let it go once an ETRACK came after EBLOCK and all who were inside then have left.
 */
class TrackingTest {

    private static final int PROCESSORS = 4;
    private static final int PAGES = 6;
    private static final int STEPS = 4_000;

    /** A processor as the naive model has it. */
    private static final class Processor {
        private boolean inside;
        private long enteredAt;
        private long epoch;
        private final Set<Integer> tlb = new HashSet<>();
    }

    private final TestMachine machine = TestMachine.sgx2();
    private final TestEnclave enclave = TestEnclave.create(machine);
    private final Pager pager = new Pager(machine);
    private final Epcm epcm = machine.cpu.epcm();
    private final SecsState state = machine.cpu.requireSecs(enclave.secsPage());

    private final List<Processor> processors = new ArrayList<>();
    private final List<Integer> pages = new ArrayList<>();
    private final Map<Integer, Evicted> out = new HashMap<>();

    /** When each page was blocked, and when the first ETRACK after that came. */
    private final Map<Integer, Long> blockedAt = new HashMap<>();

    private final Map<Integer, Long> trackedAt = new HashMap<>();
    private long lastTrack = -1;
    private long now;
    private int let;
    private int refused;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void ewbLetsAPageGoExactlyWhenNoTlbCanHaveIt(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < PROCESSORS; i++) {
            processors.add(new Processor());
        }
        for (int i = 0; i < PAGES; i++) {
            pages.add(enclave.addUnmeasured(i * 0x1000L, TestEnclave.RW, new byte[0]));
        }
        for (now = 0; now < STEPS; now++) {
            Processor processor = processors.get(random.nextInt(PROCESSORS));
            int page = pages.get(random.nextInt(PAGES));
            switch (random.nextInt(8)) {
                case 0 -> enter(processor);
                case 1, 2 -> leave(processor);
                case 3 -> touch(processor, page);
                case 4 -> block(page);
                case 5 -> track(random.nextBoolean(), page);
                case 6 -> evict(page);
                default -> load(page, random.nextBoolean());
            }
            long inside = processors.stream().filter(p -> p.inside).count();
            assertThat(state.threads()).isEqualTo((int) inside);
        }
        assertThat(let).isGreaterThan(50);
        assertThat(refused).isGreaterThan(50);
    }

    private void enter(Processor processor) {
        if (!processor.inside) {
            processor.inside = true;
            processor.enteredAt = now;
            processor.epoch = state.enter();
        }
    }

    private void leave(Processor processor) {
        if (processor.inside) {
            processor.inside = false;
            processor.tlb.clear();
            state.leave(processor.epoch);
        }
    }

    private void touch(Processor processor, int page) {
        if (processor.inside && epcm.valid(page) && !epcm.has(page, Epcm.BLOCKED)) {
            processor.tlb.add(page);
        }
    }

    private void block(int page) {
        Outcome outcome = Encls.eblock(machine.lp, machine.epc(page));
        if (outcome.isSuccess()) {
            blockedAt.put(page, now);
            trackedAt.remove(page);
        } else {
            assertThat(code(outcome)).isEqualTo(out.containsKey(page) ? SgxError.PG_INVLD : SgxError.BLKSTATE);
        }
    }

    private void track(boolean byPage, int page) {
        boolean complete = processors.stream().noneMatch(p -> p.inside && p.enteredAt < lastTrack);
        Outcome outcome = byPage && !out.containsKey(page)
                ? Encls.etrackc(machine.lp, machine.epc(page))
                : Encls.etrack(machine.lp, enclave.secsAt());
        assertThat(outcome.isSuccess()).isEqualTo(complete);
        if (complete) {
            lastTrack = now;
            blockedAt.keySet().forEach(blocked -> trackedAt.putIfAbsent(blocked, now));
        } else {
            assertThat(code(outcome)).isEqualTo(SgxError.PREV_TRK_INCMPL);
        }
    }

    private void evict(int page) {
        if (out.containsKey(page)) {
            return;
        }
        Evicted evicted = Pager.outside(pager.slot(pager.va, page));
        Outcome outcome = pager.ewb(page, evicted);
        if (outcome.isSuccess()) {
            let++;
            assertThat(processors).noneMatch(p -> p.tlb.contains(page));
            assertThat(mayGo(page)).isTrue();
            out.put(page, new Evicted(evicted.page(), evicted.pcmd(), machine.pageinfo.linAddr(), evicted.slot()));
            blockedAt.remove(page);
            trackedAt.remove(page);
        } else {
            assertThat(code(outcome))
                    .isEqualTo(blockedAt.containsKey(page) ? SgxError.NOT_TRACKED : SgxError.PAGE_NOT_BLOCKED);
            assertThat(mayGo(page)).isFalse();
            refused++;
        }
    }

    private boolean mayGo(int page) {
        Long tracked = trackedAt.get(page);
        return tracked != null && processors.stream().noneMatch(p -> p.inside && p.enteredAt < tracked);
    }

    private void load(int page, boolean blocked) {
        Evicted evicted = out.remove(page);
        if (evicted != null) {
            succeeds(
                    blocked
                            ? pager.eldb(evicted, page, enclave.secsAt())
                            : pager.eldu(evicted, page, enclave.secsAt()));
            if (blocked) {
                blockedAt.put(page, now);
            }
        }
    }

    private static SgxError code(Outcome outcome) {
        return outcome instanceof Outcome.Error error ? error.code() : SgxError.SUCCESS;
    }
}

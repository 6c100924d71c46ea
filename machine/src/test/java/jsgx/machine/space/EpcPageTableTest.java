package jsgx.machine.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.PageType;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.SharedMemory;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.task.Agent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Page tables that show EPC pages in the test's own address space. */
class EpcPageTableTest {

    private static final int PAGES = 256;
    private static final int PAGE = 4096;
    private static final int R = 1;
    private static final int RW = 3;
    private static final int RX = 5;
    private static final int RWX = 7;
    private static final int REG = PageType.REG.code() << Epcm.PT_SHIFT;

    private final SharedMemory memory = new SharedMemory("test-epc", PAGES * PAGE);
    private final Epcm epcm = new Epcm(PAGES);
    private final OwnAgent agent = new OwnAgent(memory.descriptor());
    private final EpcPageTable table = new EpcPageTable(agent, epcm);
    private long base;

    EpcPageTableTest() throws LinuxException {}

    @BeforeEach
    void reserve() {
        base = Linux.call(
                SystemCall.MMAP,
                0,
                PAGES * PAGE,
                0,
                Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE,
                -1,
                0);
        assertThat(Linux.failed(base)).isFalse();
    }

    @AfterEach
    void free() {
        Linux.call(SystemCall.MUNMAP, base, PAGES * PAGE);
        memory.close();
    }

    private long at(int page) {
        return base + (long) page * PAGE;
    }

    /** An enclave's page: EPC page {@code epcPage} belongs at {@code page}. */
    private void page(int page, int epcPage, int permissions) {
        epcm.set(epcPage, REG | permissions, at(page), 0);
    }

    private String shown(int page) {
        return OwnMaps.pages(at(page), 1).getFirst();
    }

    @Test
    void showsWhatMappingAndEpcmBothAllow() {
        page(0, 7, RW);
        page(1, 8, RX);
        page(2, 9, RWX);

        table.map(at(0), 7, RWX);
        table.map(at(1), 8, RW);
        table.map(at(2), 9, R);

        assertThat(OwnMaps.pages(base, 4)).containsExactly("rw-s 7", "r--s 8", "r--s 9", "---p");
    }

    @Test
    void neighboursThatAreRefreshedTogetherEachShowTheirOwnEpcPage() {
        int[] epcPages = {7, 8, 3, 4, 200, 1};
        for (int i = 0; i < epcPages.length; i++) {
            epcm.set(epcPages[i], REG | RW | Epcm.PENDING, at(i), 0);
            table.map(at(i), epcPages[i], RW);
            page(i, epcPages[i], RW);
        }
        assertThat(shown(0)).isEqualTo("---p");

        table.refresh(at(0), at(epcPages.length), true);

        assertThat(OwnMaps.pages(base, epcPages.length))
                .containsExactly("rw-s 7", "rw-s 8", "rw-s 3", "rw-s 4", "rw-s 200", "rw-s 1");
    }

    @Test
    @SuppressWarnings("restricted")
    void showsTheEpcItself() {
        page(3, 5, RW);
        table.map(at(3), 5, RW);

        memory.memory().set(ValueLayout.JAVA_LONG, 5L * PAGE, 4711);
        MemorySegment program = MemorySegment.ofAddress(at(3)).reinterpret(PAGE);
        assertThat(program.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(4711);
        program.set(ValueLayout.JAVA_LONG, 8, 815);
        assertThat(memory.memory().get(ValueLayout.JAVA_LONG, 5L * PAGE + 8)).isEqualTo(815);
    }

    @Test
    void showsNothingThatTheEpcmForbidsAltogether() {
        for (int flag : new int[] {Epcm.PENDING, Epcm.MODIFIED, Epcm.BLOCKED}) {
            epcm.set(1, REG | RWX | flag, at(1), 0);
            table.map(at(1), 1, RWX);
            assertThat(shown(1)).isEqualTo("---p");
        }
        epcm.set(1, PageType.TCS.code() << Epcm.PT_SHIFT, at(1), 0);
        table.map(at(1), 1, RWX);
        assertThat(shown(1)).isEqualTo("---p");
        epcm.set(1, REG | RWX, at(2), 0);
        table.map(at(1), 1, RWX);
        assertThat(shown(1)).as("a page of another address").isEqualTo("---p");
        epcm.set(1, REG | RWX, at(1), 0);
        epcm.invalidate(1);
        table.map(at(1), 1, RWX);
        assertThat(shown(1)).isEqualTo("---p");
        assertThat(table.access(at(1)))
                .as("it is in the page tables all the same")
                .isEqualTo(1);
    }

    @Test
    void followsTheEpcmWhenToldSo() {
        for (int i = 0; i < 8; i++) {
            page(i, i, RW);
            table.map(at(i), i, RWX);
        }
        for (int i = 2; i < 6; i++) {
            epcm.flags(i, epcm.flags(i) & ~Epcm.W);
        }
        int before = agent.turns();
        table.refresh(base, at(8), false);

        assertThat(OwnMaps.pages(base, 8))
                .containsExactly("rw-s 0", "rw-s 1", "r--s 2", "r--s 3", "r--s 4", "r--s 5", "rw-s 6", "rw-s 7");
        assertThat(agent.turns()).as("one turn for all").isEqualTo(before + 1);
        assertThat(OwnMaps.lines(base, at(8))).as("neighbours are one mapping").hasSize(3);
    }

    @Test
    void aPageThatIsAcceptedIsShownWhenItIsTouched() {
        epcm.set(1, REG | RW | Epcm.PENDING, at(1), 0);
        table.map(at(1), 1, RW);
        assertThat(shown(1)).isEqualTo("---p");

        epcm.update(1, Epcm.PENDING, 0);
        table.refresh(at(1), at(2), false);
        assertThat(shown(1)).as("nobody touched it").isEqualTo("---p");
        assertThat(table.show(at(1))).isTrue();
        assertThat(shown(1)).isEqualTo("rw-s 1");
    }

    @Test
    void aZappedPageIsGone() {
        page(0, 3, RW);
        page(1, 4, RW);
        table.map(at(0), 3, RW);
        table.map(at(1), 4, RW);
        table.zap(at(0), at(1));

        assertThat(OwnMaps.pages(base, 2)).containsExactly("---p", "rw-s 4");
        assertThat(table.access(at(0))).isNegative();
        assertThat(table.show(at(0))).isFalse();
        assertThat(table.access(at(1))).isEqualTo(4);
    }

    @Test
    void anotherEpcPageAtTheSameAddressReplacesTheFirst() {
        page(0, 3, RW);
        table.map(at(0), 3, RW);
        epcm.set(9, REG | RW | Epcm.PENDING, at(0), 0);
        table.map(at(0), 9, RW);
        assertThat(shown(0)).as("the old page must not stay").isEqualTo("---p");
        epcm.update(9, Epcm.PENDING, 0);
        table.refresh(at(0), at(1), true);
        assertThat(shown(0)).isEqualTo("rw-s 9");
    }

    @Test
    void aPageIsYoungOnceAfterEachTouch() {
        page(0, 3, RW);
        table.map(at(0), 3, RW);

        assertThat(table.testAndClearAccessed(at(0)))
                .as("it was mapped to be touched")
                .isTrue();
        assertThat(table.testAndClearAccessed(at(0))).isFalse();
        assertThat(shown(0)).as("so that the next touch is noticed").isEqualTo("---p");
        assertThat(table.testAndClearAccessed(at(0))).isFalse();

        assertThat(table.show(at(0))).as("the program touches it").isTrue();
        assertThat(shown(0)).isEqualTo("rw-s 3");
        assertThat(table.testAndClearAccessed(at(0))).isTrue();

        table.access(at(0));
        assertThat(table.testAndClearAccessed(at(0))).as("a leaf touched it").isTrue();
        assertThat(table.testAndClearAccessed(at(9))).as("no such page").isFalse();
    }

    @Test
    void agedPagesAreHiddenTogether() {
        for (int i = 0; i < 64; i++) {
            page(i, i, RW);
            table.map(at(i), i, RW);
        }
        int before = agent.turns();
        for (int i = 63; i >= 0; i--) {
            assertThat(table.testAndClearAccessed(at(i))).isTrue();
        }
        assertThat(agent.turns()).isEqualTo(before + 1);
        assertThat(OwnMaps.lines(base, at(PAGES))).hasSize(1);
    }

    @Test
    void aPageThatWasTouchedWhileItAgedStaysShown() {
        page(0, 3, RW);
        table.map(at(0), 3, RW);
        table.testAndClearAccessed(at(0));
        table.show(at(0));
        for (int i = 1; i < 64; i++) {
            page(i, 100 + i, RW);
            table.map(at(i), 100 + i, RW);
            table.testAndClearAccessed(at(i));
        }
        assertThat(OwnMaps.pages(base, 2)).containsExactly("rw-s 3", "---p");
        assertThat(table.testAndClearAccessed(at(0))).isTrue();
    }

    @Test
    void nothingComesBackIntoAClosedRange() {
        page(1, 3, RW);
        table.map(at(1), 3, RW);
        table.close(at(0), at(2));
        table.map(at(1), 3, RW);
        assertThat(shown(1)).isEqualTo("---p");
        assertThat(table.access(at(1))).isNegative();
        table.open();
        table.map(at(1), 3, RW);
        assertThat(shown(1)).isEqualTo("rw-s 3");
    }

    /** A kernel with room for so many mappings of the EPC. */
    private void room(int mappings) {
        agent.instead(call -> {
            boolean shows = call.number() == SystemCall.MMAP && call.arguments()[2] != 0;
            boolean full = OwnMaps.lines(base, at(PAGES)).size() > mappings;
            return shows && full ? (long) -Errors.ENOMEM : 0L;
        });
    }

    @Test
    void whereTheKernelHasNoRoomForMappingsPagesTakeTurns() {
        room(40);
        Random random = new Random(4);
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < PAGES; i += 2) {
            places.add(i);
        }
        Collections.shuffle(places, random);
        for (int i = 0; i < places.size(); i++) {
            page(places.get(i), i, RW);
            table.map(at(places.get(i)), i, RW);
            assertThat(shown(places.get(i))).isEqualTo("rw-s " + i);
        }
        assertThat(OwnMaps.lines(base, at(PAGES)).size()).isLessThan(45);
        for (int i = 0; i < places.size(); i++) {
            assertThat(table.show(at(places.get(i)))).isTrue();
            assertThat(shown(places.get(i))).isEqualTo("rw-s " + i);
        }
    }

    @Test
    void pagesLeaveRoomForTheProgramsOwnMappings() {
        EpcPageTable small = new EpcPageTable(agent, epcm, false, 40);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < PAGES; i += 2) {
                page(i, PAGES - 1 - i / 2, RW);
                small.map(at(i), PAGES - 1 - i / 2, RW);
                assertThat(shown(i)).isEqualTo("rw-s " + (PAGES - 1 - i / 2));
                assertThat(OwnMaps.lines(base, at(PAGES)).size()).isLessThan(46);
            }
        }
    }

    @Test
    void neighboursTakeNoRoom() {
        EpcPageTable small = new EpcPageTable(agent, epcm, false, 4);
        for (int i = 0; i < PAGES; i++) {
            page(i, i, RW);
            small.map(at(i), i, RW);
        }
        assertThat(OwnMaps.lines(base, at(PAGES))).hasSize(1);
    }

    @Test
    void whatCannotBeShownIsAnError() {
        agent.instead(call -> (long) -Errors.EPERM);
        page(0, 0, RW);
        assertThatThrownBy(() -> table.map(at(0), 0, RW))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Operation not permitted");
    }

    @Test
    void anAddressSpaceThatIsGoneHurtsNobody() {
        agent.instead(call -> (long) -Errors.ESRCH);
        page(0, 0, RW);
        table.map(at(0), 0, RW);
        table.zap(at(0), at(1));
        assertThat(table.access(at(0))).isNegative();
    }

    @Test
    void anySequenceLeavesWhatTheModelSays() {
        Random random = new Random(11);
        int[] epcPage = new int[PAGES];
        int[] protection = new int[PAGES];
        Set<Integer> free = new HashSet<>();
        for (int i = 0; i < PAGES; i++) {
            epcPage[i] = -1;
            free.add(i);
        }
        for (int step = 0; step < 3000; step++) {
            int page = random.nextInt(PAGES);
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    if (epcPage[page] < 0 && !free.isEmpty()) {
                        int taken = free.iterator().next();
                        free.remove(taken);
                        page(page, taken, R | random.nextInt(8));
                        epcPage[page] = taken;
                    }
                    if (epcPage[page] >= 0) {
                        protection[page] = random.nextInt(8);
                        table.map(at(page), epcPage[page], protection[page]);
                    }
                }
                case 2 -> {
                    int end = Math.min(PAGES, page + random.nextInt(8));
                    table.zap(at(page), at(end));
                    for (int i = page; i < end; i++) {
                        if (epcPage[i] >= 0) {
                            free.add(epcPage[i]);
                            epcPage[i] = -1;
                        }
                    }
                }
                case 3 -> table.testAndClearAccessed(at(page));
                case 4 -> {
                    if (epcPage[page] >= 0) {
                        epcm.flags(epcPage[page], Epcm.VALID | REG | random.nextInt(16));
                        table.refresh(at(page), at(page + 1), random.nextBoolean());
                    }
                }
                default -> assertThat(table.show(at(page))).isEqualTo(epcPage[page] >= 0);
            }
        }
        List<String> real = OwnMaps.pages(base, PAGES);
        for (int i = 0; i < PAGES; i++) {
            assertThat(table.access(at(i))).isEqualTo(epcPage[i]);
            if (!real.get(i).equals("---p")) {
                assertThat(real.get(i)).isEqualTo(expected(epcPage[i], protection[i]));
            }
        }
        table.refresh(base, at(PAGES), true);
        real = OwnMaps.pages(base, PAGES);
        for (int i = 0; i < PAGES; i++) {
            assertThat(real.get(i)).as("page %d", i).isEqualTo(expected(epcPage[i], protection[i]));
        }
    }

    private String expected(int epcPage, int protection) {
        int flags = epcPage < 0 ? 0 : epcm.flags(epcPage);
        int allowed = (flags & Epcm.PENDING) != 0 ? 0 : flags & protection & RWX;
        return allowed == 0
                ? "---p"
                : ((allowed & 1) != 0 ? "r" : "-")
                        + ((allowed & 2) != 0 ? "w" : "-")
                        + ((allowed & 4) != 0 ? "x" : "-")
                        + "s "
                        + epcPage;
    }

    @Test
    void callsAreFew() {
        List<Agent.Call> calls = new ArrayList<>();
        agent.instead(call -> {
            calls.add(call);
            return 0L;
        });
        for (int i = 0; i < PAGES; i++) {
            page(i, i, RW);
            epcm.update(i, 0, Epcm.PENDING);
            table.map(at(i), i, RW);
            epcm.update(i, Epcm.PENDING, 0);
        }
        assertThat(calls).isEmpty();
        table.refresh(base, at(PAGES), true);
        table.zap(base, at(PAGES));
        assertThat(calls).hasSize(2);
    }
}

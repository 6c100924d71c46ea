package jsgx.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import jsgx.arch.epc.Epc;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class SharedEpcTest {

    private static final int PAGES = 64;
    private static final long SIZE = (long) PAGES * Epc.PAGE_SIZE;

    private final Arena arena = Arena.ofShared();

    @AfterEach
    void unmap() {
        arena.close();
    }

    /** As a front end has it: a mapping of the whole file. */
    @SuppressWarnings("restricted")
    private MemorySegment mapped(SharedEpc.Part part) throws Exception {
        long address = Linux.check(
                "mmap",
                Linux.call(
                        SystemCall.MMAP,
                        0,
                        SIZE,
                        Linux.PROT_READ | Linux.PROT_WRITE,
                        Linux.MAP_SHARED,
                        part.descriptor(),
                        0));
        return MemorySegment.ofAddress(address)
                .reinterpret(
                        SIZE, arena, segment -> Linux.call(SystemCall.MUNMAP, segment.address(), segment.byteSize()));
    }

    private static byte at(MemorySegment seen, int page) {
        return seen.get(ValueLayout.JAVA_BYTE, (long) page * Epc.PAGE_SIZE + 17);
    }

    private static void fill(SharedEpc epc, int page, int value) {
        epc.epc().page(page).fill((byte) value);
    }

    @Test
    void aSessionSeesItsOwnPagesAndNoOthers() throws Exception {
        try (SharedEpc epc = SharedEpc.allocate(List.of(SIZE));
                SharedEpc.Part a = epc.part(1);
                SharedEpc.Part b = epc.part(2)) {
            MemorySegment seenByA = mapped(a);
            MemorySegment seenByB = mapped(b);
            MemorySegment page3 = epc.epc().page(3);
            fill(epc, 3, 0x33);
            fill(epc, 4, 0x44);
            fill(epc, 5, 0x55);

            assertThat(a.show(3)).isTrue();
            assertThat(b.show(4)).isTrue();

            assertThat(at(seenByA, 3)).isEqualTo((byte) 0x33);
            assertThat(at(seenByA, 4)).isZero();
            assertThat(at(seenByA, 5)).as("of nobody who was shown it").isZero();
            assertThat(at(seenByB, 3)).isZero();
            assertThat(at(seenByB, 4)).isEqualTo((byte) 0x44);
            assertThat(at(seenByB, 5)).isZero();

            // From now on it is one memory, also by way of a segment that is older.
            page3.set(ValueLayout.JAVA_BYTE, 17, (byte) 0x3f);
            assertThat(at(seenByA, 3)).isEqualTo((byte) 0x3f);
            seenByA.set(ValueLayout.JAVA_BYTE, 3L * Epc.PAGE_SIZE + 17, (byte) 0x3e);
            assertThat(page3.get(ValueLayout.JAVA_BYTE, 17)).isEqualTo((byte) 0x3e);
        }
    }

    /** The reclaimer may be the last that holds an enclave, when its session has ended. */
    @Test
    void aPageThatIsFreedAfterItsSessionComesBack() throws Exception {
        try (SharedEpc epc = SharedEpc.allocate(List.of(SIZE));
                SharedEpc.Part next = epc.part(3)) {
            SharedEpc.Part ended = epc.part(3);
            MemorySegment seen = mapped(ended);
            fill(epc, 7, 0x77);
            assertThat(ended.show(7)).isTrue();

            ended.close();
            assertThat(ended.show(8)).as("of a session that ended").isFalse();
            // Whatever is opened next gets the lowest number that is free.
            try (SharedEpc.Part other = epc.part(3)) {
                MemorySegment others = mapped(other);
                fill(epc, 7, 0x77);
                others.set(ValueLayout.JAVA_BYTE, 7L * Epc.PAGE_SIZE + 17, (byte) 0x11);

                epc.freed(7);

                assertThat(at(others, 7)).as("another session's memory").isEqualTo((byte) 0x11);
            }
            assertThat(at(seen, 7)).as("of the session that ended").isZero();
            assertThat(epc.epc().page(7).get(ValueLayout.JAVA_BYTE, 17)).isZero();
            assertThat(next.show(7)).isTrue();
        }
    }

    @Test
    void aPageThatGoesToAnotherSessionTakesNothingAlong() throws Exception {
        try (SharedEpc epc = SharedEpc.allocate(List.of(SIZE));
                SharedEpc.Part a = epc.part(1);
                SharedEpc.Part b = epc.part(2)) {
            MemorySegment seenByA = mapped(a);
            MemorySegment seenByB = mapped(b);
            fill(epc, 7, 0x77);
            a.show(7);

            epc.freed(7);
            assertThat(at(seenByA, 7)).as("after it was freed").isZero();
            assertThat(epc.epc().page(7).get(ValueLayout.JAVA_BYTE, 17)).isZero();

            fill(epc, 7, 0x78);
            b.show(7);
            seenByA.set(ValueLayout.JAVA_BYTE, 7L * Epc.PAGE_SIZE + 17, (byte) 0x79);
            assertThat(at(seenByB, 7)).as("whatever the old mapping writes").isEqualTo((byte) 0x78);
            assertThat(epc.epc().page(7).get(ValueLayout.JAVA_BYTE, 17)).isEqualTo((byte) 0x78);

            // What the old owner left in its own file does not come back to it as the content of a page.
            epc.freed(7);
            fill(epc, 7, 0x7a);
            a.show(7);
            assertThat(at(seenByA, 7)).isEqualTo((byte) 0x7a);
            assertThat(at(seenByB, 7)).isZero();
        }
    }

    @Test
    void aSessionCannotChangeTheSizeOfItsFile() throws Exception {
        try (SharedEpc epc = SharedEpc.allocate(List.of(SIZE));
                SharedEpc.Part a = epc.part(1)) {
            assertThat(Linux.call(SystemCall.FTRUNCATE, a.descriptor(), 0)).isEqualTo(-Errors.EPERM);
            assertThat(Linux.call(SystemCall.FTRUNCATE, a.descriptor(), SIZE * 2))
                    .isEqualTo(-Errors.EPERM);
        }
    }

    @Test
    void aPageOfOneSessionIsNotShownToAnother() throws Exception {
        try (SharedEpc epc = SharedEpc.allocate(List.of(SIZE));
                SharedEpc.Part a = epc.part(1);
                SharedEpc.Part b = epc.part(2)) {
            a.show(1);
            assertThatThrownBy(() -> b.show(1)).isInstanceOf(IllegalStateException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 20, 1000})
    void pagesCanAlwaysBeHiddenAgain(int mostAreas) throws Exception {
        Random random = new Random(mostAreas);
        try (SharedEpc epc = SharedEpc.allocate(List.of(SIZE / 2, SIZE / 2), mostAreas);
                SharedEpc.Part a = epc.part(1);
                SharedEpc.Part b = epc.part(2)) {
            List<MemorySegment> seen = List.of(mapped(a), mapped(b));
            int[] owner = new int[PAGES];
            for (int step = 0; step < 3000; step++) {
                int page = random.nextInt(PAGES);
                if (owner[page] != 0) {
                    epc.freed(page);
                    owner[page] = 0;
                } else {
                    int to = random.nextInt(2);
                    fill(epc, page, to + 1);
                    if ((to == 0 ? a : b).show(page)) {
                        owner[page] = to + 1;
                    } else {
                        assertThat(epc.epc().page(page).get(ValueLayout.JAVA_BYTE, 17))
                                .as("as before")
                                .isEqualTo((byte) (to + 1));
                        fill(epc, page, 0);
                    }
                }
                assertThat(borders(owner)).isLessThanOrEqualTo(mostAreas);
            }
            for (int page = 0; page < PAGES; page++) {
                for (int s = 0; s < 2; s++) {
                    assertThat(at(seen.get(s), page)).isEqualTo((byte) (owner[page] == s + 1 ? s + 1 : 0));
                }
            }
        }
    }

    @Test
    void oneUserLeavesAreasToOthersHoweverManySessionsThatUserHas() throws Exception {
        try (SharedEpc epc = SharedEpc.allocate(List.of(SIZE), 24);
                SharedEpc.Part first = epc.part(1);
                SharedEpc.Part second = epc.part(1);
                SharedEpc.Part other = epc.part(2)) {
            int pages = 0;
            // No two pages side by side in one file: as many areas as can be.
            while (pages < PAGES && (pages % 2 == 0 ? first : second).show(pages)) {
                pages++;
            }
            assertThat(pages).isBetween(4, 12);
            assertThat(first.show(PAGES - 1)).isFalse();
            assertThat(second.show(PAGES - 1)).isFalse();
            assertThat(other.show(PAGES - 1)).as("of another user").isTrue();

            epc.freed(0);
            epc.freed(1);
            epc.freed(2);
            assertThat(second.show(PAGES - 3)).isTrue();
        }
    }

    private static int borders(int[] owner) {
        List<Integer> borders = new ArrayList<>();
        for (int page = 1; page < owner.length; page++) {
            if (owner[page] != owner[page - 1]) {
                borders.add(page);
            }
        }
        return borders.size();
    }
}

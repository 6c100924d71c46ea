package jsgx.machine.space;

import static jsgx.machine.space.SpaceFixture.PAGE;
import static jsgx.machine.space.SpaceFixture.memory;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import jsgx.driver.DeviceFile;
import jsgx.driver.DeviceMapping;
import jsgx.machine.MachineException;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random mmap, munmap and mprotect of devices and of other memory, against a model that has one cell for each page. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MappingModelTest {

    private static final int PAGES = 48;
    private static final int STEPS = 400;

    /** What a page of the model is: nothing, ordinary memory, or which page of the device. */
    private record Cell(boolean mapped, boolean device, int protection, long offset) {
        static final Cell NONE = new Cell(false, false, 0, 0);
    }

    private final Cell[] model = new Cell[PAGES];

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void theAddressSpaceIsWhatTheModelIs(long seed) throws MachineException {
        Random random = new Random(seed);
        try (SpaceFixture fixture = new SpaceFixture(32)) {
            ProgramSpace space = fixture.space;
            DeviceFile file = fixture.open();
            long base = memory(PAGES, 0).address();
            Arrays.fill(model, new Cell(true, false, 3, 0));
            for (int step = 0; step < STEPS; step++) {
                int from = random.nextInt(PAGES);
                int to = from + 1 + random.nextInt(Math.min(12, PAGES - from));
                step(space, file, base, from, to, random);
                if (step % 20 == 0) {
                    compare(space, base);
                }
            }
            compare(space, base);
            assertThat(space.management().munmap(base, base + PAGES * PAGE)).isZero();
            file.close();
        }
    }

    private void step(ProgramSpace space, DeviceFile file, long base, int from, int to, Random random) {
        long start = base + from * PAGE;
        long end = base + to * PAGE;
        int protection = random.nextInt(4);
        switch (random.nextInt(5)) {
            case 0 -> {
                assertThat(space.management().munmap(start, end)).isZero();
                Arrays.fill(model, from, to, Cell.NONE);
            }
            case 1 -> {
                long offset = random.nextInt(100) * PAGE;
                int flags = Linux.MAP_SHARED | Linux.MAP_FIXED;
                assertThat(space.management().mmap(file, start, end - start, protection, flags, offset))
                        .isEqualTo(start);
                for (int i = from; i < to; i++) {
                    model[i] = new Cell(true, true, protection, offset + (i - from) * PAGE);
                }
            }
            case 2 -> {
                long result = space.management()
                        .replace(
                                start,
                                end,
                                () -> Linux.call(
                                        SystemCall.MMAP,
                                        start,
                                        end - start,
                                        protection,
                                        Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_FIXED,
                                        -1,
                                        0));
                assertThat(result).isEqualTo(start);
                Arrays.fill(model, from, to, new Cell(true, false, protection, 0));
            }
            default -> {
                long result = space.management()
                        .mprotect(
                                start,
                                end,
                                protection,
                                (a, b) -> Linux.call(SystemCall.MPROTECT, a, b - a, protection));
                long expected = 0;
                for (int i = from; i < to && expected == 0; i++) {
                    if (model[i].mapped()) {
                        model[i] = new Cell(true, model[i].device(), protection, model[i].offset());
                    } else {
                        expected = -Errors.ENOMEM;
                    }
                }
                assertThat(result).isEqualTo(expected);
            }
        }
    }

    private void compare(ProgramSpace space, long base) {
        List<String> real = OwnMaps.pages(base, PAGES);
        for (int i = 0; i < PAGES; i++) {
            long address = base + i * PAGE;
            Cell cell = model[i];
            DeviceMapping mapping = space.mappings().at(address).orElse(null);
            if (cell.device()) {
                assertThat(mapping).as("page %d", i).isNotNull();
                assertThat(mapping.protection()).isEqualTo(cell.protection());
                assertThat(mapping.offset() + address - mapping.start()).isEqualTo(cell.offset());
                assertThat(real.get(i)).as("a reservation").isEqualTo("---p");
            } else {
                assertThat(mapping).as("page %d", i).isNull();
                assertThat(real.get(i)).as("page %d", i).isEqualTo(cell.mapped() ? bits(cell.protection()) : "-");
            }
        }
    }

    private static String bits(int protection) {
        return ((protection & 1) != 0 ? "r" : "-") + ((protection & 2) != 0 ? "w" : "-") + "-p";
    }
}

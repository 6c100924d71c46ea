package jsgx.machine.space;

import static jsgx.machine.space.SpaceFixture.PAGE;
import static jsgx.machine.space.SpaceFixture.R;
import static jsgx.machine.space.SpaceFixture.RW;
import static jsgx.machine.space.SpaceFixture.RX;
import static jsgx.machine.space.SpaceFixture.at;
import static jsgx.machine.space.SpaceFixture.memory;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import jsgx.arch.LinearMemory;
import jsgx.driver.AddressSpace.Source;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.DeviceFile;
import jsgx.driver.DeviceMapping;
import jsgx.driver.FaultResult;
import jsgx.machine.MachineException;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An address space of the program, which is the test's own. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProgramSpaceTest {

    private final SpaceFixture fixture = new SpaceFixture(96);
    private final ProgramSpace space = fixture.space;

    ProgramSpaceTest() throws MachineException {}

    @AfterEach
    void close() {
        fixture.close();
    }

    private static List<String> shown(long start, int pages) {
        return OwnMaps.pages(start, pages);
    }

    @Test
    void anEnclaveIsShownPageByPageAsItIsTouched() {
        DeviceFile file = fixture.open();
        long base = fixture.create(file, 4);
        assertThat(fixture.add(file, 0, memory(2, 0x5a), RW)).isZero();
        assertThat(space.management().mmap(file, base, 2 * PAGE, RW, Linux.MAP_SHARED | Linux.MAP_FIXED, 0))
                .isEqualTo(base);
        assertThat(shown(base, 4)).containsOnly("---p");

        assertThat(space.epcPage(base + PAGE)).isEqualTo(LinearMemory.UNMAPPED);
        assertThat(space.fault(base + PAGE + 8, true)).contains(FaultResult.NOPAGE);
        assertThat(shown(base, 4).get(0)).isEqualTo("---p");
        assertThat(shown(base, 4).get(1)).startsWith("rw-s");
        assertThat(at(base + PAGE).get(ValueLayout.JAVA_BYTE, 77)).isEqualTo((byte) 0x5a);
        int page = space.epcPage(base + PAGE);
        assertThat(fixture.cpu.epcm().enclaveAddress(page)).isEqualTo(base + PAGE);
        assertThat(space.realProtection(base + PAGE)).isEqualTo(RW);

        assertThat(space.fault(base + 2 * PAGE, true)).as("no such page").contains(FaultResult.SIGBUS);
        assertThat(space.fault(memory(1, 0).address(), true)).isEmpty();
        file.close();
    }

    @Test
    void whatTheMappingPermitsIsOneThingWhatTheEpcmDoesAnother() {
        DeviceFile file = fixture.open();
        long base = fixture.create(file, 2);
        assertThat(fixture.add(file, 0, memory(1, 1), RX)).isZero();
        assertThat(space.management().mmap(file, base, PAGE, RX, Linux.MAP_SHARED | Linux.MAP_FIXED, 0))
                .isEqualTo(base);
        assertThat(space.permits(base, LinearMemory.PROT_EXEC | LinearMemory.PROT_READ))
                .isTrue();
        assertThat(space.permits(base, LinearMemory.PROT_WRITE)).isFalse();
        assertThat(space.permits(base + PAGE, LinearMemory.PROT_READ))
                .as("PROT_NONE")
                .isFalse();
        assertThat(space.management().mmap(file, base, PAGE, RW, Linux.MAP_SHARED | Linux.MAP_FIXED, 0))
                .as("more than the page was added with")
                .isEqualTo(-Errors.EACCES);
        file.close();
    }

    @Test
    void anUnmappedRangeIsFreeAgainAndKeepsItsNeighbours() {
        DeviceFile file = fixture.open();
        long base = fixture.create(file, 8);
        assertThat(fixture.add(file, 0, memory(8, 3), RW)).isZero();
        assertThat(space.management().mmap(file, base, 8 * PAGE, RW, Linux.MAP_SHARED | Linux.MAP_FIXED, 0))
                .isEqualTo(base);
        for (int i = 0; i < 8; i++) {
            assertThat(space.fault(base + i * PAGE, false)).contains(FaultResult.NOPAGE);
        }
        assertThat(space.management().munmap(base + 2 * PAGE, base + 5 * PAGE)).isZero();

        assertThat(shown(base, 8).subList(2, 5)).containsOnly("-");
        assertThat(shown(base, 8).get(1)).startsWith("rw-s");
        assertThat(space.mappings().all().stream().map(DeviceMapping::start)).contains(base, base + 5 * PAGE);
        assertThat(space.mappings().at(base + 3 * PAGE)).isEmpty();
        assertThat(space.mappings().at(base + 5 * PAGE).orElseThrow().offset()).isEqualTo(5 * PAGE);
        assertThat(space.epcPage(base + 3 * PAGE)).isEqualTo(LinearMemory.ORDINARY);
        file.close();
    }

    @Test
    void mprotectGoesPieceByPieceUpToTheFirstRefusal() {
        DeviceFile file = fixture.open();
        long base = fixture.create(file, 4);
        assertThat(fixture.add(file, 0, memory(1, 1), RW)).isZero();
        assertThat(fixture.add(file, PAGE, memory(1, 1), R)).isZero();
        assertThat(space.management().mmap(file, base, 2 * PAGE, R, Linux.MAP_SHARED | Linux.MAP_FIXED, 0))
                .isEqualTo(base);
        assertThat(space.management().munmap(base + 2 * PAGE, base + 4 * PAGE)).isZero();
        assertThat(space.fault(base, false)).contains(FaultResult.NOPAGE);

        assertThat(space.management().mprotect(base, base + PAGE, RW, (from, to) -> -1))
                .isZero();
        assertThat(space.mappings().at(base).orElseThrow().protection()).isEqualTo(RW);
        assertThat(space.fault(base, true)).contains(FaultResult.NOPAGE);
        assertThat(shown(base, 1).getFirst()).startsWith("rw-s");

        assertThat(space.management().mprotect(base + PAGE, base + 2 * PAGE, RW, (from, to) -> -1))
                .isEqualTo(-Errors.EACCES);
        assertThat(space.management().mprotect(base, base + 3 * PAGE, 0, (from, to) -> {
                    assertThat(from).isEqualTo(base + 2 * PAGE);
                    assertThat(to).isEqualTo(base + 3 * PAGE);
                    return -Errors.ENOMEM;
                }))
                .isEqualTo(-Errors.ENOMEM);
        assertThat(space.mappings().at(base).orElseThrow().protection())
                .as("changed before")
                .isZero();
        assertThat(shown(base, 1)).containsOnly("---p");
        file.close();
    }

    @Test
    void aFixedMappingReplacesAndNoreplaceDoesNot() {
        DeviceFile file = fixture.open();
        MemorySegment ordinary = memory(4, 9);
        long start = ordinary.address();
        int noreplace = Linux.MAP_SHARED | Linux.MAP_FIXED_NOREPLACE;
        assertThat(space.management().mmap(file, start, PAGE, 0, noreplace, 0)).isEqualTo(-Errors.EEXIST);
        assertThat(space.management().mmap(file, start, 2 * PAGE, 0, Linux.MAP_SHARED | Linux.MAP_FIXED, 0))
                .isEqualTo(start);
        assertThat(shown(start, 4)).containsExactly("---p", "---p", "rw-p", "rw-p");
        assertThat(space.management().mmap(file, start + 1, PAGE, 0, Linux.MAP_SHARED | Linux.MAP_FIXED, 0))
                .isEqualTo(-Errors.EINVAL);
        assertThat(space.management().munmap(start, start + 4 * PAGE)).isZero();
        assertThat(space.management().mmap(file, start, PAGE, 0, noreplace, 0)).isEqualTo(start);
        assertThat(space.management()
                        .mmap(file, start + PAGE, PAGE, 0, Linux.MAP_PRIVATE | Linux.MAP_FIXED_NOREPLACE, 0))
                .isEqualTo(-Errors.EINVAL);
        assertThat(shown(start, 2)).as("what failed left nothing").containsExactly("---p", "-");
        file.close();
    }

    @Test
    void aPageThatIsTouchedWhileItsMappingIsReplacedIsShownAfterThat() {
        DeviceFile file = fixture.open();
        long base = fixture.create(file, 2);
        assertThat(fixture.add(file, 0, memory(1, 0x5a), RW)).isZero();
        fixture.agent.instead(call -> {
            if (call.number() == SystemCall.MMAP && call.arguments()[0] == base) {
                // Another thread of the program faults just before the kernel puts the reservation there.
                fixture.agent.instead(none -> 0L);
                assertThat(space.fault(base, true)).contains(FaultResult.NOPAGE);
            }
            return 0L;
        });
        assertThat(space.management().mmap(file, base, PAGE, RW, Linux.MAP_SHARED | Linux.MAP_FIXED, 0))
                .isEqualTo(base);

        assertThat(shown(base, 1)).containsOnly("---p");
        assertThat(space.realProtection(base))
                .as("what the page table takes for shown")
                .isZero();
        assertThat(space.fault(base, true)).contains(FaultResult.NOPAGE);
        assertThat(shown(base, 1).getFirst()).startsWith("rw-s");
        assertThat(at(base).get(ValueLayout.JAVA_BYTE, 77)).isEqualTo((byte) 0x5a);
        file.close();
    }

    @Test
    void ordinaryMemoryInPlaceOfAnEnclaveIsTheProgramsOwn() {
        DeviceFile file = fixture.open();
        long base = fixture.create(file, 2);
        assertThat(fixture.add(file, 0, memory(1, 1), RW)).isZero();
        assertThat(space.management().mprotect(base, base + PAGE, RW, (from, to) -> -1))
                .isZero();
        assertThat(space.fault(base, true)).contains(FaultResult.NOPAGE);
        long result = space.management()
                .replace(
                        base,
                        base + PAGE,
                        () -> Linux.call(
                                SystemCall.MMAP,
                                base,
                                PAGE,
                                RW,
                                Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_FIXED,
                                -1,
                                0));
        assertThat(result).isEqualTo(base);
        assertThat(shown(base, 1)).containsExactly("rw-p");
        assertThat(space.mappings().at(base)).isEmpty();
        assertThat(space.mappings().at(base + PAGE)).isPresent();

        assertThat(space.management().replace(base + PAGE, base + 2 * PAGE, () -> -Errors.EBADF))
                .isEqualTo(-Errors.EBADF);
        assertThat(space.mappings().at(base + PAGE))
                .as("what failed unmaps nothing")
                .isPresent();
        file.close();
    }

    @Test
    void aMappingOfTheOlderDriversIsAlignedToItsSizeAndNothingElseStays() throws DeviceAbsentException {
        DeviceFile file = fixture.driver.isgx().open(SpaceFixture.WORKLOAD);
        long start = space.management().mmap(file, SpaceFixture.place(256), 64 * PAGE, RW, Linux.MAP_SHARED, 0);
        assertThat(start % (64 * PAGE)).isZero();
        assertThat(shown(start, 64)).containsOnly("---p");
        List<OwnMaps.Line> around = OwnMaps.lines(start - 64 * PAGE, start + 128 * PAGE);
        assertThat(around.stream().filter(line -> line.permissions().equals("---p") && line.start() == start))
                .hasSize(1);
        assertThat(space.management().mmap(file, 0, 3 * PAGE, RW, Linux.MAP_SHARED, 0))
                .isEqualTo(-Errors.EINVAL);
        file.close();
    }

    @Test
    void softwareOutsideFindsAllOnesAndItsWritesAreLost() {
        DeviceFile file = fixture.open();
        MemorySegment around = memory(4, 7);
        long start = around.address();
        assertThat(space.management().mmap(file, start + PAGE, PAGE, RW, Linux.MAP_SHARED | Linux.MAP_FIXED, 0))
                .isEqualTo(start + PAGE);
        MemorySegment copy = MemorySegment.ofArray(new byte[3 * (int) PAGE]);
        assertThat(space.copyFromUser(start, copy)).isZero();
        assertThat(copy.get(ValueLayout.JAVA_BYTE, PAGE - 1)).isEqualTo((byte) 7);
        assertThat(copy.get(ValueLayout.JAVA_BYTE, PAGE)).isEqualTo((byte) -1);
        assertThat(copy.get(ValueLayout.JAVA_BYTE, 2 * PAGE)).isEqualTo((byte) 7);
        assertThat(space.copyToUser(copy.fill((byte) 8), start)).isZero();
        assertThat(at(start + 2 * PAGE).get(ValueLayout.JAVA_BYTE, 5)).isEqualTo((byte) 8);
        assertThat(space.readPage(start + PAGE)).isEmpty();
        assertThat(space.readPage(start + 2 * PAGE)).isPresent();

        assertThat(Linux.call(SystemCall.MUNMAP, start + 3 * PAGE, PAGE)).isZero();
        assertThat(space.copyFromUser(start + 3 * PAGE - 100, MemorySegment.ofArray(new byte[300])))
                .isEqualTo(200);
        assertThat(space.copyToUser(MemorySegment.ofArray(new byte[300]), start + 3 * PAGE - 100))
                .isEqualTo(200);
        assertThat(space.management().mprotect(start + PAGE, start + 2 * PAGE, 0, (from, to) -> -1))
                .isZero();
        assertThat(space.copyFromUser(start, copy)).isEqualTo(2 * PAGE);
        file.close();
    }

    @Test
    void sourcesAreFoundLikeTheKernelFindsAnArea() {
        MemorySegment ordinary = memory(2, 0);
        assertThat(space.source(ordinary.address())).isEqualTo(Source.MAY_EXEC);
        assertThat(space.source(0x1000)).as("the next area above").isEqualTo(Source.MAY_EXEC);
        assertThat(space.source(0x7fff_ffff_e000L)).isEqualTo(Source.UNMAPPED);
    }

    @Test
    void moreEnclaveThanEpcComesAndGoes() {
        DeviceFile file = fixture.open();
        long base = fixture.create(file, 128);
        for (int i = 0; i < 128; i++) {
            assertThat(fixture.add(file, i * PAGE, memory(1, i), RW)).isZero();
        }
        assertThat(space.management().mprotect(base, base + 128 * PAGE, RW, (from, to) -> -1))
                .isZero();
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 128; i++) {
                long page = base + i * PAGE;
                int tries = 0;
                while (space.realProtection(page) != RW) {
                    assertThat(space.fault(page, true)).contains(FaultResult.NOPAGE);
                    assertThat(++tries).isLessThan(100);
                }
                assertThat(at(page).get(ValueLayout.JAVA_BYTE, 9)).isEqualTo((byte) (i + round));
                at(page).fill((byte) (i + round + 1));
            }
        }
        assertThat(shown(base, 128).stream()
                        .filter(page -> page.startsWith("rw-s"))
                        .count())
                .isLessThan(96);
        file.close();
        space.management().gone();
        assertThat(fixture.driver.freePages()).isEqualTo(96);
    }

    @Test
    void aForkedProcessHasMainlinesMappingsAndNotTheOlderDrivers() throws DeviceAbsentException {
        DeviceFile file = fixture.open();
        long base = fixture.create(file, 2);
        assertThat(fixture.add(file, 0, memory(1, 4), RW)).isZero();
        DeviceFile isgx = fixture.driver.isgx().open(SpaceFixture.WORKLOAD);
        long older = space.management().mmap(isgx, 0, 2 * PAGE, RW, Linux.MAP_SHARED, 0);

        OwnAgent agent = new OwnAgent(fixture.epc.descriptor());
        java.util.List<Long> numbers = new java.util.ArrayList<>();
        agent.instead(call -> {
            numbers.add(call.number());
            return (long) -Errors.ESRCH;
        });
        ProgramSpace child = new ProgramSpace(Linux.pid(), agent, fixture.cpu.epcm(), (start, end) -> {});
        child.management().forked(space);
        assertThat(child.mappings().at(base)).isPresent();
        assertThat(child.mappings().at(base).flatMap(DeviceMapping::enclave)).isEqualTo(file.enclave());
        assertThat(child.mappings().at(older)).isEmpty();
        assertThat(numbers).contains((long) SystemCall.MUNMAP, (long) SystemCall.MMAP);
        assertThat(child.fault(base, false)).isEqualTo(Optional.of(FaultResult.NOPAGE));

        file.close();
        isgx.close();
        space.management().gone();
        assertThat(fixture.driver.freePages())
                .as("the child has the enclave still")
                .isLessThan(96);
        child.management().gone();
        assertThat(fixture.driver.freePages()).isEqualTo(96);
    }

    @Test
    void aMappingThatMovedIsStillTheEnclaves() {
        DeviceFile file = fixture.open();
        long base = fixture.create(file, 2);
        MemorySegment target = memory(2, 0);
        assertThat(space.management()
                        .move(space.mappings().at(base).orElseThrow(), base, base + 2 * PAGE, target.address()))
                .isEqualTo(target.address());
        assertThat(space.mappings().at(base)).isEmpty();
        assertThat(shown(base, 2)).containsOnly("-");
        assertThat(shown(target.address(), 2)).containsOnly("---p");
        assertThat(space.mappings().at(target.address()).flatMap(DeviceMapping::enclave))
                .isEqualTo(file.enclave());
        file.close();
    }
}

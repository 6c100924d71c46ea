package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import jsgx.arch.Encls;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.struct.Pageinfo;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.driver.mainline.VepcRemoveAll;
import org.junit.jupiter.api.Test;

/** EPC for a virtual machine, whose kernel executes ENCLS by itself. */
class VepcTest {

    private static final int EPC = 32;
    private static final long PAGE = Plan.PAGE;
    private static final int RW = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;

    /** A virtual machine: its memory, and a processor that executes its kernel. */
    private static final class Guest {
        private final EmbeddedAddressSpace space = new EmbeddedAddressSpace();
        private final LogicalProcessor processor;

        Guest(Machine machine) {
            processor = new LogicalProcessor(machine.cpu, space);
        }

        /** The address of so many pages of a file, each of them touched. */
        long map(DeviceFile file, int pages) {
            long start = file.mmap(space, 0, pages * PAGE, RW, DeviceFile.MAP_SHARED, 0);
            for (int i = 0; i < pages; i++) {
                assertThat(space.fault(start + i * PAGE, true)).isEqualTo(FaultResult.NOPAGE);
            }
            return start;
        }

        void ecreate(long page) {
            Secs secs = Plan.of(1).secs(0x4000_0000L);
            succeeds(Encls.ecreate(processor, pageinfo(0, space.place(secs.memory()), 0, 0), page));
        }

        void eadd(long page, long secs) {
            long content = space.place(MemorySegment.ofArray(new byte[Plan.PAGE]));
            succeeds(Encls.eadd(processor, pageinfo(0x4000_0000L, content, Plan.RW, secs), page));
        }

        private long pageinfo(long linAddr, long srcPge, long flags, long secs) {
            Secinfo secinfo = Secinfo.allocate();
            secinfo.flags(flags);
            Pageinfo pageinfo = Pageinfo.allocate();
            pageinfo.linAddr(linAddr);
            pageinfo.srcPge(srcPge);
            pageinfo.secinfo(space.place(secinfo.memory()));
            pageinfo.secs(secs);
            return space.place(pageinfo.memory());
        }

        private static void succeeds(Outcome outcome) {
            assertThat(outcome).isInstanceOf(Outcome.Success.class);
        }
    }

    @Test
    void removeAllTellsHowManySecsPagesAreLeft() throws Exception {
        try (Machine machine = new Machine(EPC)) {
            Guest guest = new Guest(machine);
            DeviceFile file = machine.driver.vepc().open(Machine.WORKLOAD);
            long start = guest.map(file, 3);
            assertThat(machine.driver.freePages()).isEqualTo(EPC - 3);
            guest.ecreate(start);
            guest.eadd(start + PAGE, start);
            // The SECS comes first and still has its child; the second time it has none.
            assertThat(file.ioctl(guest.space, VepcRemoveAll.CMD, 0)).isEqualTo(1);
            assertThat(file.ioctl(guest.space, VepcRemoveAll.CMD, 0)).isZero();
            assertThat(machine.driver.freePages()).isEqualTo(EPC - 3);
            guest.ecreate(start);
            guest.eadd(start + PAGE, start);
            guest.space.unmap(start, 3 * PAGE);
            file.close();
            assertThat(machine.driver.freePages()).isEqualTo(EPC);
        }
    }

    /** As the kernel documents it: all files twice, since a SECS may have children in a later one. */
    @Test
    void removeAllOfSeveralFilesTakesTwoPasses() throws Exception {
        try (Machine machine = new Machine(EPC)) {
            Guest guest = new Guest(machine);
            DeviceFile first = machine.driver.vepc().open(Machine.WORKLOAD);
            DeviceFile second = machine.driver.vepc().open(Machine.WORKLOAD);
            long secs = guest.map(first, 1);
            guest.ecreate(secs);
            guest.eadd(guest.map(second, 1), secs);
            assertThat(first.ioctl(guest.space, VepcRemoveAll.CMD, 0)).isEqualTo(1);
            assertThat(second.ioctl(guest.space, VepcRemoveAll.CMD, 0)).isZero();
            assertThat(first.ioctl(guest.space, VepcRemoveAll.CMD, 0)).isZero();
            assertThat(machine.cpu.epcm().valid(0)).isFalse();
        }
    }

    @Test
    void aSecsWhoseChildIsInAnotherFileGoesWithThatFile() throws Exception {
        try (Machine machine = new Machine(EPC)) {
            Guest guest = new Guest(machine);
            DeviceFile first = machine.driver.vepc().open(Machine.WORKLOAD);
            DeviceFile second = machine.driver.vepc().open(Machine.WORKLOAD);
            long secs = guest.map(first, 1);
            long child = guest.map(second, 1);
            guest.ecreate(secs);
            guest.eadd(child, secs);
            guest.space.unmap(secs, PAGE);
            first.close();
            assertThat(machine.driver.freePages()).isEqualTo(EPC - 2);
            guest.space.unmap(child, PAGE);
            second.close();
            assertThat(machine.driver.freePages()).isEqualTo(EPC);
        }
    }

    @Test
    void itsErrnosAreTheDocumentedOnes() throws Exception {
        try (Machine machine = new Machine(EPC)) {
            Guest guest = new Guest(machine);
            DeviceFile file = machine.driver.vepc().open(Machine.WORKLOAD);
            guest.map(file, 1);
            assertThat(file.ioctl(guest.space, 0x4008A400, 0)).isEqualTo(Errno.ENOTTY.result());
            assertThat(file.lastRefusal().orElseThrow().cause()).isEqualTo(FileCause.HAS_IOCTLS);
            assertThat(file.ioctl(guest.space, VepcRemoveAll.CMD, 1)).isEqualTo(Errno.EINVAL.result());
            assertThat(file.lastRefusal().orElseThrow().cause()).isEqualTo(VepcRemoveAll.Cause.ARGUMENT_ZERO);
            assertThat(machine.cpu.epcm().tryExclusive(0)).isTrue();
            assertThat(file.ioctl(guest.space, VepcRemoveAll.CMD, 0)).isEqualTo(Errno.EBUSY.result());
            assertThat(file.lastRefusal().orElseThrow().cause()).isEqualTo(VepcRemoveAll.Cause.PAGE_IDLE);
            machine.cpu.epcm().releaseExclusive(0);
            assertThat(file.mmap(guest.space, 0, PAGE, RW, DeviceFile.MAP_PRIVATE, 0))
                    .isEqualTo(Errno.EINVAL.result());
            assertThat(Documented.errnos(VepcRemoveAll.class))
                    .isEqualTo(Documented.errnos(List.of(VepcRemoveAll.Cause.values())))
                    .isEqualTo(Set.of("EBUSY", "EINVAL"));
        }
    }

    @Test
    void itsPagesAreNeverReclaimed() throws Exception {
        try (Machine machine = new Machine(EPC)) {
            Guest guest = new Guest(machine);
            DeviceFile file = machine.driver.vepc().open(Machine.WORKLOAD);
            guest.map(file, EPC);
            assertThat(machine.driver.freePages()).isZero();
            long more = file.mmap(guest.space, 0, PAGE, RW, DeviceFile.MAP_SHARED, EPC * PAGE);
            assertThat(guest.space.fault(more, false)).isEqualTo(FaultResult.SIGBUS);
            Process process = machine.process(InterfaceKind.MAINLINE);
            Plan plan = Plan.of(1);
            assertThat(process.create(plan.secs(process.reserve(plan.size())))).isEqualTo(Errno.ENOMEM.result());
        }
    }
}

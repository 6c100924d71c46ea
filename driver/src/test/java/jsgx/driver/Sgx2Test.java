package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.driver.isgx.NotifyAccept;
import jsgx.driver.isgx.Trim;
import jsgx.driver.mainline.ModifyTypes;
import jsgx.driver.mainline.RemovePages;
import jsgx.driver.mainline.RestrictPermissions;
import org.junit.jupiter.api.Test;

/** Pages that come and go after EINIT, with the enclave's part in it. */
class Sgx2Test {

    private static final long PAGE = Plan.PAGE;
    private static final long NEW = 6 * PAGE;
    private static final long TRIM = (long) PageType.TRIM.code() << 8;
    private static final Plan PLAN = Plan.of(4);

    @Test
    void mainlineAddsRestrictsTrimsAndRemovesAPage() throws Exception {
        try (Machine machine = new Machine(128);
                Process process = machine.process(InterfaceKind.MAINLINE).launch(PLAN)) {
            int free = machine.driver.freePages();
            assertThat(process.space.fault(process.base + NEW, true)).isEqualTo(FaultResult.NOPAGE);
            assertThat(machine.driver.freePages()).isEqualTo(free - 1);
            assertThat(process.accept(NEW, Plan.RW | Secinfo.PENDING).isSuccess())
                    .isTrue();
            // The helper touched all pages of the enclave, and so added the last one too.
            assertThat(process.enclave().pages()).isEqualTo(8);

            RestrictPermissions restrict = RestrictPermissions.allocate();
            restrict.offset(NEW);
            restrict.length(PAGE);
            restrict.permissions(Secinfo.R);
            assertThat(process.ioctl(RestrictPermissions.CMD, restrict.memory()))
                    .isZero();
            assertThat(restrict.count()).isEqualTo(PAGE);
            assertThat(process.space.evictions()).isPositive();
            assertThat(process.accept(NEW, Plan.R | Secinfo.PR).isSuccess()).isTrue();

            ModifyTypes modify = ModifyTypes.allocate();
            modify.offset(NEW);
            modify.length(PAGE);
            modify.pageType(PageType.TRIM.code());
            assertThat(process.ioctl(ModifyTypes.CMD, modify.memory())).isZero();
            assertThat(process.accept(NEW, TRIM | Secinfo.MODIFIED).isSuccess()).isTrue();

            RemovePages remove = RemovePages.allocate();
            remove.offset(NEW);
            remove.length(PAGE);
            int before = machine.driver.freePages();
            assertThat(process.ioctl(RemovePages.CMD, remove.memory())).isZero();
            assertThat(remove.count()).isEqualTo(PAGE);
            assertThat(machine.driver.freePages()).isEqualTo(before + 1);
        }
    }

    @Test
    void aRequestStopsAtTheFirstPageThatFailsAndSaysHowFarItCame() throws Exception {
        try (Machine machine = new Machine(32);
                Process process = machine.process(InterfaceKind.MAINLINE).launch(PLAN)) {
            assertThat(process.space.fault(process.base + NEW, true)).isEqualTo(FaultResult.NOPAGE);
            RestrictPermissions restrict = RestrictPermissions.allocate();
            restrict.offset(2 * PAGE);
            restrict.length(6 * PAGE);
            restrict.permissions(Secinfo.R);
            // Four data pages, then one that the enclave has not accepted.
            assertThat(process.ioctl(RestrictPermissions.CMD, restrict.memory()))
                    .isEqualTo(Errno.EFAULT.result());
            assertThat(restrict.count()).isEqualTo(4 * PAGE);
            assertThat(restrict.result()).isEqualTo(20);
        }
    }

    @Test
    void isgxTrimsAndRemovesAPage() throws Exception {
        try (Machine machine = new Machine(32);
                Process process = machine.process(InterfaceKind.ISGX).launch(PLAN)) {
            Trim trim = Trim.allocate();
            trim.startAddr(process.base + 5 * PAGE);
            trim.nrPages(1);
            assertThat(process.ioctl(Trim.CMD, trim.memory())).isZero();
            assertThat(process.accept(5 * PAGE, TRIM | Secinfo.MODIFIED).isSuccess())
                    .isTrue();
            int before = machine.driver.freePages();
            NotifyAccept notify = NotifyAccept.allocate();
            notify.startAddr(process.base + 5 * PAGE);
            notify.nrPages(1);
            assertThat(process.ioctl(NotifyAccept.CMD, notify.memory())).isZero();
            assertThat(machine.driver.freePages()).isEqualTo(before + 1);
        }
    }

    @Test
    void isgxAnswersTheWriteThatAddsAPageWithSigbus() throws Exception {
        try (Machine machine = new Machine(32);
                Process process = machine.process(InterfaceKind.ISGX).launch(PLAN)) {
            long pages = process.enclave().pages();
            assertThat(process.space.fault(process.base + NEW, true)).isEqualTo(FaultResult.SIGBUS);
            assertThat(process.enclave().pages()).isEqualTo(pages + 1);
        }
    }

    @Test
    void aMappingAllowsNoMoreThanThePagesOfAnEnclave() throws Exception {
        int read = AddressSpace.PROT_READ;
        int write = AddressSpace.PROT_WRITE;
        int execute = AddressSpace.PROT_EXEC;
        try (Machine machine = new Machine(32);
                Process process = machine.process(InterfaceKind.MAINLINE).launch(PLAN)) {
            EmbeddedAddressSpace space = process.space;
            long refused = Errno.EACCES.result();
            // A TCS must be readable and writable for the processor, and is never executable.
            assertThat(space.protect(process.base, PAGE, read | write)).isZero();
            assertThat(space.protect(process.base, PAGE, execute)).isEqualTo(refused);
            assertThat(space.protect(process.base + PAGE, PAGE, read | execute)).isZero();
            assertThat(space.protect(process.base + PAGE, PAGE, write)).isEqualTo(refused);
            assertThat(space.protect(process.base + PAGE, 2 * PAGE, read)).isZero();
            assertThat(space.protect(process.base + PAGE, 2 * PAGE, read | execute))
                    .isEqualTo(refused);
            int fixed = DeviceFile.MAP_SHARED | DeviceFile.MAP_FIXED;
            assertThat(process.file.mmap(space, process.base + PLAN.size(), PAGE, read, fixed, 0))
                    .isEqualTo(refused);
            assertThat(process.file.mmap(space, 0, PAGE, read, DeviceFile.MAP_PRIVATE, 0))
                    .isEqualTo(Errno.EINVAL.result());
            assertThat(process.enclave().isInitialized()).isTrue();
        }
    }

    @Test
    void aProvisionFileLetsAnEnclaveHaveTheProvisionKey() throws Exception {
        Plan plan = Plan.of(1).attributes(0x4 | 0x10);
        try (Machine machine = new Machine(32);
                Process process = machine.process(InterfaceKind.MAINLINE)) {
            DeviceFile provision = machine.driver.provision().open(Machine.WORKLOAD);
            assertThat(provision.ioctl(process.space, 0, 0)).isEqualTo(Errno.ENOTTY.result());
            var request = jsgx.driver.mainline.Provision.allocate();
            request.fd(process.space.descriptor(provision));
            MemorySegment structure = request.memory();
            assertThat(process.ioctl(jsgx.driver.mainline.Provision.CMD, structure))
                    .isZero();
            process.build(plan);
            // CREATE forgot it.
            assertThat(process.init(plan)).isEqualTo(Errno.EACCES.result());
            assertThat(process.ioctl(jsgx.driver.mainline.Provision.CMD, structure))
                    .isZero();
            assertThat(process.init(plan)).isZero();
        }
    }
}

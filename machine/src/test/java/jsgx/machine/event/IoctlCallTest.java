package jsgx.machine.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.DeviceFile;
import jsgx.driver.DriverOptions;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDriver;
import jsgx.driver.Workload;
import jsgx.driver.mainline.AddPages;
import jsgx.driver.mainline.Create;
import jsgx.driver.mainline.Init;
import jsgx.driver.mainline.RemovePages;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IoctlCallTest {

    private static final int PAGE = 4096;
    private static final long SIZE = 4 * PAGE;

    private final Random random = new Random(3);
    private final SgxDriver driver = new SgxDriver(
            new ProcessorPackage(
                    Fuses.burn(random), CpuFeatures.SGX2, CpuSvn.ZERO, new byte[16], Epc.allocate(1 << 20), random),
            DriverOptions.defaults().withSwapThread(false).withLaunchEnclaveSigner(new byte[32]));
    private final EmbeddedAddressSpace space = new EmbeddedAddressSpace();
    private final List<SgxEvent.Ioctl> told = new ArrayList<>();

    @AfterEach
    void close() {
        driver.close();
    }

    @Test
    void mainlinesCallsAreToldDecoded() throws Exception {
        try (DeviceFile file = open(InterfaceKind.MAINLINE)) {
            long base = 0x7f00_0000_0000L;
            assertThat(create(file, base)).isZero();
            assertThat(addPage(file, 0, Secinfo.R | Secinfo.X | 0x200, AddPages.MEASURE))
                    .isZero();
            assertThat(addPage(file, 1, Secinfo.R | 0x200, 0)).isEqualTo(Errno.EINVAL.result());

            assertThat(told.get(0).name()).isEqualTo("ENCLAVE_CREATE");
            assertThat(told.get(0).arguments().toString())
                    .isEqualTo("{base=0x7f00_0000_0000, size=16 KiB, attributes=debug,64-bit, xfrm=0x3}");
            assertThat(told.get(0).enclave()).isPositive();
            assertThat(told.get(1).arguments().toString())
                    .isEqualTo("{offset=0x0, length=4 KiB, permissions=r-x, measured=, done=1 page}");
            assertThat(told.get(1).refusal()).isNull();
            assertThat(Objects.requireNonNull(told.get(2).refusal()).cause()).isEqualTo(AddPages.Cause.RANGE);
            assertThat(told.get(2).outcome()).isNull();
        }
    }

    /** What EINIT said once is not why a later call failed. */
    @Test
    void anOutcomeBelongsToTheCallThatHadIt() throws Exception {
        try (DeviceFile file = open(InterfaceKind.MAINLINE)) {
            create(file, 0x7f00_0000_0000L);
            assertThat(init(file)).isEqualTo(Errno.EPERM.result());
            assertThat(addPage(file, 1, 0x200, 0)).isEqualTo(Errno.EINVAL.result());

            assertThat(told.get(1).isInit()).isTrue();
            assertThat(told.get(1).outcome()).isInstanceOf(Outcome.Error.class);
            assertThat(told.get(1).argument("signer"))
                    .hasValueSatisfying(signer -> assertThat(signer).hasSize(64));
            assertThat(told.get(2).outcome()).isNull();
        }
    }

    @Test
    void theOlderInterfacesEnclaveIsFoundByItsAddress() throws Exception {
        try (DeviceFile file = open(InterfaceKind.V5)) {
            int all = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE | AddressSpace.PROT_EXEC;
            long base = file.mmap(space, 0, SIZE, all, DeviceFile.MAP_SHARED, 0);
            assertThat(create(file, base)).isZero();
            var add = jsgx.driver.v5.AddPage.allocate();
            add.addr(base);
            add.secinfo(space.place(secinfo(Secinfo.R | 0x200).memory()));
            add.src(space.place(MemorySegment.ofArray(new byte[PAGE])));
            add.mrmask(0xff);
            call(file, jsgx.driver.v5.AddPage.CMD, space.place(add.memory()));

            assertThat(told.get(0).enclave()).isPositive();
            assertThat(told.get(1).name()).isEqualTo("ENCLAVE_ADD_PAGE");
            assertThat(told.get(1).enclave()).isEqualTo(told.get(0).enclave());
            assertThat(told.get(1).arguments())
                    .containsEntry("permissions", "r--")
                    .containsEntry("measured", "0x00ff");
            space.unmap(base, SIZE);
        }
    }

    @Test
    void whatCannotBeReadOrIsUnknownIsToldAsThat() throws Exception {
        try (DeviceFile file = open(InterfaceKind.MAINLINE)) {
            assertThat(call(file, Create.CMD, 0x1000)).isEqualTo(Errno.EFAULT.result());
            assertThat(call(file, 0xA4FF, 0)).isEqualTo(Errno.ENOTTY.result());
            assertThat(call(
                            file,
                            RemovePages.CMD,
                            space.place(RemovePages.allocate().memory())))
                    .isEqualTo(Errno.EINVAL.result());

            assertThat(told.get(0).arguments()).containsOnlyKeys("argument");
            assertThat(told.get(1).name()).isEqualTo("request 0xa4ff (number 255)");
            assertThat(told.get(2).name()).isEqualTo("ENCLAVE_REMOVE_PAGES");
        }
    }

    private DeviceFile open(InterfaceKind kind) throws DeviceAbsentException {
        return driver.device(kind).open(new Workload("test"));
    }

    private long create(DeviceFile file, long base) {
        Secs secs = Secs.allocate();
        secs.baseAddr(base);
        secs.size(SIZE);
        secs.ssaFrameSize(1);
        secs.attributes(new Attributes(Attributes.MODE64BIT | Attributes.DEBUG, 3));
        Create create = Create.allocate();
        create.src(space.place(secs.memory()));
        return call(file, Create.CMD, space.place(create.memory()));
    }

    private long addPage(DeviceFile file, long offset, long flags, long measure) {
        AddPages add = AddPages.allocate();
        add.src(space.place(MemorySegment.ofArray(new byte[PAGE])));
        add.offset(offset);
        add.length(PAGE);
        add.secinfo(space.place(secinfo(flags).memory()));
        add.flags(measure);
        return call(file, AddPages.CMD, space.place(add.memory()));
    }

    private long init(DeviceFile file) {
        Init init = Init.allocate();
        init.sigstruct(space.place(Sigstruct.of(new byte[Sigstruct.SIZE]).memory()));
        return call(file, Init.CMD, space.place(init.memory()));
    }

    private static Secinfo secinfo(long flags) {
        Secinfo secinfo = Secinfo.allocate();
        secinfo.flags(flags);
        return secinfo;
    }

    private long call(DeviceFile file, int cmd, long argument) {
        return IoctlCall.run(event -> told.add((SgxEvent.Ioctl) event), 1, 1, file, space, cmd, argument);
    }
}

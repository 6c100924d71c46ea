package jsgx.launch.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Encls;
import jsgx.arch.Fault;
import jsgx.arch.KernelMemory;
import jsgx.arch.Leaf;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Pageinfo;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.Errno;
import jsgx.image.EnclaveImage;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.TestEnclaves;
import jsgx.launch.TestPlatforms;
import jsgx.launch.guest.ExitCheck.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What the hypervisor answers to a guest's ENCLS. */
class VcpuTest {

    private static final int VEPC = 16;
    private static final int PAGEINFO = 0;
    private static final int SECINFO = 1;
    private static final int SECS = 2;
    private static final int SIGSTRUCT = 3;
    private static final int TOKEN = 4;
    private static final long SECS_PAGE = KernelMemory.epcAddress(0);

    private final Platform platform = TestPlatforms.platform();
    private final KernelMemory memory = new KernelMemory(VEPC);
    private final Secs secs = Secs.allocate();
    private final Pageinfo pageinfo = Pageinfo.allocate();
    private final Secinfo secinfo = Secinfo.allocate();

    VcpuTest() {
        secs.size(8192);
        secs.baseAddr(0x10000);
        secs.ssaFrameSize(1);
        secs.attributes(new Attributes(Attributes.MODE64BIT, 3));
        secinfo.flags((long) PageType.SECS.code() << 8);
        pageinfo.srcPge(memory.map(SECS, secs.memory()));
        pageinfo.secinfo(memory.map(SECINFO, secinfo.memory()));
        memory.map(PAGEINFO, pageinfo.memory());
        memory.map(SIGSTRUCT, MemorySegment.ofArray(new byte[Sigstruct.SIZE]));
        memory.map(TOKEN, MemorySegment.ofArray(new byte[EinitToken.SIZE]));
    }

    private Outcome ecreate(Guest guest) {
        return ecreate(guest.driver().processor(memory));
    }

    private Outcome ecreate(LogicalProcessor processor) {
        return Encls.ecreate(processor, KernelMemory.windowAddress(PAGEINFO), SECS_PAGE);
    }

    private static Outcome einit(LogicalProcessor processor, long secs) {
        return Encls.einit(processor, KernelMemory.windowAddress(SIGSTRUCT), secs, KernelMemory.windowAddress(TOKEN));
    }

    private static void refused(Outcome outcome, Kind kind, String fault) {
        assertThat(outcome).isInstanceOf(Outcome.Faulted.class);
        Outcome.Faulted faulted = (Outcome.Faulted) outcome;
        assertThat(faulted.check()).isEqualTo(new ExitCheck(outcome.leaf(), kind));
        assertThat(faulted.fault()).hasToString(fault);
    }

    @Test
    void provisionKeyIsForThoseWhoWereGrantedIt() throws Exception {
        secs.attributes(new Attributes(Attributes.MODE64BIT | Attributes.PROVISIONKEY, 3));
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, host.options(VEPC));
                Guest granted = Guest.boot(host.driver, host.options(VEPC).withProvisioning(true))) {
            refused(ecreate(guest), Kind.PROVISIONKEY, "#GP(0)");
            assertThat(ecreate(granted).isSuccess()).isTrue();
        }
    }

    @Test
    void nobodyGrantsItWithoutTheDevice() {
        Platform off = platform.withLaunchControl(new jsgx.launch.LaunchControl(
                false, true, platform.launchControl().hash()));
        try (Host host = new Host(off)) {
            assertThatThrownBy(() -> Guest.boot(host.driver, host.options(VEPC).withProvisioning(true)))
                    .isInstanceOf(LaunchException.class)
                    .hasMessageContaining("PROVISIONKEY cannot be granted");
            assertThatThrownBy(() -> Guest.boot(host.driver, host.options(VEPC)))
                    .isInstanceOf(LaunchException.class)
                    .hasMessageContaining("SGX is not enabled");
        }
    }

    @Test
    void theGuestsCpuidLimitsItsEnclaves() throws Exception {
        CpuFeatures small = new CpuFeatures(false, true, false, false, false, false, false, false, 0, 3, 31, 13);
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, host.options(VEPC).withFeatures(small))) {
            refused(ecreate(guest), Kind.CPUID_SIZE, "#GP(0)");
            secs.attributes(new Attributes(Attributes.MODE64BIT | Attributes.KSS, 3));
            refused(ecreate(guest), Kind.CPUID, "#GP(0)");
            secs.attributes(new Attributes(Attributes.MODE64BIT, 7));
            refused(ecreate(guest), Kind.CPUID, "#GP(0)");
            secs.attributes(new Attributes(Attributes.MODE64BIT, 1));
            refused(ecreate(guest), Kind.CPUID, "#GP(0)");
            secs.attributes(new Attributes(Attributes.MODE64BIT, 3));
            secs.miscSelect(1);
            refused(ecreate(guest), Kind.CPUID, "#GP(0)");
            secs.miscSelect(0);
            secs.attributes(new Attributes(0, 3));
            assertThat(ecreate(guest).isSuccess()).isTrue();
        }
    }

    @Test
    void aFaultOnTheHostIsOneOfTheGuestAtItsOwnAddress() throws Exception {
        try (Host host = new Host(platform);
                Guest sgx2 = Guest.boot(host.driver, host.options(VEPC));
                Guest sgx1 = Guest.boot(host.driver, host.options(VEPC).withFeatures(CpuFeatures.SGX1_FLC))) {
            for (Guest guest : new Guest[] {sgx2, sgx1}) {
                assertThat(ecreate(guest).isSuccess()).isTrue();
                Outcome.Faulted again = (Outcome.Faulted) ecreate(guest);
                assertThat(again.check().name()).isEqualTo("EPCM_INVALID");
                assertThat(again.fault())
                        .isEqualTo(
                                guest == sgx2
                                        ? Fault.pf(SECS_PAGE, Fault.PF_PRESENT | Fault.PF_WRITE | Fault.PF_SGX)
                                        : Fault.gp());
            }
        }
    }

    @Test
    void operandsAreCheckedInKvmsOrder() throws Exception {
        long window = KernelMemory.windowAddress(SIGSTRUCT);
        long token = KernelMemory.windowAddress(TOKEN);
        long nowhere = KernelMemory.windowAddress(9);
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, host.options(VEPC))) {
            LogicalProcessor processor = guest.driver().processor(memory);
            assertThat(ecreate(processor).isSuccess()).isTrue();
            refused(Encls.einit(processor, nowhere + 8, SECS_PAGE, token), Kind.ALIGNED, "#GP(0)");
            refused(Encls.einit(processor, nowhere, SECS_PAGE + 8, token), Kind.ALIGNED, "#GP(0)");
            refused(Encls.einit(processor, nowhere, SECS_PAGE, token + 8), Kind.ALIGNED, "#GP(0)");
            refused(Encls.einit(processor, 1L << 52, SECS_PAGE, token), Kind.CANONICAL, "#GP(0)");
            refused(
                    Encls.einit(processor, nowhere, SECS_PAGE, token),
                    Kind.MAPPED,
                    "#PF(0x%x, error 0x0)".formatted(nowhere));
            long outside = KernelMemory.epcAddress(VEPC);
            refused(
                    Encls.einit(processor, window, outside, token),
                    Kind.MAPPED,
                    "#PF(0x%x, error 0x2)".formatted(outside));
            refused(
                    Encls.einit(processor, window, window, token),
                    Kind.SECS_IN_EPC,
                    "#PF(0x%x, error 0x8003)".formatted(window));
            // A page of the EPC that is no SECS that the host saw: a free one here.
            refused(einit(processor, KernelMemory.epcAddress(1)), Kind.SECS_KNOWN, "#GP(0)");
            assertThat(host.asked).isEmpty();
            // What lies in the EPC reads as all ones: no SIGSTRUCT.
            Outcome ones = Encls.einit(processor, SECS_PAGE, SECS_PAGE, token);
            assertThat(((Outcome.Error) ones).check().name()).isEqualTo("SIGSTRUCT_HEADER");
            assertThat(host.asked).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EAUG", "EMODPR", "EMODT", "ERDINFO", "ETRACKC", "ELDBC", "ELDUC", "EUPDATESVN"})
    void leavesThatAreNotOfferedAreRefused(Leaf leaf) throws Exception {
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, host.options(VEPC).withFeatures(CpuFeatures.SGX1_FLC))) {
            LogicalProcessor processor = guest.driver().processor(memory);
            refused(Encls.execute(processor, leaf, 0, SECS_PAGE, 0), Kind.LEAF_EXISTS, "#GP(0)");
        }
    }

    @Test
    void theGuestsFeatureControlSwitchesSgxOff() throws Exception {
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(
                        host.driver, host.options(VEPC).withFeatureControl(LogicalProcessor.FEATURE_CONTROL_LOCK))) {
            assertThatThrownBy(() -> guest.driver().isgx().open(Host.PROGRAM)).hasMessageContaining("SGX");
            LogicalProcessor processor = guest.driver().processor(memory);
            processor.featureControl(LogicalProcessor.FEATURE_CONTROL_LOCK);
            refused(ecreate(processor), Kind.ENABLED, "#GP(0)");
            assertThat(Encls.eblock(processor, SECS_PAGE)).isInstanceOf(Outcome.Faulted.class);
            processor.cpl(3);
            assertThat(((Outcome.Faulted) ecreate(processor)).fault()).isEqualTo(Fault.ud());
        }
    }

    static Stream<GuestOptions> withoutLaunchControl() {
        GuestOptions options = GuestOptions.of(Host.VM, VEPC * 4096L);
        long locked = LogicalProcessor.FEATURE_CONTROL_LOCK | LogicalProcessor.FEATURE_CONTROL_SGX_ENABLE;
        return Stream.of(options.withFeatures(CpuFeatures.SGX1), options.withFeatureControl(locked));
    }

    /** The virtual MSRs are locked to what firmware wrote, whatever the host's are. */
    @ParameterizedTest
    @MethodSource
    void withoutLaunchControl(GuestOptions options) throws Exception {
        EnclaveImage image = TestEnclaves.image(2);
        Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);
        byte[] token = Host.token(platform, sigstruct);
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, options.withLePubKeyHash(host.leHash()))) {
            assertThatThrownBy(() -> guest.driver().mainline().open(Host.PROGRAM))
                    .hasMessageContaining("cannot be");
            assertThat(Host.launch(guest, image, sigstruct, token)).isZero();
        }
    }

    /** Another processor of the guest puts another enclave in the page while the host decides about the first. */
    @Test
    void aSecsThatIsSwappedWhileTheHostDecidesIsNotInitialised() throws Exception {
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, host.options(VEPC))) {
            LogicalProcessor processor = guest.driver().processor(memory);
            assertThat(ecreate(processor).isSuccess()).isTrue();
            host.onDecide = () -> {
                assertThat(Encls.eremove(processor, SECS_PAGE).isSuccess()).isTrue();
                secs.attributes(new Attributes(Attributes.MODE64BIT | Attributes.DEBUG, 3));
                assertThat(ecreate(processor).isSuccess()).isTrue();
            };
            refused(einit(processor, SECS_PAGE), Kind.SECS_KNOWN, "#GP(0)");
            assertThat(host.heard)
                    .containsExactly(
                            "complete %d %d".formatted(host.asked.getFirst().enclave(), Errno.EFAULT.result()));

            host.onDecide = () -> {};
            assertThat(einit(processor, SECS_PAGE)).isInstanceOf(Outcome.Error.class);
            assertThat(host.asked.getLast().attributes().has(Attributes.DEBUG)).isTrue();
        }
    }

    @Test
    void aSecsOtherThanTheOneJudgedIsNotInitialised() throws Exception {
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, host.options(VEPC))) {
            LogicalProcessor processor = guest.driver().processor(memory);
            assertThat(ecreate(processor).isSuccess()).isTrue();
            boolean[] valid = host.valid();
            for (int page = 0; page < valid.length; page++) {
                if (valid[page]) {
                    // As if it had come there by a way that the host did not see.
                    new Secs(host.driver.processorPackage().epc().page(page))
                            .attributes(new Attributes(Attributes.MODE64BIT | Attributes.DEBUG, 3));
                }
            }
            refused(einit(processor, SECS_PAGE), Kind.SECS_KNOWN, "#GP(0)");
        }
    }

    @Test
    void aSecsThatCouldNotBeRemovedCanBeInitialised() throws Exception {
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, host.options(VEPC))) {
            LogicalProcessor processor = guest.driver().processor(memory);
            assertThat(ecreate(processor).isSuccess()).isTrue();
            var epcm = host.driver.processorPackage().epcm();
            boolean[] valid = host.valid();
            host.onDecide = () -> {
                for (int page = 0; page < valid.length; page++) {
                    if (valid[page]) {
                        assertThat(epcm.tryShared(page)).isTrue();
                        assertThat(Encls.eremove(processor, SECS_PAGE).isSuccess())
                                .isFalse();
                        epcm.releaseShared(page);
                    }
                }
            };
            assertThat(einit(processor, SECS_PAGE)).isInstanceOf(Outcome.Error.class);
        }
    }

    /** A guest that evicts a SECS before EINIT and brings it back elsewhere hides from the host what it is. */
    @Test
    void aSecsThatMovedIsNotInitialised() throws Exception {
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, host.options(VEPC))) {
            LogicalProcessor processor = guest.driver().processor(memory);
            assertThat(ecreate(processor).isSuccess()).isTrue();
            long va = KernelMemory.epcAddress(1);
            assertThat(Encls.epa(processor, PageType.VA.code(), va).isSuccess()).isTrue();
            Pageinfo paging = Pageinfo.allocate();
            paging.srcPge(memory.map(5, MemorySegment.ofArray(new byte[4096])));
            paging.secinfo(memory.map(6, MemorySegment.ofArray(new byte[128])));
            memory.map(7, paging.memory());
            long info = KernelMemory.windowAddress(7);
            assertThat(Encls.ewb(processor, info, SECS_PAGE, va).isSuccess()).isTrue();
            assertThat(Encls.eldu(processor, info, KernelMemory.epcAddress(2), va)
                            .isSuccess())
                    .isTrue();
            refused(einit(processor, KernelMemory.epcAddress(2)), Kind.SECS_KNOWN, "#GP(0)");
            refused(einit(processor, SECS_PAGE), Kind.SECS_KNOWN, "#GP(0)");
            assertThat(host.asked).isEmpty();
        }
    }
}

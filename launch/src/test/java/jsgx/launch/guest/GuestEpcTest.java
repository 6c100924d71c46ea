package jsgx.launch.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jsgx.arch.Encls;
import jsgx.arch.Enclu;
import jsgx.arch.KernelMemory;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.Decision;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.Fate;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.TestEnclaves;
import jsgx.launch.TestPlatforms;
import jsgx.launch.load.EnclaveLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What virtual machines on a shared package have of the EPC, and what becomes of their enclaves there. */
@Timeout(60)
class GuestEpcTest {

    private static final int VEPC = 64;

    private final Platform platform = TestPlatforms.platform();
    private final EnclaveImage image = TestEnclaves.image(2);
    private final Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);
    private final byte[] token = Host.token(platform, sigstruct);

    @Test
    void anEvictedEnclaveCountsAsRunningUntilTheReset() throws Exception {
        EnclaveImage large = TestEnclaves.image(5, 60);
        Sigstruct signed = TestEnclaves.sign(large, TestPlatforms.OTHER_KEY);
        byte[] good = Host.token(platform, signed);
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, host.options(VEPC / 2))) {
            EnclaveLoader evicted = Host.build(guest.driver(), InterfaceKind.ISGX, image, sigstruct.attributes());
            assertThat(evicted.init(sigstruct, EinitToken.of(token))).isZero();
            long first = host.asked.getLast().enclave();
            assertThat(Host.launch(guest, large, signed, good)).isZero();
            evicted.close();
            assertThat(host.heard).doesNotContain("released " + first + " vm");
            guest.reboot();
            assertThat(host.heard).contains("released " + first + " vm");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anEnclaveThatTheHostTakesDownLeavesTheGuestsOthersAlone(InterfaceKind kind) throws Exception {
        try (Host host = new Host(platform)) {
            GuestOptions options = host.options(VEPC)
                    .withKernel(kernel -> kernel.withLaunchEnclaveSigner(host.leHash())
                            .withAuthority(request -> Decision.allow(token)));
            try (Guest guest = Guest.boot(host.driver, options)) {
                EnclaveLoader lives = Host.build(guest.driver(), kind, image, sigstruct.attributes());
                assertThat(lives.init(sigstruct, EinitToken.of(token))).isZero();
                boolean[] before = host.valid();
                host.fate = Fate.tearDown(Errno.EIO.result(), "cannot be recorded");
                EnclaveLoader dies = Host.build(guest.driver(), kind, image, sigstruct.attributes());
                assertThat(dies.init(sigstruct, EinitToken.of(token))).isNegative();
                // Its version array is the guest's kernel's.
                int more = 0;
                boolean[] after = host.valid();
                for (int page = 0; page < after.length; page++) {
                    more += after[page] && !before[page] ? 1 : 0;
                    assertThat(after[page] || !before[page]).isTrue();
                }
                assertThat(more).isEqualTo(1);
                host.fate = Fate.keep();
                dies.close();
                assertThat(Host.launch(guest, image, sigstruct, token)).isZero();
                lives.close();
                assertThat(guest.driver().freePages()).isEqualTo(VEPC);
            }
            assertThat(host.isIdle()).isTrue();
        }
    }

    /** Between EINIT and the host's answer another processor of the guest may have entered: its pages go from under it. */
    @Test
    void aThreadInAnEnclaveThatTheHostTakesDownLosesIt() throws Exception {
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, host.options(VEPC));
                var threads = Executors.newSingleThreadExecutor()) {
            EmbeddedAddressSpace space = new EmbeddedAddressSpace();
            EnclaveLoader loader =
                    new EnclaveLoader(InterfaceKind.ISGX, guest.driver().isgx().open(Host.PROGRAM), space);
            assertThat(loader.create(image, sigstruct.attributes(), 0)).isZero();
            assertThat(loader.addPages(image.pages())).isZero();
            List<Future<?>> inside = new ArrayList<>();
            host.onComplete = () -> {
                LogicalProcessor processor = guest.driver().processor(space);
                processor.cpl(3);
                assertThat(Enclu.eenter(processor, loader.base(), 0x1000).isSuccess())
                        .isTrue();
                inside.add(threads.submit(() -> {
                    while (processor.memory().epcPage(loader.base()) >= 0) {
                        Thread.onSpinWait();
                    }
                    // An access would fault, and the AEX lead it out as this does.
                    assertThat(Enclu.eexit(processor, 0x1000).isSuccess()).isTrue();
                }));
            };
            host.fate = Fate.tearDown(Errno.EIO.result(), "cannot be recorded");
            assertThat(loader.init(sigstruct, EinitToken.of(token))).isEqualTo(Errno.EFAULT.result());
            inside.getFirst().get();
            int valid = 0;
            for (boolean page : host.valid()) {
                valid += page ? 1 : 0;
            }
            // The version array of the guest's kernel.
            assertThat(valid).isEqualTo(1);
            loader.close();
        }
    }

    @Test
    void anEnclaveThatCannotBeTakenDownStaysOutOfReachWhenAnotherIs() throws Exception {
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, host.options(VEPC))) {
            EmbeddedAddressSpace space = new EmbeddedAddressSpace();
            EnclaveLoader stays =
                    new EnclaveLoader(InterfaceKind.ISGX, guest.driver().isgx().open(Host.PROGRAM), space);
            assertThat(stays.create(image, sigstruct.attributes(), 0)).isZero();
            assertThat(stays.addPages(image.pages())).isZero();
            LogicalProcessor processor = guest.driver().processor(space);
            processor.cpl(3);
            host.onComplete = () -> assertThat(
                            Enclu.eenter(processor, stays.base(), 0x1000).isSuccess())
                    .isTrue();
            host.fate = Fate.tearDown(Errno.EIO.result(), "cannot be recorded");
            assertThat(stays.init(sigstruct, EinitToken.of(token))).isNegative();
            assertThat(processor.memory().epcPage(stays.base())).isNegative();

            host.onComplete = () -> {};
            assertThat(Host.launch(guest, image, sigstruct, token)).isNegative();

            assertThat(processor.memory().epcPage(stays.base())).isNegative();
            assertThat(Enclu.eexit(processor, 0x1000).isSuccess()).isTrue();
            stays.close();
        }
    }

    @Test
    void anEnclaveLargerThanTheVepcIsPagedInsideTheGuest() throws Exception {
        EnclaveImage large = TestEnclaves.image(5, 100);
        Sigstruct signed = TestEnclaves.sign(large, TestPlatforms.OTHER_KEY);
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, host.options(VEPC / 2))) {
            assertThat(host.driver.freePages()).isEqualTo(host.driver.totalPages() - VEPC / 2);
            assertThat(Host.launch(guest, large, signed, Host.token(platform, signed)))
                    .isZero();
            assertThat(host.charged).containsEntry(Host.VM, VEPC / 2);
            assertThat(guest.driver().freePages()).isEqualTo(VEPC / 2);
        }
    }

    @Test
    void aGuestThatTheHostHasNoEpcForDoesNotStart() {
        try (Host host = new Host(platform)) {
            int pages = host.driver.totalPages();
            assertThatThrownBy(() -> Guest.boot(host.driver, host.options(pages + 1)))
                    .isInstanceOf(LaunchException.class)
                    .hasMessageContaining("no EPC for page " + pages);
            assertThat(host.isIdle()).isTrue();
            host.limit = 10;
            assertThatThrownBy(() -> Guest.boot(host.driver, host.options(11)))
                    .isInstanceOf(LaunchException.class)
                    .hasMessageContaining("no EPC for page 10");
            assertThat(host.isIdle()).isTrue();
        }
    }

    @Test
    void aSecsInAnotherSectionThanItsPagesGoesAtARebootToo() throws Exception {
        try (Host host = new Host(platform)) {
            GuestOptions options =
                    GuestOptions.of(Host.VM, 2 * 4096L, 60 * 4096L).withLePubKeyHash(host.leHash());
            try (Guest guest = Guest.boot(host.driver, options)) {
                assertThat(guest.driver().totalPages()).isEqualTo(62);
                for (int boot = 0; boot < 3; boot++) {
                    EnclaveLoader left = Host.build(guest.driver(), InterfaceKind.ISGX, image, sigstruct.attributes());
                    assertThat(left.init(sigstruct, EinitToken.of(token))).isZero();
                    guest.reboot();
                    assertThat(host.valid()).isEqualTo(Host.none(host.driver.totalPages()));
                }
            }
            assertThat(host.isIdle()).isTrue();
        }
    }

    @Test
    void twoGuestsAtOnceDoNotSeeEachOther() throws Exception {
        try (Host host = new Host(platform);
                Guest first = Guest.boot(host.driver, host.options(VEPC / 2));
                Guest second = Guest.boot(host.driver, host.options(VEPC / 2).withLePubKeyHash(new byte[32]));
                var threads = Executors.newFixedThreadPool(2)) {
            List<Future<Void>> done = new ArrayList<>();
            for (Guest guest : List.of(first, second)) {
                long expected = guest == first ? 0 : 16;
                done.add(threads.submit(() -> {
                    for (int i = 0; i < 30; i++) {
                        assertThat(Host.launch(guest, image, sigstruct, token)).isEqualTo(expected);
                    }
                    return null;
                }));
            }
            for (Future<Void> future : done) {
                future.get();
            }
        }
    }

    /** Whatever a guest's kernel names as an EPC page leads to one of its own or nowhere. */
    @Test
    void aGuestsKernelReachesNoPageButItsOwn() throws Exception {
        try (Host host = new Host(platform);
                Guest victim = Guest.boot(host.driver, host.options(VEPC));
                Guest attacker = Guest.boot(host.driver, host.options(VEPC))) {
            EnclaveLoader loader = Host.build(victim.driver(), InterfaceKind.ISGX, image, sigstruct.attributes());
            assertThat(loader.init(sigstruct, EinitToken.of(token))).isZero();
            boolean[] before = host.valid();
            LogicalProcessor processor = attacker.driver().processor(new KernelMemory(host.driver.totalPages()));
            int reached = 0;
            for (int page = 0; page < host.driver.totalPages(); page++) {
                reached +=
                        Encls.eremove(processor, KernelMemory.epcAddress(page)).isSuccess() ? 1 : 0;
            }
            assertThat(reached).isEqualTo(VEPC);
            assertThat(host.valid()).isEqualTo(before);
            loader.close();
        }
    }

    @Test
    void theHostsPowerLossTakesTheGuestsEnclavesAndNothingElse() throws Exception {
        try (Host host = new Host(platform)) {
            Guest guest = Guest.boot(host.driver, host.options(VEPC));
            EnclaveLoader lost = Host.build(guest.driver(), InterfaceKind.ISGX, image, sigstruct.attributes());
            assertThat(lost.init(sigstruct, EinitToken.of(token))).isZero();
            EnclaveLoader half = Host.build(guest.driver(), InterfaceKind.ISGX, image, sigstruct.attributes());
            host.driver.powerLoss();

            assertThat(half.init(sigstruct, EinitToken.of(token))).isEqualTo(Errno.EFAULT.result());
            assertThat(Host.launch(guest, image, sigstruct, token)).isZero();
            lost.close();
            half.close();
            assertThat(guest.driver().freePages()).isEqualTo(VEPC);
            assertThat(host.heard)
                    .filteredOn(heard -> heard.startsWith("released"))
                    .hasSize(2);
            guest.close();
            assertThat(host.isIdle()).isTrue();
        }
    }
}

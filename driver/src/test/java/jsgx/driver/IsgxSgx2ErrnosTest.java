package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jsgx.arch.CpuFeatures;
import jsgx.arch.KernelMemory;
import jsgx.arch.struct.Secinfo;
import jsgx.driver.Scenario.Stage;
import jsgx.driver.isgx.Emodpr;
import jsgx.driver.isgx.IsgxCauses;
import jsgx.driver.isgx.Mktcs;
import jsgx.driver.isgx.NotifyAccept;
import jsgx.driver.isgx.PageRemove;
import jsgx.driver.isgx.Trim;
import jsgx.driver.legacy.EnclaveLookup;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every errno of the SGX2 calls of {@code /dev/isgx}, by its cause. */
class IsgxSgx2ErrnosTest {

    private static final long PAGE = Plan.PAGE;
    private static final long DATA = 2 * PAGE;
    private static final Plan PLAN = Plan.of(4);

    /** The three calls that modify a range, as far as they are alike. */
    private enum Range {
        EMODPR(Emodpr.CMD),
        MKTCS(Mktcs.CMD),
        TRIM(Trim.CMD);

        private final int cmd;

        Range(int cmd) {
            this.cmd = cmd;
        }

        long call(Stage stage, long start, int pages) {
            Emodpr request = Emodpr.allocate();
            request.startAddr(start);
            request.nrPages(pages);
            request.flags(Secinfo.R);
            MemorySegment structure = request.memory().asSlice(0, IoctlNumber.size(cmd));
            return stage.process().ioctl(cmd, structure);
        }
    }

    @TestFactory
    Stream<DynamicTest> causes() {
        return all().map(scenario ->
                DynamicTest.dynamicTest(scenario.toString(), () -> scenario.play(InterfaceKind.ISGX)));
    }

    @Test
    void everyRuleOfEveryCallIsBrokenHere() {
        Set<Refusal.Cause> broken = all().map(Scenario::cause).collect(Collectors.toSet());
        assertThat(broken)
                .contains(Emodpr.Cause.values())
                .containsAll(IsgxCauses.range())
                .containsAll(IsgxCauses.removal())
                .contains(EnclaveLookup.Cause.values());
    }

    @Test
    void theDocumentationOfEveryCallListsItsErrnosAndNoOther() {
        List<Refusal.Cause> range = new ArrayList<>(IsgxCauses.range());
        range.addAll(List.of(EnclaveLookup.Cause.values()));
        documented(Mktcs.class, range);
        documented(Trim.class, range);
        List<Refusal.Cause> emodpr = new ArrayList<>(range);
        emodpr.addAll(List.of(Emodpr.Cause.values()));
        documented(Emodpr.class, emodpr);
        List<Refusal.Cause> removal = new ArrayList<>(IsgxCauses.removal());
        documented(PageRemove.class, removal);
        removal.addAll(List.of(EnclaveLookup.Cause.values()));
        documented(NotifyAccept.class, removal);
    }

    private static void documented(Class<?> call, List<Refusal.Cause> causes) {
        assertThat(Documented.errnos(call)).isEqualTo(Documented.errnos(causes));
    }

    private static Stream<Scenario> all() {
        Stream<Scenario> ranges = Arrays.stream(Range.values()).flatMap(IsgxSgx2ErrnosTest::range);
        return Stream.of(ranges, emodpr(), removal()).flatMap(stream -> stream);
    }

    private static Stream<Scenario> range(Range range) {
        return Stream.of(
                Scenario.of(
                                IsgxCauses.range("SGX2"),
                                s -> range.call(s, s.process().launch(PLAN).base, 1))
                        .on(CpuFeatures.SGX1_FLC),
                Scenario.of(
                        IsgxCauses.range("START_ALIGNED"),
                        s -> range.call(s, s.process().launch(PLAN).base + 1, 1)),
                Scenario.of(
                        IsgxCauses.range("PAGES"),
                        s -> range.call(s, s.process().launch(PLAN).base, 0)),
                Scenario.of(EnclaveLookup.Cause.ADDRESS_MAPPED, s -> range.call(s, PAGE, 1)),
                Scenario.of(
                        EnclaveLookup.Cause.ENCLAVE_CREATED,
                        s -> range.call(s, s.process().reserve(PLAN.size()), 1)),
                Scenario.of(EnclaveLookup.Cause.POWER_KEPT, s -> {
                    s.process().launch(PLAN);
                    s.machine().driver.powerLoss();
                    return range.call(s, s.process().base + DATA, 1);
                }),
                Scenario.of(
                        IsgxCauses.range("IN_ENCLAVE"),
                        s -> range.call(s, s.process().launch(PLAN).base + DATA, (int) (PLAN.size() / PAGE))),
                Scenario.of(IsgxCauses.range("PAGE_LOADED"), s -> {
                    s.process().launch(PLAN);
                    s.process().space.unmap(s.process().base + 3 * PAGE, PAGE);
                    return range.call(s, s.process().base + DATA, 2);
                }),
                Scenario.of(
                        IsgxCauses.range("PAGE_LOADED"),
                        s -> range.call(s, s.process().launch(PLAN).base + 7 * PAGE, 1)),
                // Before EINIT no page can be loaded.
                Scenario.of(
                        IsgxCauses.range("PAGE_LOADED"),
                        s -> range.call(s, s.process().build(PLAN).base + DATA, 1)),
                Scenario.of(IsgxCauses.range("PAGE_MEMORY"), s -> {
                    s.process().launch(PLAN);
                    while (s.process().enclave().residentPages() > 0) {
                        s.machine().driver.kernel().reclaimer().reclaim();
                    }
                    s.limit().set(0);
                    return range.call(s, s.process().base + DATA, 1);
                }),
                Scenario.of(IsgxCauses.range("LEAF_FAULT"), s -> {
                    s.process().launch(PLAN);
                    int page = s.process().epcPage(DATA);
                    s.memory().hole(address -> address == KernelMemory.epcAddress(page));
                    return range.call(s, s.process().base + DATA, 1);
                }));
    }

    private static Stream<Scenario> emodpr() {
        return Stream.of(
                Scenario.of(Emodpr.Cause.FLAGS, s -> emodpr(s, emodpr -> emodpr.flags(8))),
                Scenario.of(Emodpr.Cause.W_NEEDS_R, s -> emodpr(s, emodpr -> emodpr.flags(Secinfo.W))),
                Scenario.of(
                        IsgxCauses.range("PAGE_NOT_TCS"),
                        s -> Range.EMODPR.call(s, s.process().launch(PLAN).base, 1)),
                // The TCS has the last word, whatever happens to the pages around it.
                Scenario.of(
                        IsgxCauses.range("PAGE_NOT_TCS"),
                        s -> Range.EMODPR.call(s, s.process().launch(PLAN).base, 3)));
    }

    private static long emodpr(Stage stage, Consumer<Emodpr> change) {
        stage.process().launch(PLAN);
        Emodpr emodpr = Emodpr.allocate();
        emodpr.startAddr(stage.process().base + DATA);
        emodpr.nrPages(1);
        emodpr.flags(Secinfo.R);
        change.accept(emodpr);
        return stage.process().ioctl(Emodpr.CMD, emodpr.memory());
    }

    private static Stream<Scenario> removal() {
        return Stream.of(
                Scenario.of(
                                IsgxCauses.removal("SGX2"),
                                s -> notifyAccept(s, s.process().launch(PLAN).base))
                        .on(CpuFeatures.SGX1_FLC),
                Scenario.of(
                                IsgxCauses.removal("SGX2"),
                                s -> remove(s, s.process().launch(PLAN).base))
                        .on(CpuFeatures.SGX1_FLC),
                Scenario.of(EnclaveLookup.Cause.ADDRESS_MAPPED, s -> notifyAccept(s, PAGE)),
                Scenario.of(
                        EnclaveLookup.Cause.ENCLAVE_CREATED,
                        s -> notifyAccept(s, s.process().reserve(PLAN.size()))),
                Scenario.of(EnclaveLookup.Cause.POWER_KEPT, s -> {
                    s.process().launch(PLAN);
                    s.machine().driver.powerLoss();
                    return notifyAccept(s, s.process().base);
                }),
                Scenario.of(IsgxCauses.removal("ENCLAVE"), s -> remove(s, PAGE)),
                Scenario.of(
                        IsgxCauses.removal("ENCLAVE"),
                        s -> remove(s, s.process().launch(PLAN).base + 1)),
                Scenario.of(IsgxCauses.removal("ENCLAVE"), s -> {
                    s.process().launch(PLAN);
                    s.machine().driver.powerLoss();
                    return remove(s, s.process().base);
                }),
                Scenario.of(IsgxCauses.removal("PAGE_MAPPED"), s -> {
                    s.process().launch(PLAN);
                    NotifyAccept notify = NotifyAccept.allocate();
                    notify.startAddr(s.process().base + PLAN.size() - PAGE);
                    notify.nrPages(2);
                    return s.process().ioctl(NotifyAccept.CMD, notify.memory());
                }),
                Scenario.of(
                        IsgxCauses.removal("PAGE_LOADED"),
                        s -> remove(s, s.process().launch(PLAN).base + 7 * PAGE)),
                Scenario.of(
                        IsgxCauses.removal("PAGE_TRIMMED"),
                        s -> notifyAccept(s, s.process().launch(PLAN).base + DATA)),
                Scenario.of(EnclaveLookup.Cause.ADDRESS_ALIGNED, s -> {
                    s.process().launch(PLAN);
                    // No call of this page's kind reaches it but add_page; the lookup is theirs too.
                    return s.process().add(8, MemorySegment.ofArray(new byte[Plan.PAGE]), Secinfo.allocate(), 0);
                }));
    }

    private static long notifyAccept(Stage stage, long address) {
        NotifyAccept notify = NotifyAccept.allocate();
        notify.startAddr(address);
        notify.nrPages(1);
        return stage.process().ioctl(NotifyAccept.CMD, notify.memory());
    }

    private static long remove(Stage stage, long address) {
        PageRemove remove = PageRemove.allocate();
        remove.addr(address);
        return stage.process().ioctl(PageRemove.CMD, remove.memory());
    }

    @Test
    void theErrorCodeOfALeafIsTheResult() throws Exception {
        try (Machine machine = new Machine(64);
                Process process = machine.process(InterfaceKind.ISGX).launch(PLAN)) {
            assertThat(process.space.fault(process.base + 7 * PAGE, false)).isEqualTo(FaultResult.NOPAGE);
            Trim trim = Trim.allocate();
            trim.startAddr(process.base + 7 * PAGE);
            trim.nrPages(1);
            // The page is pending since EAUG.
            assertThat(process.ioctl(Trim.CMD, trim.memory())).isEqualTo(20);
            assertThat(process.file.lastRefusal()).isEmpty();
        }
    }
}

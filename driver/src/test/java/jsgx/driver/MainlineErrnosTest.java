package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jsgx.driver.core.Enclave;
import jsgx.driver.mainline.AddPages;
import jsgx.driver.mainline.Create;
import jsgx.driver.mainline.Init;
import jsgx.driver.mainline.ModifyTypes;
import jsgx.driver.mainline.Provision;
import jsgx.driver.mainline.RemovePages;
import jsgx.driver.mainline.RestrictPermissions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every errno of every call of {@code /dev/sgx_enclave}, by its cause. */
class MainlineErrnosTest {

    static final long NOWHERE = 0x1000;
    static final long PAGE = Plan.PAGE;
    static final long TCS = 0;
    static final long CODE = PAGE;
    static final long DATA = 2 * PAGE;
    static final Plan PLAN = Plan.of(4);

    @TestFactory
    Stream<DynamicTest> causes() {
        return all().map(scenario ->
                DynamicTest.dynamicTest(scenario.toString(), () -> scenario.play(InterfaceKind.MAINLINE)));
    }

    @Test
    void everyRuleOfEveryCallIsBrokenHere() {
        Set<Refusal.Cause> broken = all().map(Scenario::cause).collect(Collectors.toSet());
        assertThat(broken)
                .contains(Create.Cause.values())
                .contains(AddPages.Cause.values())
                .contains(Init.Cause.values())
                .contains(Provision.Cause.values())
                .contains(RestrictPermissions.Cause.values())
                .contains(ModifyTypes.Cause.values())
                .contains(RemovePages.Cause.values())
                .contains(Enclave.Cause.EPA, EpcCause.CHARGED, EpcCause.RECLAIMABLE, EpcCause.NO_SIGNAL)
                .contains(FileCause.ONE_IOCTL_AT_A_TIME, FileCause.KNOWN_COMMAND);
    }

    @Test
    void theDocumentationOfEveryCallListsItsErrnosAndNoOther() {
        Set<Refusal.Cause> epc = Set.of(Enclave.Cause.EPA, EpcCause.CHARGED, EpcCause.RECLAIMABLE, EpcCause.NO_SIGNAL);
        documented(Create.class, Create.Cause.values(), epc);
        documented(AddPages.class, AddPages.Cause.values(), epc);
        documented(Init.class, Init.Cause.values(), Set.of());
        documented(Provision.class, Provision.Cause.values(), Set.of());
        documented(RestrictPermissions.class, RestrictPermissions.Cause.values(), Set.of());
        documented(ModifyTypes.class, ModifyTypes.Cause.values(), Set.of());
        documented(RemovePages.class, RemovePages.Cause.values(), Set.of());
    }

    private static void documented(Class<?> call, Refusal.Cause[] causes, Set<Refusal.Cause> more) {
        List<Refusal.Cause> all = new ArrayList<>(Arrays.asList(causes));
        all.addAll(more);
        assertThat(new TreeSet<>(Documented.errnos(call))).isEqualTo(Documented.errnos(all));
    }

    private static Stream<Scenario> all() {
        return Stream.of(MainlineBuilding.all(), MainlineSgx2.all(), file()).flatMap(stream -> stream);
    }

    private static Stream<Scenario> file() {
        return Stream.of(
                Scenario.of(FileCause.KNOWN_COMMAND, s -> s.process().file.ioctl(s.process().space, 0x4010A402, 0)),
                Scenario.of(FileCause.KNOWN_COMMAND, s -> s.process().file.ioctl(s.process().space, 0, 0)),
                // While the account is asked, the ioctl that asks runs.
                Scenario.of(FileCause.ONE_IOCTL_AT_A_TIME, s -> {
                    AtomicLong second = new AtomicLong();
                    s.limit().onCharge(() -> second.set(s.process().init(PLAN)));
                    assertThat(MainlineBuilding.create(s, secs -> {})).isZero();
                    return second.get();
                }));
    }
}

package jsgx.driver;

import static jsgx.driver.MainlineErrnosTest.CODE;
import static jsgx.driver.MainlineErrnosTest.DATA;
import static jsgx.driver.MainlineErrnosTest.NOWHERE;
import static jsgx.driver.MainlineErrnosTest.PAGE;
import static jsgx.driver.MainlineErrnosTest.PLAN;
import static jsgx.driver.MainlineErrnosTest.TCS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.Consumer;
import java.util.stream.Stream;
import jsgx.arch.CpuFeatures;
import jsgx.arch.KernelMemory;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.driver.Scenario.Stage;
import jsgx.driver.core.Reclaiming;
import jsgx.driver.mainline.ModifyTypes;
import jsgx.driver.mainline.RemovePages;
import jsgx.driver.mainline.RestrictPermissions;

/** Each rule of mainline's calls on the pages of an enclave that runs, broken: those of SGX2. */
final class MainlineSgx2 {

    private MainlineSgx2() {}

    static Stream<Scenario> all() {
        return Stream.of(restrict(), modify(), remove()).flatMap(stream -> stream);
    }

    private static Stream<Scenario> restrict() {
        return Stream.of(
                Scenario.of(RestrictPermissions.Cause.SGX2, s -> restrict(s, r -> {}))
                        .on(CpuFeatures.SGX1_FLC),
                Scenario.of(RestrictPermissions.Cause.INITIALIZED, s -> {
                    s.process().build(PLAN);
                    return restricted(s, r -> {});
                }),
                Scenario.of(RestrictPermissions.Cause.ARGUMENT_READABLE, s -> {
                    s.process().launch(PLAN);
                    return s.process().file.ioctl(s.process().space, RestrictPermissions.CMD, NOWHERE);
                }),
                Scenario.of(RestrictPermissions.Cause.RANGE, s -> restrict(s, r -> r.offset(1))),
                Scenario.of(RestrictPermissions.Cause.RANGE, s -> restrict(s, r -> r.length(0))),
                Scenario.of(RestrictPermissions.Cause.RANGE, s -> restrict(s, r -> r.offset(PLAN.size()))),
                Scenario.of(RestrictPermissions.Cause.PERMISSIONS, s -> restrict(s, r -> r.permissions(8))),
                Scenario.of(RestrictPermissions.Cause.W_NEEDS_R, s -> restrict(s, r -> r.permissions(Secinfo.W))),
                Scenario.of(RestrictPermissions.Cause.OUTPUTS_ZERO, s -> restrict(s, r -> r.result(1))),
                Scenario.of(RestrictPermissions.Cause.OUTPUTS_ZERO, s -> restrict(s, r -> r.count(1))),
                Scenario.of(RestrictPermissions.Cause.PAGE_AT_ONCE, s -> {
                    s.process().launch(PLAN);
                    Reclaiming.begin(s.process().enclave(), s.process().base + DATA);
                    return restricted(s, r -> {});
                }),
                Scenario.of(RestrictPermissions.Cause.PAGE_LOADED, s -> restrict(s, r -> r.offset(7 * PAGE))),
                Scenario.of(RestrictPermissions.Cause.PAGE_REG, s -> restrict(s, r -> r.offset(TCS))),
                Scenario.of(RestrictPermissions.Cause.EMODPR_FAULT, s -> {
                    s.process().launch(PLAN);
                    hide(s, s.process().epcPage(DATA));
                    return restricted(s, r -> {});
                }),
                // A page that the enclave has not accepted yet cannot be changed again.
                Scenario.of(RestrictPermissions.Cause.EMODPR, s -> {
                    s.process().launch(PLAN);
                    assertThat(s.process().space.fault(s.process().base + 7 * PAGE, true))
                            .isEqualTo(FaultResult.NOPAGE);
                    return restricted(s, r -> r.offset(7 * PAGE));
                }),
                Scenario.of(RestrictPermissions.Cause.ETRACK, s -> {
                    s.process().launch(PLAN);
                    hide(s, s.process().secsPage());
                    return restricted(s, r -> {});
                }),
                Scenario.of(RestrictPermissions.Cause.ARGUMENT_WRITABLE, s -> {
                    s.process().launch(PLAN);
                    return s.process()
                            .ioctl(
                                    RestrictPermissions.CMD,
                                    restrictRequest().memory().asReadOnly());
                }));
    }

    private static RestrictPermissions restrictRequest() {
        RestrictPermissions restrict = RestrictPermissions.allocate();
        restrict.offset(DATA);
        restrict.length(PAGE);
        restrict.permissions(Secinfo.R);
        return restrict;
    }

    private static long restrict(Stage stage, Consumer<RestrictPermissions> change) {
        stage.process().launch(PLAN);
        return restricted(stage, change);
    }

    private static long restricted(Stage stage, Consumer<RestrictPermissions> change) {
        RestrictPermissions restrict = restrictRequest();
        change.accept(restrict);
        return stage.process().ioctl(RestrictPermissions.CMD, restrict.memory());
    }

    private static void hide(Stage stage, int epcPage) {
        stage.memory().hole(address -> address == KernelMemory.epcAddress(epcPage));
    }

    private static Stream<Scenario> modify() {
        return Stream.of(
                Scenario.of(ModifyTypes.Cause.SGX2, s -> modify(s, m -> {})).on(CpuFeatures.SGX1_FLC),
                Scenario.of(ModifyTypes.Cause.INITIALIZED, s -> {
                    s.process().build(PLAN);
                    return modified(s, m -> {});
                }),
                Scenario.of(ModifyTypes.Cause.ARGUMENT_READABLE, s -> {
                    s.process().launch(PLAN);
                    return s.process().file.ioctl(s.process().space, ModifyTypes.CMD, NOWHERE);
                }),
                Scenario.of(ModifyTypes.Cause.RANGE, s -> modify(s, m -> m.offset(1))),
                Scenario.of(ModifyTypes.Cause.TYPE_BITS, s -> modify(s, m -> m.pageType(0x100))),
                Scenario.of(ModifyTypes.Cause.OUTPUTS_ZERO, s -> modify(s, m -> m.result(1))),
                Scenario.of(ModifyTypes.Cause.OUTPUTS_ZERO, s -> modify(s, m -> m.count(1))),
                Scenario.of(ModifyTypes.Cause.TYPE, s -> modify(s, m -> m.pageType(PageType.REG.code()))),
                Scenario.of(ModifyTypes.Cause.TYPE, s -> modify(s, m -> m.pageType(PageType.SECS.code()))),
                Scenario.of(ModifyTypes.Cause.PAGE_AT_ONCE, s -> {
                    s.process().launch(PLAN);
                    Reclaiming.begin(s.process().enclave(), s.process().base + DATA);
                    return modified(s, m -> {});
                }),
                Scenario.of(ModifyTypes.Cause.PAGE_LOADED, s -> modify(s, m -> m.offset(7 * PAGE))),
                Scenario.of(
                        ModifyTypes.Cause.PAGE_TYPE_CHANGE,
                        s -> modify(s, m -> {
                            m.offset(TCS);
                            m.pageType(PageType.TCS.code());
                        })),
                Scenario.of(
                        ModifyTypes.Cause.TCS_FROM_RW,
                        s -> modify(s, m -> {
                            m.offset(CODE);
                            m.pageType(PageType.TCS.code());
                        })),
                Scenario.of(ModifyTypes.Cause.EMODT_FAULT, s -> {
                    s.process().launch(PLAN);
                    hide(s, s.process().epcPage(DATA));
                    return modified(s, m -> {});
                }),
                Scenario.of(ModifyTypes.Cause.EMODT, s -> {
                    s.process().launch(PLAN);
                    assertThat(s.process().space.fault(s.process().base + 7 * PAGE, true))
                            .isEqualTo(FaultResult.NOPAGE);
                    return modified(s, m -> m.offset(7 * PAGE));
                }),
                Scenario.of(ModifyTypes.Cause.ETRACK, s -> {
                    s.process().launch(PLAN);
                    hide(s, s.process().secsPage());
                    return modified(s, m -> {});
                }),
                Scenario.of(ModifyTypes.Cause.ARGUMENT_WRITABLE, s -> {
                    s.process().launch(PLAN);
                    return s.process()
                            .ioctl(ModifyTypes.CMD, modifyRequest().memory().asReadOnly());
                }));
    }

    private static ModifyTypes modifyRequest() {
        ModifyTypes modify = ModifyTypes.allocate();
        modify.offset(DATA);
        modify.length(PAGE);
        modify.pageType(PageType.TRIM.code());
        return modify;
    }

    private static long modify(Stage stage, Consumer<ModifyTypes> change) {
        stage.process().launch(PLAN);
        return modified(stage, change);
    }

    private static long modified(Stage stage, Consumer<ModifyTypes> change) {
        ModifyTypes modify = modifyRequest();
        change.accept(modify);
        return stage.process().ioctl(ModifyTypes.CMD, modify.memory());
    }

    private static Stream<Scenario> remove() {
        return Stream.of(
                Scenario.of(RemovePages.Cause.SGX2, s -> remove(s, r -> {})).on(CpuFeatures.SGX1_FLC),
                Scenario.of(RemovePages.Cause.INITIALIZED, s -> {
                    s.process().build(PLAN);
                    return removed(s, r -> {});
                }),
                Scenario.of(RemovePages.Cause.ARGUMENT_READABLE, s -> {
                    s.process().launch(PLAN);
                    return s.process().file.ioctl(s.process().space, RemovePages.CMD, NOWHERE);
                }),
                Scenario.of(RemovePages.Cause.RANGE, s -> remove(s, r -> r.length(1))),
                Scenario.of(RemovePages.Cause.OUTPUT_ZERO, s -> remove(s, r -> r.count(1))),
                Scenario.of(RemovePages.Cause.PAGE_AT_ONCE, s -> {
                    s.process().launch(PLAN);
                    Reclaiming.begin(s.process().enclave(), s.process().base + 5 * PAGE);
                    return removed(s, r -> {});
                }),
                Scenario.of(RemovePages.Cause.PAGE_LOADED, s -> remove(s, r -> r.offset(7 * PAGE))),
                Scenario.of(RemovePages.Cause.PAGE_TRIMMED, s -> remove(s, r -> {})),
                Scenario.of(RemovePages.Cause.PAGE_ACCEPTED, s -> {
                    s.process().launch(PLAN);
                    assertThat(modified(s, m -> m.offset(5 * PAGE))).isZero();
                    return removed(s, r -> {});
                }),
                Scenario.of(RemovePages.Cause.PAGE_KEPT, s -> {
                    trimAndAccept(s);
                    Reclaiming.isolateAll(s.machine().driver.kernel());
                    return removed(s, r -> {});
                }),
                Scenario.of(RemovePages.Cause.ARGUMENT_WRITABLE, s -> {
                    trimAndAccept(s);
                    return s.process()
                            .ioctl(RemovePages.CMD, removeRequest().memory().asReadOnly());
                }));
    }

    private static void trimAndAccept(Stage stage) {
        stage.process().launch(PLAN);
        assertThat(modified(stage, m -> m.offset(5 * PAGE))).isZero();
        long flags = Secinfo.MODIFIED | (long) PageType.TRIM.code() << 8;
        assertThat(stage.process().accept(5 * PAGE, flags).isSuccess()).isTrue();
    }

    private static RemovePages removeRequest() {
        RemovePages remove = RemovePages.allocate();
        remove.offset(5 * PAGE);
        remove.length(PAGE);
        return remove;
    }

    private static long remove(Stage stage, Consumer<RemovePages> change) {
        stage.process().launch(PLAN);
        return removed(stage, change);
    }

    private static long removed(Stage stage, Consumer<RemovePages> change) {
        RemovePages remove = removeRequest();
        change.accept(remove);
        return stage.process().ioctl(RemovePages.CMD, remove.memory());
    }
}

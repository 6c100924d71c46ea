package jsgx.driver;

import static jsgx.driver.MainlineErrnosTest.DATA;
import static jsgx.driver.MainlineErrnosTest.NOWHERE;
import static jsgx.driver.MainlineErrnosTest.PAGE;
import static jsgx.driver.MainlineErrnosTest.PLAN;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import java.util.stream.Stream;
import jsgx.arch.KernelMemory;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.Scenario.Stage;
import jsgx.driver.core.Enclave;
import jsgx.driver.mainline.AddPages;
import jsgx.driver.mainline.Create;
import jsgx.driver.mainline.Init;
import jsgx.driver.mainline.Provision;

/** Each rule of mainline's calls that build an enclave, broken. */
final class MainlineBuilding {

    private MainlineBuilding() {}

    static Stream<Scenario> all() {
        return Stream.of(create(), addPages(), sources(), init(), provision()).flatMap(stream -> stream);
    }

    private static Stream<Scenario> create() {
        return Stream.of(
                Scenario.of(Create.Cause.NOT_CREATED, s -> {
                    s.process().build(PLAN);
                    return s.process().create(PLAN.secs(s.process().base));
                }),
                Scenario.of(
                        Create.Cause.ARGUMENT_READABLE,
                        s -> s.process().file.ioctl(s.process().space, Create.CMD, NOWHERE)),
                Scenario.of(Create.Cause.SECS_READABLE, s -> {
                    Create create = Create.allocate();
                    create.src(NOWHERE);
                    return s.process().ioctl(Create.CMD, create.memory());
                }),
                Scenario.of(Create.Cause.SIZE_POWER_OF_TWO, s -> create(s, secs -> secs.size(3 * PAGE))),
                Scenario.of(Create.Cause.SIZE_POWER_OF_TWO, s -> create(s, secs -> secs.size(0))),
                // Everything else is for ECREATE to find.
                Scenario.of(Create.Cause.ECREATE, s -> create(s, secs -> secs.size(PAGE))),
                Scenario.of(Create.Cause.ECREATE, s -> create(s, secs -> secs.ssaFrameSize(0))),
                Scenario.of(Create.Cause.ECREATE, s -> create(s, secs -> secs.miscSelect(2))),
                Scenario.of(
                        Create.Cause.ECREATE,
                        s -> create(s, secs -> secs.attributes(new Attributes(Attributes.INIT, 3)))),
                Scenario.of(Create.Cause.ECREATE, s -> create(s, secs -> secs.attributes(new Attributes(4, 1)))),
                Scenario.of(EpcCause.RECLAIMABLE, s -> create(s, secs -> {})).on(1),
                Scenario.of(EpcCause.CHARGED, s -> {
                    s.limit().set(1);
                    return create(s, secs -> {});
                }),
                Scenario.of(EpcCause.NO_SIGNAL, s -> {
                            s.machine().process(InterfaceKind.MAINLINE).build(Plan.of(2));
                            Thread.currentThread().interrupt();
                            return create(s, secs -> {});
                        })
                        .on(6),
                Scenario.of(Enclave.Cause.EPA, s -> {
                    s.memory().hole(address -> address == KernelMemory.epcAddress(0));
                    return create(s, secs -> {});
                }));
    }

    static long create(Stage stage, Consumer<Secs> change) {
        Secs secs = PLAN.secs(Process.BASE);
        change.accept(secs);
        return stage.process().create(secs);
    }

    private static Stream<Scenario> addPages() {
        return Stream.of(
                Scenario.of(AddPages.Cause.CREATED, s -> add(s, add -> {})),
                Scenario.of(AddPages.Cause.NOT_INITIALIZED, s -> {
                    s.process().launch(PLAN);
                    return add(s, add -> {});
                }),
                Scenario.of(AddPages.Cause.ARGUMENT_READABLE, s -> {
                    s.process().build(PLAN);
                    return s.process().file.ioctl(s.process().space, AddPages.CMD, NOWHERE);
                }),
                added(AddPages.Cause.SRC_ALIGNED, add -> add.src(add.src() + 8)),
                added(AddPages.Cause.RANGE, add -> add.offset(8)),
                added(AddPages.Cause.RANGE, add -> add.length(0)),
                added(AddPages.Cause.RANGE, add -> add.length(8)),
                added(AddPages.Cause.RANGE, add -> add.offset(PLAN.size())),
                added(AddPages.Cause.RANGE, add -> add.length(PLAN.size() + PAGE)),
                added(AddPages.Cause.RANGE, add -> add.offset(-PAGE)),
                added(AddPages.Cause.RANGE, add -> add.length(-PAGE)),
                added(AddPages.Cause.SECINFO_READABLE, add -> add.secinfo(NOWHERE)),
                secinfo(AddPages.Cause.SECINFO_TYPE, PageType.VA.code() << 8),
                secinfo(AddPages.Cause.SECINFO_TYPE, PageType.SECS.code() << 8),
                secinfo(AddPages.Cause.SECINFO_TYPE, PageType.TRIM.code() << 8 | 3),
                secinfo(AddPages.Cause.SECINFO_TYPE, PageType.SS_FIRST.code() << 8 | 3),
                secinfo(AddPages.Cause.SECINFO_W_NEEDS_R, PageType.REG.code() << 8 | Secinfo.W),
                secinfo(AddPages.Cause.SECINFO_TCS_PERMISSIONS, PageType.TCS.code() << 8 | Secinfo.R),
                secinfo(AddPages.Cause.SECINFO_RESERVED, Plan.RW | Secinfo.PENDING),
                secinfo(AddPages.Cause.SECINFO_RESERVED, Plan.RW | Secinfo.MODIFIED),
                secinfo(AddPages.Cause.SECINFO_RESERVED, Plan.RW | Secinfo.PR),
                secinfo(AddPages.Cause.SECINFO_RESERVED, Plan.RW | 1L << 63),
                Scenario.of(AddPages.Cause.SECINFO_RESERVED, s -> {
                    MemorySegment secinfo = MemorySegment.ofArray(new byte[Secinfo.SIZE]);
                    new Secinfo(secinfo).flags(Plan.RW);
                    secinfo.set(java.lang.foreign.ValueLayout.JAVA_BYTE, 63, (byte) 1);
                    long at = s.process().space.place(secinfo);
                    return addAfterBuild(s, add -> add.secinfo(at));
                }),
                added(AddPages.Cause.PAGE_FREE, add -> add.offset(DATA)),
                Scenario.of(AddPages.Cause.NO_SIGNAL, s -> {
                    s.process().build(PLAN);
                    Thread.currentThread().interrupt();
                    return add(s, add -> {});
                }),
                Scenario.of(AddPages.Cause.ARGUMENT_WRITABLE, s -> {
                    s.process().build(PLAN);
                    AddPages add = request(s);
                    return s.process().ioctl(AddPages.CMD, add.memory().asReadOnly());
                }));
    }

    /** What is wrong with the source of a page, and what can go wrong when it is added. */
    private static Stream<Scenario> sources() {
        return Stream.of(
                added(AddPages.Cause.SRC_MAPPED, add -> add.src(0x7fff_ffff_f000L)),
                Scenario.of(AddPages.Cause.SRC_MAY_EXEC, s -> {
                    s.process().space.put(0x10000, MemorySegment.ofArray(new byte[Plan.PAGE]), false);
                    return addAfterBuild(s, add -> add.src(0x10000));
                }),
                added(AddPages.Cause.SRC_READABLE, add -> add.src(NOWHERE)),
                Scenario.of(AddPages.Cause.EADD, s -> {
                    s.process().build(PLAN);
                    s.machine().driver.powerLoss();
                    return add(s, add -> {});
                }),
                Scenario.of(AddPages.Cause.EEXTEND, s -> {
                    s.process().build(PLAN);
                    s.memory().hole(FaultyMemory::isChunk);
                    return add(s, add -> add.flags(AddPages.MEASURE));
                }),
                Scenario.of(EpcCause.RECLAIMABLE, s -> {
                            s.process().reserve(PLAN.size());
                            assertThat(s.process().create(PLAN.secs(s.process().base)))
                                    .isZero();
                            return add(s, add -> {});
                        })
                        .on(2),
                Scenario.of(EpcCause.CHARGED, s -> {
                    s.process().reserve(PLAN.size());
                    assertThat(s.process().create(PLAN.secs(s.process().base))).isZero();
                    s.limit().set(0);
                    return add(s, add -> {});
                }),
                Scenario.of(EpcCause.NO_SIGNAL, s -> {
                            s.process().build(PLAN);
                            s.limit().onCharge(() -> Thread.currentThread().interrupt());
                            return add(s, add -> {});
                        })
                        .on(8),
                Scenario.of(Enclave.Cause.EPA, s -> {
                            Plan large = new Plan(1024 * PAGE);
                            s.process().reserve(large.size());
                            assertThat(s.process().create(large.secs(s.process().base)))
                                    .isZero();
                            MemorySegment content = MemorySegment.ofArray(new byte[511 * Plan.PAGE]);
                            Secinfo secinfo = Secinfo.allocate();
                            secinfo.flags(Plan.RW);
                            assertThat(s.process().add(0, content, secinfo, 0)).isZero();
                            // One version array, the SECS, 511 pages; then the 512th page and the next version array.
                            s.memory().hole(address -> address == KernelMemory.epcAddress(514));
                            return add(s, add -> add.offset(511 * PAGE));
                        })
                        .on(1024));
    }

    private static Scenario secinfo(AddPages.Cause cause, long flags) {
        return Scenario.of(cause, s -> {
            Secinfo secinfo = Secinfo.allocate();
            secinfo.flags(flags);
            long at = s.process().space.place(secinfo.memory());
            return addAfterBuild(s, add -> add.secinfo(at));
        });
    }

    private static Scenario added(AddPages.Cause cause, Consumer<AddPages> change) {
        return Scenario.of(cause, s -> addAfterBuild(s, change));
    }

    private static long addAfterBuild(Stage stage, Consumer<AddPages> change) {
        stage.process().build(PLAN);
        return add(stage, change);
    }

    private static long add(Stage stage, Consumer<AddPages> change) {
        AddPages add = request(stage);
        change.accept(add);
        return stage.process().ioctl(AddPages.CMD, add.memory());
    }

    /** A request that would add one more page behind those of {@link MainlineErrnosTest#PLAN}. */
    private static AddPages request(Stage stage) {
        AddPages add = AddPages.allocate();
        Secinfo secinfo = Secinfo.allocate();
        secinfo.flags(Plan.RW);
        add.src(stage.process().space.place(MemorySegment.ofArray(new byte[Plan.PAGE])));
        add.secinfo(stage.process().space.place(secinfo.memory()));
        add.offset(6 * PAGE);
        add.length(PAGE);
        return add;
    }

    private static Stream<Scenario> init() {
        return Stream.of(
                Scenario.of(Init.Cause.CREATED, s -> s.process().init(PLAN)),
                Scenario.of(
                        Init.Cause.NOT_INITIALIZED,
                        s -> s.process().launch(PLAN).init(PLAN)),
                Scenario.of(Init.Cause.ARGUMENT_READABLE, s -> {
                    s.process().build(PLAN);
                    return s.process().file.ioctl(s.process().space, Init.CMD, NOWHERE);
                }),
                Scenario.of(
                        Init.Cause.SIGSTRUCT_READABLE,
                        s -> s.process().build(PLAN).initAt(NOWHERE, NOWHERE)),
                init(Init.Cause.SIGSTRUCT_VENDOR, sig -> sig.vendor(1)),
                attributes(Attributes.MODE64BIT | Attributes.PROVISIONKEY),
                attributes(Attributes.MODE64BIT | Attributes.EINITTOKENKEY),
                init(Init.Cause.SIGSTRUCT_ATTRIBUTES, sig -> sig.attributes(new Attributes(1L << 3, 3))),
                init(Init.Cause.SIGSTRUCT_ATTRIBUTES, sig -> sig.attributes(new Attributes(Attributes.INIT, 3))),
                init(Init.Cause.SIGSTRUCT_MISCSELECT, sig -> sig.miscSelect(2)),
                init(Init.Cause.SIGSTRUCT_XFRM, sig -> sig.attributes(new Attributes(4, 1L << 60 | 3))),
                Scenario.of(Init.Cause.NO_SIGNAL, s -> {
                            s.process().build(PLAN);
                            s.machine().driver.kernel().processors().any().pendingEvent(() -> true);
                            return s.process().init(PLAN);
                        })
                        .with(options -> options.withProcessors(1).withPause(duration -> {
                            throw new InterruptedException("a signal");
                        })),
                // SGX_UNMASKED_EVENT is an error code like any other once the attempts are used up.
                Scenario.of(Init.Cause.EINIT, s -> {
                            s.process().build(PLAN);
                            s.machine().driver.kernel().processors().any().pendingEvent(() -> true);
                            return s.process().init(PLAN);
                        })
                        .with(options -> options.withProcessors(1)),
                Scenario.of(Init.Cause.EINIT_FAULT, s -> {
                    s.process().build(PLAN);
                    s.machine().driver.powerLoss();
                    return s.process().init(PLAN);
                }),
                init(Init.Cause.EINIT, sig -> sig.enclaveHash(new byte[32])),
                init(Init.Cause.EINIT, sig -> sig.attributes(new Attributes(0, 3))));
    }

    private static Scenario init(Init.Cause cause, Consumer<Sigstruct> change) {
        return Scenario.of(cause, s -> {
            Sigstruct sigstruct = PLAN.sigstruct(Machine.AUTHOR, change);
            // Signing writes no vendor.
            change.accept(sigstruct);
            return s.process().build(PLAN).init(sigstruct, new byte[304]);
        });
    }

    private static Scenario attributes(long flags) {
        return Scenario.of(Init.Cause.ATTRIBUTES_ALLOWED, s -> {
            Plan plan = Plan.of(1).attributes(flags);
            return s.process().build(plan).init(plan);
        });
    }

    private static Stream<Scenario> provision() {
        return Stream.of(
                Scenario.of(
                        Provision.Cause.ARGUMENT_READABLE,
                        s -> s.process().file.ioctl(s.process().space, Provision.CMD, NOWHERE)),
                Scenario.of(Provision.Cause.FD_PROVISION, s -> provision(s, 77)),
                Scenario.of(
                        Provision.Cause.FD_PROVISION,
                        s -> provision(s, s.process().space.descriptor(s.process().file))));
    }

    private static long provision(Stage stage, int fd) {
        Provision provision = Provision.allocate();
        provision.fd(fd);
        return stage.process().ioctl(Provision.CMD, provision.memory());
    }
}

package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jsgx.arch.CpuFeatures;
import jsgx.arch.KernelMemory;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Tcs;
import jsgx.driver.Scenario.Stage;
import jsgx.driver.core.Enclave;
import jsgx.driver.legacy.EnclaveCreation;
import jsgx.driver.legacy.EnclaveLookup;
import jsgx.driver.legacy.Initialization;
import jsgx.driver.legacy.PageAddition;
import jsgx.driver.legacy.SecsCheck;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every result of create, add_page and init of {@code /dev/sgx} and {@code /dev/isgx}, by its cause. */
class LegacyErrnosTest {

    private static final long NOWHERE = 0x1000;
    private static final long PAGE = Plan.PAGE;
    private static final Plan PLAN = Plan.of(4);
    private static final int RW = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;
    private static final Set<Refusal.Cause> EPC = Set.of(
            Enclave.Cause.EPA, EpcCause.CHARGED, EpcCause.RECLAIMABLE, EpcCause.NO_SIGNAL, EpcCause.VERSION_ARRAYS);

    @TestFactory
    Stream<DynamicContainer> causes() {
        return Stream.of(InterfaceKind.V5, InterfaceKind.ISGX)
                .map(kind -> DynamicContainer.dynamicContainer(
                        kind.toString(),
                        all(kind)
                                .map(scenario ->
                                        DynamicTest.dynamicTest(scenario.toString(), () -> scenario.play(kind)))));
    }

    @Test
    void everyRuleOfEveryCallIsBrokenHere() {
        for (InterfaceKind kind : List.of(InterfaceKind.V5, InterfaceKind.ISGX)) {
            Set<Refusal.Cause> broken = all(kind).map(Scenario::cause).collect(Collectors.toSet());
            Set<Refusal.Cause> rules = new HashSet<>(EPC);
            rules.addAll(List.of(SecsCheck.Cause.values()));
            rules.addAll(List.of(EnclaveCreation.Cause.values()));
            rules.addAll(List.of(EnclaveLookup.Cause.values()));
            rules.addAll(List.of(PageAddition.Cause.values()));
            rules.addAll(List.of(Initialization.Cause.values()));
            rules.addAll(List.of(FileCause.KNOWN_COMMAND, FileCause.ARGUMENT_READABLE));
            rules.removeAll(
                    kind == InterfaceKind.V5
                            ? Set.of(Initialization.Cause.EINITTOKEN_READABLE)
                            : Set.of(Initialization.Cause.FLAGS_ZERO, EnclaveCreation.Cause.MAPPING_OFFSET));
            assertThat(broken).containsAll(rules);
        }
    }

    @Test
    void theDocumentationOfEveryCallListsItsErrnosAndNoOther() {
        List<Refusal.Cause> create = new ArrayList<>(EPC);
        create.addAll(List.of(SecsCheck.Cause.values()));
        create.addAll(List.of(EnclaveCreation.Cause.values()));
        List<Refusal.Cause> add = new ArrayList<>(EPC);
        add.addAll(List.of(EnclaveLookup.Cause.values()));
        add.addAll(List.of(PageAddition.Cause.values()));
        List<Refusal.Cause> init = new ArrayList<>(List.of(EnclaveLookup.Cause.values()));
        init.addAll(List.of(Initialization.Cause.values()));
        documented(jsgx.driver.v5.Create.class, create);
        documented(jsgx.driver.isgx.Create.class, create);
        documented(jsgx.driver.v5.AddPage.class, add);
        documented(jsgx.driver.isgx.AddPage.class, add);
        // -EIO is what the launch authority returns where the launch enclave does not run.
        Set<String> v5 = Documented.errnos(jsgx.driver.v5.Init.class);
        assertThat(v5).containsAll(Documented.errnos(init));
        documented(jsgx.driver.isgx.Init.class, init);
    }

    private static void documented(Class<?> call, List<Refusal.Cause> causes) {
        assertThat(new TreeSet<>(Documented.errnos(call))).isEqualTo(Documented.errnos(causes));
    }

    private static Stream<Scenario> all(InterfaceKind kind) {
        return Stream.of(secs(kind), create(kind), epc(), add(), secinfo(), tcs(), init(), file(kind))
                .flatMap(stream -> stream);
    }

    private static Stream<Scenario> secs(InterfaceKind kind) {
        return Stream.of(
                        secs(SecsCheck.Cause.SIZE, secs -> secs.size(PAGE)),
                        secs(SecsCheck.Cause.SIZE, secs -> secs.size(3 * PAGE)),
                        secs(SecsCheck.Cause.SIZE, secs -> secs.size(0)),
                        secs(SecsCheck.Cause.BASEADDR, secs -> secs.baseAddr(secs.baseAddr() + PAGE)),
                        secs(
                                SecsCheck.Cause.ATTRIBUTES,
                                secs -> secs.attributes(new Attributes(Attributes.INIT | 4, 3))),
                        secs(SecsCheck.Cause.ATTRIBUTES, secs -> secs.attributes(new Attributes(1L << 3 | 4, 3))),
                        secs(SecsCheck.Cause.ATTRIBUTES, secs -> secs.attributes(new Attributes(1L << 10 | 4, 3))),
                        secs(SecsCheck.Cause.MISCSELECT, secs -> secs.miscSelect(2)),
                        secs(SecsCheck.Cause.MODE, secs -> secs.attributes(new Attributes(0, 3))),
                        secs(SecsCheck.Cause.SIZE_MAXIMUM, secs -> {
                            secs.size(1L << 57);
                            secs.baseAddr(0);
                        }),
                        secs(SecsCheck.Cause.XFRM, secs -> secs.attributes(new Attributes(4, 1))),
                        secs(SecsCheck.Cause.XFRM, secs -> secs.attributes(new Attributes(4, 1L << 40 | 3))),
                        secs(SecsCheck.Cause.XFRM_MPX, secs -> secs.attributes(new Attributes(4, 0xb)))
                                .on(CpuFeatures.SGX1_FLC),
                        secs(SecsCheck.Cause.XFRM_MPX, secs -> secs.attributes(new Attributes(4, 0x13)))
                                .on(CpuFeatures.SGX1_FLC),
                        secs(SecsCheck.Cause.SSAFRAMESIZE, secs -> secs.ssaFrameSize(0)),
                        secs(SecsCheck.Cause.RESERVED, secs -> poke(secs, 24)),
                        secs(SecsCheck.Cause.RESERVED, secs -> poke(secs, 47)),
                        secs(SecsCheck.Cause.RESERVED, secs -> poke(secs, 96)),
                        secs(SecsCheck.Cause.RESERVED, secs -> poke(secs, 191)),
                        secs(SecsCheck.Cause.RESERVED, secs -> poke(secs, 262)),
                        secs(SecsCheck.Cause.RESERVED, secs -> poke(secs, 4095)),
                        kind == InterfaceKind.V5
                                ? secs(
                                        SecsCheck.Cause.ATTRIBUTES,
                                        secs -> secs.attributes(new Attributes(Attributes.KSS | 4, 3)))
                                : secs(SecsCheck.Cause.ATTRIBUTES, secs -> secs.attributes(new Attributes(1L << 8, 3))))
                .sequential();
    }

    private static void poke(Secs secs, int offset) {
        secs.memory().set(ValueLayout.JAVA_BYTE, offset, (byte) 1);
    }

    private static Scenario secs(SecsCheck.Cause cause, Consumer<Secs> change) {
        return Scenario.of(cause, s -> create(s, change));
    }

    private static long create(Stage stage, Consumer<Secs> change) {
        Secs secs = PLAN.secs(stage.process().reserve(PLAN.size()));
        change.accept(secs);
        return stage.process().create(secs);
    }

    private static Stream<Scenario> create(InterfaceKind kind) {
        List<Scenario> list = new ArrayList<>(List.of(
                Scenario.of(EnclaveCreation.Cause.SECS_READABLE, s -> createAt(s, kind, NOWHERE)),
                // The second half of the SECS is missing.
                Scenario.of(EnclaveCreation.Cause.SECS_READABLE, s -> {
                            long at = s.process().space.place(MemorySegment.ofArray(new byte[2048]));
                            return createAt(s, kind, at);
                        })
                        .returning(2048),
                // SSAFRAMESIZE of 2^32 - 1 pages is large enough for the driver, and for ECREATE; BASEADDR that is not
                // canonical is ECREATE's to find.
                Scenario.of(EnclaveCreation.Cause.ECREATE, s -> create(s, secs -> secs.baseAddr(1L << 62))),
                Scenario.of(EnclaveCreation.Cause.MAPPING, s -> {
                    Secs secs = PLAN.secs(Process.BASE);
                    return s.process().create(secs);
                }),
                Scenario.of(EnclaveCreation.Cause.MAPPING_FREE, s -> {
                    s.process().build(PLAN);
                    return s.process().create(PLAN.secs(s.process().base));
                }),
                Scenario.of(EnclaveCreation.Cause.MAPPING_RANGE, s -> create(s, secs -> secs.size(PLAN.size() / 2))),
                Scenario.of(EnclaveCreation.Cause.MAPPING_RANGE, s -> {
                    Secs secs = PLAN.secs(s.process().reserve(PLAN.size() / 2));
                    secs.baseAddr(secs.baseAddr() & -PLAN.size());
                    s.process().space.unmap(secs.baseAddr(), PLAN.size());
                    long mapped = s.process()
                            .file
                            .mmap(
                                    s.process().space,
                                    secs.baseAddr(),
                                    PLAN.size() / 2,
                                    RW,
                                    DeviceFile.MAP_SHARED | DeviceFile.MAP_FIXED,
                                    0);
                    assertThat(mapped).isEqualTo(secs.baseAddr());
                    return s.process().create(secs);
                })));
        if (kind == InterfaceKind.V5) {
            list.add(Scenario.of(EnclaveCreation.Cause.MAPPING_OFFSET, s -> {
                long base = s.process().file.mmap(s.process().space, 0, PLAN.size(), RW, DeviceFile.MAP_SHARED, PAGE);
                return s.process().create(PLAN.secs(base));
            }));
        }
        return list.stream();
    }

    private static long createAt(Stage stage, InterfaceKind kind, long src) {
        if (kind == InterfaceKind.V5) {
            var create = jsgx.driver.v5.Create.allocate();
            create.src(src);
            return stage.process().ioctl(jsgx.driver.v5.Create.CMD, create.memory());
        }
        var create = jsgx.driver.isgx.Create.allocate();
        create.src(src);
        return stage.process().ioctl(jsgx.driver.isgx.Create.CMD, create.memory());
    }

    private static Stream<Scenario> epc() {
        return Stream.of(
                Scenario.of(EpcCause.RECLAIMABLE, s -> {
                            Process other = s.machine().process(s.process().kind);
                            assertThat(other.create(PLAN.secs(other.reserve(PLAN.size()))))
                                    .isZero();
                            return create(s, secs -> {});
                        })
                        .on(3),
                Scenario.of(EpcCause.CHARGED, s -> {
                    s.limit().set(1);
                    return create(s, secs -> {});
                }),
                Scenario.of(EpcCause.CHARGED, s -> {
                    s.process().reserve(PLAN.size());
                    assertThat(s.process().create(PLAN.secs(s.process().base))).isZero();
                    s.limit().set(0);
                    return add(s, 6 * PAGE, Plan.RW, new byte[Plan.PAGE]);
                }),
                Scenario.of(EpcCause.NO_SIGNAL, s -> {
                            s.machine().process(s.process().kind).build(Plan.of(2));
                            Thread.currentThread().interrupt();
                            return create(s, secs -> {});
                        })
                        .on(6),
                // The first page of the EPC becomes the SECS, the second the version array.
                Scenario.of(Enclave.Cause.EPA, s -> {
                    s.memory().hole(address -> address == KernelMemory.epcAddress(1));
                    return create(s, secs -> {});
                }),
                Scenario.of(EpcCause.VERSION_ARRAYS, s -> {
                            // Each enclave before loses its page and then its SECS, but keeps its version array.
                            for (int i = 0; i < 2; i++) {
                                s.machine().process(s.process().kind).launch(onePage());
                            }
                            Plan plan = onePage();
                            s.process().reserve(plan.size());
                            assertThat(s.process().create(plan.secs(s.process().base)))
                                    .isZero();
                            return s.process().add(plan.pages().getFirst());
                        })
                        .on(4));
    }

    private static Plan onePage() {
        return new Plan(2 * PAGE).page(0, Plan.RX, new byte[Plan.PAGE], 0);
    }

    private static Stream<Scenario> add() {
        return Stream.of(
                Scenario.of(EnclaveLookup.Cause.ADDRESS_ALIGNED, s -> {
                    s.process().build(PLAN);
                    return add(s, 8, Plan.RW, new byte[Plan.PAGE]);
                }),
                Scenario.of(EnclaveLookup.Cause.ADDRESS_MAPPED, s -> {
                    s.process().build(PLAN);
                    return add(s, PLAN.size(), Plan.RW, new byte[Plan.PAGE]);
                }),
                Scenario.of(EnclaveLookup.Cause.ENCLAVE_CREATED, s -> {
                    s.process().reserve(PLAN.size());
                    return add(s, 0, Plan.RW, new byte[Plan.PAGE]);
                }),
                Scenario.of(EnclaveLookup.Cause.POWER_KEPT, s -> {
                    s.process().build(PLAN);
                    s.machine().driver.powerLoss();
                    return add(s, 6 * PAGE, Plan.RW, new byte[Plan.PAGE]);
                }),
                Scenario.of(PageAddition.Cause.SECINFO_READABLE, s -> addAt(s, false, true)),
                Scenario.of(PageAddition.Cause.SRC_READABLE, s -> addAt(s, true, false)),
                // The last 16 bytes of the content are missing.
                Scenario.of(PageAddition.Cause.SRC_READABLE, s -> {
                            s.process().build(PLAN);
                            return add(s, 6 * PAGE, Plan.RW, new byte[Plan.PAGE - 16]);
                        })
                        .returning(16),
                Scenario.of(PageAddition.Cause.NOT_INITIALIZED, s -> {
                    s.process().launch(PLAN);
                    return add(s, 6 * PAGE, Plan.RW, new byte[Plan.PAGE]);
                }),
                Scenario.of(PageAddition.Cause.NOT_DEAD, s -> {
                    s.process().build(PLAN);
                    s.process().space.unmap(s.process().base, PAGE);
                    return add(s, 6 * PAGE, Plan.RW, new byte[Plan.PAGE]);
                }),
                Scenario.of(PageAddition.Cause.PAGE_FREE, s -> {
                    s.process().build(PLAN);
                    return add(s, 2 * PAGE, Plan.RW, new byte[Plan.PAGE]);
                }));
    }

    private static long add(Stage stage, long offset, long flags, byte[] content) {
        Secinfo secinfo = Secinfo.allocate();
        secinfo.flags(flags);
        return stage.process().add(offset, MemorySegment.ofArray(content), secinfo, 0);
    }

    private static long addAt(Stage stage, boolean secinfo, boolean content) {
        stage.process().build(PLAN);
        long info = secinfo ? stage.process().space.place(Secinfo.allocate().memory()) : NOWHERE;
        long src = content ? stage.process().space.place(MemorySegment.ofArray(new byte[Plan.PAGE])) : NOWHERE;
        if (stage.process().kind == InterfaceKind.V5) {
            var add = jsgx.driver.v5.AddPage.allocate();
            add.addr(stage.process().base + 6 * PAGE);
            add.secinfo(info);
            add.src(src);
            return stage.process().ioctl(jsgx.driver.v5.AddPage.CMD, add.memory());
        }
        var add = jsgx.driver.isgx.AddPage.allocate();
        add.addr(stage.process().base + 6 * PAGE);
        add.secinfo(info);
        add.src(src);
        return stage.process().ioctl(jsgx.driver.isgx.AddPage.CMD, add.memory());
    }

    private static Stream<Scenario> secinfo() {
        return Stream.of(
                secinfo(PageAddition.Cause.SECINFO_FLAGS, Plan.RW | Secinfo.PENDING),
                secinfo(PageAddition.Cause.SECINFO_FLAGS, Plan.RW | Secinfo.MODIFIED),
                secinfo(PageAddition.Cause.SECINFO_FLAGS, Plan.RW | Secinfo.PR),
                secinfo(PageAddition.Cause.SECINFO_FLAGS, Plan.RW | 1L << 16),
                secinfo(PageAddition.Cause.SECINFO_W_NEEDS_R, PageType.REG.code() << 8 | Secinfo.W),
                secinfo(PageAddition.Cause.SECINFO_TYPE, Secinfo.R),
                secinfo(PageAddition.Cause.SECINFO_TYPE, PageType.VA.code() << 8),
                Scenario.of(PageAddition.Cause.SECINFO_RESERVED, s -> {
                    s.process().build(PLAN);
                    Secinfo secinfo = Secinfo.allocate();
                    secinfo.flags(Plan.RW);
                    secinfo.memory().set(ValueLayout.JAVA_BYTE, 8, (byte) 1);
                    return s.process().add(6 * PAGE, MemorySegment.ofArray(new byte[Plan.PAGE]), secinfo, 0);
                }));
    }

    private static Scenario secinfo(PageAddition.Cause cause, long flags) {
        return Scenario.of(cause, s -> {
            s.process().build(PLAN);
            return add(s, 6 * PAGE, flags, new byte[Plan.PAGE]);
        });
    }

    private static Stream<Scenario> tcs() {
        return Stream.of(
                tcs(PageAddition.Cause.TCS_FLAGS, tcs -> tcs.flags(2)),
                tcs(PageAddition.Cause.TCS_DBGOPTIN, tcs -> tcs.flags(Tcs.DBGOPTIN)),
                tcs(PageAddition.Cause.TCS_OFFSETS, tcs -> tcs.ossa(8)),
                tcs(PageAddition.Cause.TCS_OFFSETS, tcs -> tcs.ossa(PLAN.size())),
                tcs(PageAddition.Cause.TCS_OFFSETS, tcs -> tcs.ofsBase(-PAGE)),
                tcs(PageAddition.Cause.TCS_OFFSETS, tcs -> tcs.ogsBase(16)),
                tcs(PageAddition.Cause.TCS_LIMITS, tcs -> tcs.fsLimit(0xffff_f000)),
                tcs(PageAddition.Cause.TCS_LIMITS, tcs -> tcs.gsLimit(0)),
                tcs(PageAddition.Cause.TCS_RESERVED, tcs -> tcs.memory().set(ValueLayout.JAVA_BYTE, 72, (byte) 1)),
                tcs(PageAddition.Cause.TCS_RESERVED, tcs -> tcs.memory().set(ValueLayout.JAVA_BYTE, 4095, (byte) 1)));
    }

    private static Scenario tcs(PageAddition.Cause cause, Consumer<Tcs> change) {
        return Scenario.of(cause, s -> {
            s.process().build(PLAN);
            byte[] content = Plan.tcs();
            change.accept(Tcs.of(content));
            return add(s, 6 * PAGE, Plan.TCS, content);
        });
    }

    private static Stream<Scenario> init() {
        return Stream.of(
                Scenario.of(Initialization.Cause.SIGSTRUCT_READABLE, s -> {
                    s.process().build(PLAN);
                    return s.process().initAt(NOWHERE, NOWHERE);
                }),
                Scenario.of(Initialization.Cause.SIGSTRUCT_READABLE, s -> {
                            s.process().build(PLAN);
                            long at = s.process().space.place(MemorySegment.ofArray(new byte[1800]));
                            return s.process().initAt(at, NOWHERE);
                        })
                        .returning(8),
                Scenario.of(Initialization.Cause.NO_SIGNAL, s -> {
                            s.process().build(PLAN);
                            s.machine().driver.kernel().processors().any().pendingEvent(() -> true);
                            return s.process().init(PLAN);
                        })
                        .with(options -> options.withProcessors(1).withPause(duration -> {
                            throw new InterruptedException("a signal");
                        })),
                Scenario.of(Initialization.Cause.EINIT_FAULT, s -> {
                    s.process().build(PLAN);
                    s.memory()
                            .hole(address -> address
                                    == KernelMemory.epcAddress(s.process().secsPage()));
                    return s.process().init(PLAN);
                }),
                Scenario.of(EnclaveLookup.Cause.ENCLAVE_CREATED, s -> {
                    s.process().reserve(PLAN.size());
                    return s.process().init(PLAN);
                }),
                Scenario.of(EnclaveLookup.Cause.POWER_KEPT, s -> {
                    s.process().build(PLAN);
                    s.machine().driver.powerLoss();
                    return s.process().init(PLAN);
                }));
    }

    private static Stream<Scenario> file(InterfaceKind kind) {
        Scenario last = kind == InterfaceKind.V5
                ? Scenario.of(Initialization.Cause.FLAGS_ZERO, s -> {
                    MemorySegment init = MemorySegment.ofArray(new byte[24]);
                    init.set(ValueLayout.JAVA_BYTE, 16, (byte) 1);
                    return s.process().ioctl(jsgx.driver.v5.Init.CMD_WITH_FLAGS, init);
                })
                : Scenario.of(Initialization.Cause.EINITTOKEN_READABLE, s -> {
                    s.process().build(PLAN);
                    long sigstruct = s.process()
                            .space
                            .place(PLAN.sigstruct(Machine.AUTHOR).memory());
                    return s.process().initAt(sigstruct, NOWHERE);
                });
        return Stream.of(
                last,
                Scenario.of(FileCause.KNOWN_COMMAND, s -> s.process().file.ioctl(s.process().space, 0x4008A402, 0)),
                Scenario.of(
                        FileCause.ARGUMENT_READABLE,
                        s -> s.process().file.ioctl(s.process().space, jsgx.driver.v5.Create.CMD, NOWHERE)));
    }
}

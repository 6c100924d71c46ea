package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import jsgx.arch.CpuFeatures;
import jsgx.arch.TestSigner;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.Scenario.Stage;
import jsgx.driver.mainline.Init;
import jsgx.driver.mainline.InitToken;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The token extension of {@code /dev/sgx_enclave}: whose token it uses, and every errno by its cause. */
class InitTokenTest {

    private static final long NOWHERE = 0x1000;
    private static final Plan PLAN = Plan.of(4);

    /** The rules of INIT that it has too. */
    private static final Set<Init.Cause> SHARED = Set.of(
            Init.Cause.CREATED,
            Init.Cause.NOT_INITIALIZED,
            Init.Cause.SIGSTRUCT_READABLE,
            Init.Cause.SIGSTRUCT_VENDOR,
            Init.Cause.ATTRIBUTES_ALLOWED,
            Init.Cause.SIGSTRUCT_ATTRIBUTES,
            Init.Cause.SIGSTRUCT_MISCSELECT,
            Init.Cause.SIGSTRUCT_XFRM);

    private static DriverOptions on(DriverOptions options) {
        return options.withTokenExtension(true);
    }

    private static Machine machine() {
        return new Machine(32, CpuFeatures.SGX2, InitTokenTest::on);
    }

    private static long call(Process process, Sigstruct sigstruct, MemorySegment token, long flags) {
        InitToken init = InitToken.allocate();
        init.sigstruct(process.space.place(sigstruct.memory()));
        init.token(process.space.place(token));
        init.flags(flags);
        return process.ioctl(InitToken.CMD, init.memory());
    }

    private static long call(Process process, byte[] token, long flags) {
        return call(process, PLAN.sigstruct(Machine.AUTHOR), MemorySegment.ofArray(token), flags);
    }

    @Test
    void itsNumberIsTheDocumentedOne() {
        assertThat(InitToken.CMD).isEqualTo(IoctlNumber.iowr(0x20, 24));
    }

    @Test
    void theProcessKeepsTheTokenThatTheKernelUsedAndBringsItTheNextTime() {
        try (Machine machine = machine()) {
            byte[] token = new byte[304];
            try (Process process = machine.process(InterfaceKind.MAINLINE).build(PLAN)) {
                assertThat(call(process, token, 0)).isZero();
                assertThat(process.enclave().isInitialized()).isTrue();
            }
            assertThat(token).isEqualTo(machine.tokens.token(PLAN, Machine.AUTHOR));
            machine.tokens.stop();
            try (Process process = machine.process(InterfaceKind.MAINLINE).build(PLAN)) {
                assertThat(call(process, token.clone(), InitToken.USE_TOKEN)).isZero();
            }
            // The kernel has none any more.
            try (Process process = machine.process(InterfaceKind.MAINLINE).build(PLAN)) {
                assertThat(call(process, token, 0)).isEqualTo(16);
                assertThat(token).containsOnly(0);
            }
        }
    }

    @Test
    void einitsCodeReachesTheCaller() {
        try (Machine machine = machine();
                Process process = machine.process(InterfaceKind.MAINLINE).build(PLAN)) {
            byte[] token = machine.tokens.token(PLAN, Machine.AUTHOR);
            byte[] flipped = token.clone();
            flipped[288] ^= 1;
            Attributes debug = PLAN.secs(0).attributes();
            byte[] another = machine.tokens.token(new byte[32], Machine.AUTHOR.mrSigner(), debug);
            byte[] production = machine.tokens.token(PLAN.mrEnclave(), Machine.AUTHOR.mrSigner(), new Attributes(4, 3));
            byte[] newer = token.clone();
            Arrays.fill(newer, 192, 208, (byte) 1);
            assertThat(call(process, flipped, InitToken.USE_TOKEN)).isEqualTo(16);
            assertThat(call(process, another, InitToken.USE_TOKEN)).isEqualTo(4);
            assertThat(call(process, production, InitToken.USE_TOKEN)).isEqualTo(2);
            assertThat(call(process, newer, InitToken.USE_TOKEN)).isEqualTo(32);
            assertThat(call(process, new byte[304], InitToken.USE_TOKEN)).isEqualTo(16);
            assertThat(process.file.lastRefusal()).isEmpty();
            assertThat(call(process, token, InitToken.USE_TOKEN)).isZero();
        }
    }

    @Test
    void theLaunchEnclavesSignerNeedsNoToken() {
        try (Machine machine = machine();
                Process process = machine.process(InterfaceKind.MAINLINE).build(PLAN)) {
            MemorySegment none = MemorySegment.ofArray(new byte[304]);
            assertThat(call(process, PLAN.sigstruct(Machine.LE), none, InitToken.USE_TOKEN))
                    .isZero();
        }
    }

    @Test
    void theAuthorityHearsWhoBringsTheToken() {
        List<LaunchRequest> asked = new ArrayList<>();
        try (Machine machine = new Machine(
                        32,
                        CpuFeatures.SGX2,
                        options -> on(options).withAuthority(request -> {
                            asked.add(request);
                            return Decision.refuse(Errno.EACCES.result(), "not today");
                        }));
                Process process = machine.process(InterfaceKind.MAINLINE).build(PLAN)) {
            byte[] token = new byte[304];
            token[0] = 1;
            assertThat(call(process, token, 0)).isEqualTo(Errno.EACCES.result());
            assertThat(call(process, token, InitToken.USE_TOKEN)).isEqualTo(Errno.EACCES.result());
            assertThat(process.init(PLAN)).isEqualTo(Errno.EACCES.result());
            assertThat(asked)
                    .extracting(LaunchRequest::tokenSupplier)
                    .containsExactly(TokenSupplier.AUTHORITY, TokenSupplier.CALLER, TokenSupplier.NOBODY);
            assertThat(asked.get(0).callerToken()).isEmpty();
            assertThat(asked.get(1).callerToken()).isEqualTo(token);
            assertThat(asked).extracting(LaunchRequest::kind).containsOnly(InterfaceKind.MAINLINE);
            assertThat(token[0]).isEqualTo((byte) 1);
        }
    }

    /** Each time with another hash in the MSRs, and neither call is changed by the other. */
    @Test
    void mainlinesOwnInitStaysAsItIs() {
        try (Machine machine = machine()) {
            for (int i = 0; i < 3; i++) {
                try (Process process = machine.process(InterfaceKind.MAINLINE).build(PLAN)) {
                    assertThat(call(process, new byte[304], InitToken.USE_TOKEN))
                            .isEqualTo(16);
                    assertThat(process.init(PLAN)).isZero();
                }
                try (Process process = machine.process(InterfaceKind.MAINLINE).build(PLAN)) {
                    assertThat(process.init(
                                    PLAN.sigstruct(Machine.AUTHOR, s -> s.enclaveHash(new byte[32])), new byte[0]))
                            .isEqualTo(Errno.EPERM.result());
                    assertThat(call(process, new byte[304], 0)).isZero();
                }
            }
        }
    }

    @Test
    void anAllowedLaunchThatEndsBeforeEinitIsCompletedToo() {
        List<Completion> completions = new ArrayList<>();
        try (Machine machine = new Machine(
                        32,
                        CpuFeatures.SGX2,
                        options -> on(options).withAuthority(new LaunchAuthority() {
                            @Override
                            public Decision decide(LaunchRequest request) {
                                return Decision.allow();
                            }

                            @Override
                            public Fate complete(LaunchRequest request, Completion completion) {
                                completions.add(completion);
                                return Fate.keep();
                            }
                        }));
                Process process = machine.process(InterfaceKind.MAINLINE).build(PLAN)) {
            MemorySegment readOnly = MemorySegment.ofArray(new byte[304]).asReadOnly();
            assertThat(call(process, PLAN.sigstruct(Machine.LE), readOnly, 0)).isEqualTo(Errno.EFAULT.result());
            assertThat(completions).hasSize(1);
            assertThat(completions.getFirst()).isInstanceOf(Completion.NotExecuted.class);
            assertThat(process.enclave().isInitialized()).isFalse();
            // A buffer that is only read need not be writable.
            assertThat(call(process, PLAN.sigstruct(Machine.LE), readOnly, InitToken.USE_TOKEN))
                    .isZero();
        }
    }

    @TestFactory
    Stream<DynamicTest> causes() {
        return all().map(scenario ->
                DynamicTest.dynamicTest(scenario.toString(), () -> scenario.play(InterfaceKind.MAINLINE)));
    }

    @Test
    void everyRuleIsBrokenHere() {
        Set<Refusal.Cause> rules = new HashSet<>(SHARED);
        rules.addAll(List.of(InitToken.Cause.values()));
        rules.add(FileCause.KNOWN_COMMAND);
        assertThat(all().map(Scenario::cause)).containsAll(rules);
    }

    @Test
    void theDocumentationListsItsErrnosAndNoOther() {
        List<Refusal.Cause> causes = new ArrayList<>(SHARED);
        causes.addAll(List.of(InitToken.Cause.values()));
        assertThat(new TreeSet<>(Documented.errnos(InitToken.class))).isEqualTo(Documented.errnos(causes));
    }

    private static Stream<Scenario> all() {
        return Stream.of(
                        Stream.of(Scenario.of(FileCause.KNOWN_COMMAND, s -> built(s, init -> {}))),
                        Stream.of(
                                        Scenario.of(Init.Cause.CREATED, s -> init(s, PLAN, sig -> {}, init -> {})),
                                        Scenario.of(Init.Cause.NOT_INITIALIZED, s -> {
                                            s.process().launch(PLAN);
                                            return init(s, PLAN, sig -> {}, init -> {});
                                        }),
                                        Scenario.of(InitToken.Cause.ARGUMENT_READABLE, s -> {
                                            s.process().build(PLAN);
                                            return s.process().file.ioctl(s.process().space, InitToken.CMD, NOWHERE);
                                        }),
                                        Scenario.of(InitToken.Cause.FLAGS, s -> built(s, init -> init.flags(2))),
                                        Scenario.of(InitToken.Cause.FLAGS, s -> built(s, init -> init.flags(-1))),
                                        Scenario.of(
                                                Init.Cause.SIGSTRUCT_READABLE,
                                                s -> built(s, init -> init.sigstruct(NOWHERE))),
                                        signed(Init.Cause.SIGSTRUCT_VENDOR, sig -> sig.vendor(1)),
                                        signed(
                                                Init.Cause.SIGSTRUCT_ATTRIBUTES,
                                                sig -> sig.attributes(new Attributes(1L << 3, 3))),
                                        signed(Init.Cause.SIGSTRUCT_MISCSELECT, sig -> sig.miscSelect(2)),
                                        signed(
                                                Init.Cause.SIGSTRUCT_XFRM,
                                                sig -> sig.attributes(new Attributes(4, 1L << 60 | 3))),
                                        attributes(Attributes.MODE64BIT | Attributes.PROVISIONKEY),
                                        attributes(Attributes.MODE64BIT | Attributes.EINITTOKENKEY),
                                        Scenario.of(
                                                InitToken.Cause.TOKEN_READABLE,
                                                s -> built(s, init -> {
                                                    init.flags(InitToken.USE_TOKEN);
                                                    init.token(NOWHERE);
                                                })),
                                        Scenario.of(
                                                InitToken.Cause.TOKEN_WRITABLE,
                                                s -> built(s, init -> init.token(NOWHERE))),
                                        Scenario.of(InitToken.Cause.EINIT_FAULT, s -> {
                                            s.process().build(PLAN);
                                            s.machine().driver.powerLoss();
                                            return init(s, PLAN, sig -> {}, init -> {});
                                        }))
                                .map(scenario -> scenario.with(InitTokenTest::on)),
                        Stream.of(
                                Scenario.of(InitToken.Cause.LAUNCH_ENCLAVE, s -> built(s, init -> {}))
                                        .with(options -> on(options).withLaunchEnclaveSigner(new byte[0])),
                                Scenario.of(InitToken.Cause.NO_SIGNAL, s -> {
                                            s.process().build(PLAN);
                                            s.machine()
                                                    .driver
                                                    .kernel()
                                                    .processors()
                                                    .any()
                                                    .pendingEvent(() -> true);
                                            return init(s, PLAN, sig -> {}, init -> {});
                                        })
                                        .with(options -> on(options)
                                                .withProcessors(1)
                                                .withPause(duration -> {
                                                    throw new InterruptedException("a signal");
                                                }))))
                .flatMap(stream -> stream);
    }

    private static Scenario signed(Init.Cause cause, Consumer<Sigstruct> change) {
        return Scenario.of(cause, s -> {
            s.process().build(PLAN);
            return init(s, PLAN, change, init -> {});
        });
    }

    private static Scenario attributes(long flags) {
        return Scenario.of(Init.Cause.ATTRIBUTES_ALLOWED, s -> {
            Plan plan = Plan.of(1).attributes(flags);
            s.process().build(plan);
            return init(s, plan, sig -> {}, init -> {});
        });
    }

    private static long built(Stage stage, Consumer<InitToken> change) {
        stage.process().build(PLAN);
        return init(stage, PLAN, sig -> {}, change);
    }

    private static long init(Stage stage, Plan plan, Consumer<Sigstruct> sign, Consumer<InitToken> change) {
        Process process = stage.process();
        Sigstruct sigstruct = plan.sigstruct(TestSigner.AUTHOR, sign);
        // Signing writes no vendor.
        sign.accept(sigstruct);
        InitToken init = InitToken.allocate();
        init.sigstruct(process.space.place(sigstruct.memory()));
        init.token(process.space.place(MemorySegment.ofArray(new byte[304])));
        change.accept(init);
        return process.ioctl(InitToken.CMD, init.memory());
    }
}

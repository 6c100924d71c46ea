package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import jsgx.arch.CpuFeatures;
import jsgx.arch.struct.Attributes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the launch authority is asked and told. */
class LaunchAuthorityTest {

    private static final Plan PLAN = Plan.of(1);

    /** Writes down what it hears; refuses once it is told to. */
    private static final class Witness implements LaunchAuthority {
        private final List<String> heard = new ArrayList<>();
        private final LaunchAuthority tokens;
        private boolean refusing;

        Witness(LaunchAuthority tokens) {
            this.tokens = tokens;
        }

        @Override
        public Decision decide(LaunchRequest request) {
            heard.add("decide " + request.kind() + " " + request.callerToken().length);
            return refusing ? Decision.refuse(0x1234, "not today") : tokens.decide(request);
        }

        @Override
        public Fate complete(LaunchRequest request, Completion completion) {
            heard.add("complete " + completion.result());
            return Fate.keep();
        }

        @Override
        public void released(long enclave, Workload workload) {
            heard.add("released " + workload.name());
        }
    }

    @ParameterizedTest
    @EnumSource
    void itDecidesBeforeEinitIsToldTheResultAndOfTheEnd(InterfaceKind kind) {
        List<Witness> witness = new ArrayList<>();
        try (Machine machine = new Machine(32, CpuFeatures.SGX2, options -> {
            witness.add(new Witness(options.authority()));
            return options.withAuthority(witness.getFirst());
        })) {
            int token = kind == InterfaceKind.ISGX ? 304 : 0;
            Witness ear = witness.getFirst();
            ear.refusing = true;
            Process process = machine.process(kind).build(PLAN);
            assertThat(process.init(PLAN)).isEqualTo(0x1234);
            assertThat(ear.heard).containsExactly("decide " + kind + " " + token);
            ear.heard.clear();

            ear.refusing = false;
            long wrong = process.init(PLAN.sigstruct(Machine.AUTHOR, s -> s.enclaveHash(new byte[32])), new byte[304]);
            assertThat(wrong).isEqualTo(kind == InterfaceKind.MAINLINE ? Errno.EPERM.result() : 4);
            assertThat(ear.heard).containsExactly("decide " + kind + " " + token, "complete " + wrong);
            ear.heard.clear();

            assertThat(process.init(PLAN)).isZero();
            assertThat(ear.heard).containsExactly("decide " + kind + " " + token, "complete 0");
            ear.heard.clear();
            process.close();
            assertThat(ear.heard).containsExactly("released test");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aLaunchThatAPortBreaksIsCompletedOnce(InterfaceKind kind) {
        List<Witness> witness = new ArrayList<>();
        try (Machine machine = new Machine(32, CpuFeatures.SGX2, options -> {
                    witness.add(new Witness(options.authority()));
                    return options.withAuthority(witness.getFirst())
                            .withProcessors(1)
                            .withPause(duration -> {
                                throw new IllegalStateException("no clock");
                            });
                });
                Process process = machine.process(kind).build(PLAN)) {
            machine.driver.kernel().processors().any().pendingEvent(() -> true);
            assertThatThrownBy(() -> process.init(PLAN)).hasMessage("no clock");
            assertThat(witness.getFirst().heard).hasSize(2).endsWith("complete " + Errno.EIO.result());
        }
    }

    @Test
    void theLaunchEnclaveStartsWithoutTheAuthorityThatWaitsForIt() throws Exception {
        List<Witness> witness = new ArrayList<>();
        Plan le = Plan.of(1).attributes(Attributes.MODE64BIT | Attributes.EINITTOKENKEY);
        try (Machine machine = new Machine(32, CpuFeatures.SGX2, options -> {
            witness.add(new Witness(options.authority()));
            return options.withAuthority(witness.getFirst());
        })) {
            // On mainline and on another's file it would be asked, and the hash MSRs may hold anything by now.
            machine.process(InterfaceKind.MAINLINE).launch(PLAN);
            witness.getFirst().heard.clear();
            DeviceFile file = machine.driver.openForLaunchEnclave(Machine.WORKLOAD);
            Process process = new Process(machine, InterfaceKind.V5, new EmbeddedAddressSpace(), file).build(le);
            assertThat(process.init(le.sigstruct(Machine.LE), new byte[304])).isZero();
            process.close();
            assertThat(witness.getFirst().heard).isEmpty();
        }
    }
}

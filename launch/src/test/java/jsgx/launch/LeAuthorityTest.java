package jsgx.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDriver;
import jsgx.image.EnclaveImage;
import jsgx.launch.LaunchResult.Stage;
import jsgx.launch.le.JavaLaunchEnclave;
import jsgx.launch.le.LaunchEnclave;
import jsgx.launch.le.LaunchEnclaveException;
import jsgx.launch.le.LaunchEnclaveRunner;
import jsgx.launch.le.LeAnswer;
import jsgx.launch.le.LeProfile;
import jsgx.launch.le.LeRequest;
import jsgx.launch.le.WhiteList;
import jsgx.launch.load.EnclaveLostException;
import org.junit.jupiter.api.Test;

/** The authority that starts the launch enclave, starts it again, and fails closed. */
class LeAuthorityTest {

    private static final LeRequest REQUEST =
            new LeRequest(new byte[32], new byte[32], new Attributes(Attributes.MODE64BIT, 3));

    private final Platform platform = TestPlatforms.platform();
    private final EnclaveImage image = TestEnclaves.image(31);
    private final Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);

    @Test
    void itStartsWithTheFirstRequestAndStays() {
        Counting runner = new Counting();
        try (RunningPlatform running = running(runner)) {
            assertThat(runner.starts).hasValue(0);
            for (int i = 0; i < 5; i++) {
                assertThat(running.authority().ask(REQUEST)).isInstanceOf(LeAuthority.Answer.Granted.class);
            }
            assertThat(runner.starts).hasValue(1);
        }
        assertThat(runner.closes).hasValue(1);
    }

    @Test
    void afterPowerLossItStartsAgain() {
        Counting runner = new Counting();
        try (RunningPlatform running = running(runner)) {
            for (int i = 1; i <= 3; i++) {
                assertThat(running.authority().ask(REQUEST)).isInstanceOf(LeAuthority.Answer.Granted.class);
                assertThat(runner.starts).hasValue(i);
                running.powerLoss();
            }
            LaunchResult result = launch(running, InterfaceKind.V5);
            assertThat(result.launched()).as("%s", result).isTrue();
        }
        assertThat(runner.closes).hasValue(4);
    }

    @Test
    void onceKilledItStartsAgain() {
        Counting runner = new Counting();
        try (RunningPlatform running = running(runner)) {
            running.authority().ask(REQUEST);
            runner.last().close();

            assertThat(running.authority().ask(REQUEST)).isInstanceOf(LeAuthority.Answer.Granted.class);
            assertThat(runner.starts).hasValue(2);
        }
    }

    @Test
    void whereItCannotStartNothingThatNeedsItLaunches() {
        LaunchEnclaveRunner broken = (enclave, driver) -> {
            throw new LaunchEnclaveException("it is broken");
        };
        try (RunningPlatform running = running(broken)) {
            LaunchResult v5 = launch(running, InterfaceKind.V5);
            LaunchResult isgx = launch(running, InterfaceKind.ISGX);

            assertThat(v5.launched()).isFalse();
            assertThat(v5.stage()).isEqualTo(Stage.LE);
            assertThat(v5.code()).isEqualTo("LE_UNAVAILABLE");
            assertThat(v5.ioctlResult()).isEqualTo(-5);
            assertThat(v5.explanation().found()).contains("it is broken");
            assertThat(isgx.launched()).isFalse();
            assertThat(isgx.code()).isEqualTo("LE_UNAVAILABLE");
            assertThat(launch(running, InterfaceKind.MAINLINE).launched())
                    .as("needs none")
                    .isTrue();
            LaunchResult own = new Launch(
                            running,
                            image,
                            TestEnclaves.sign(image, TestPlatforms.LE_KEY),
                            LaunchOptions.through(InterfaceKind.V5))
                    .run();
            assertThat(own.launched()).as("its own signer's needs none").isTrue();
        }
    }

    @Test
    void whereItIsLostAgainAndAgainNothingLaunches() {
        LaunchEnclaveRunner dying = (enclave, driver) -> new LaunchEnclaveRunner.Running() {
            @Override
            public LeAnswer ask(LeRequest request) throws EnclaveLostException {
                throw new EnclaveLostException("it died");
            }

            @Override
            public void close() {}
        };
        try (RunningPlatform running = running(dying)) {
            LaunchResult result = launch(running, InterfaceKind.V5);

            assertThat(result.code()).isEqualTo("LE_UNAVAILABLE");
            assertThat(result.explanation().found()).contains("lost twice: it died");
        }
    }

    @Test
    void anAnswerOfZeroesGoesOnToEinit() {
        LaunchEnclaveRunner refusing = answering(new LeAnswer(new byte[304], 0));
        try (RunningPlatform running = running(refusing)) {
            LaunchResult result = launch(running, InterfaceKind.V5);

            assertThat(result.code()).isEqualTo("LE_REFUSED");
            assertThat(result.stage()).isEqualTo(Stage.LE);
            assertThat(result.ioctlResult()).as("EINIT's").isEqualTo(16);

            EnclaveImage flipped = TestEnclaves.flipped(image);
            LaunchResult wrong = new Launch(running, flipped, sigstruct, LaunchOptions.through(InterfaceKind.V5)).run();
            assertThat(wrong.code()).as("which EINIT says first").isEqualTo("SGX_INVALID_MEASUREMENT");
        }
    }

    @Test
    void aResultEndsTheCall() {
        LaunchEnclaveRunner refusing = answering(new LeAnswer(new byte[304], LeAnswer.INVALID_PRIVILEGE));
        try (RunningPlatform running = running(refusing)) {
            LaunchResult result = launch(running, InterfaceKind.V5);

            assertThat(result.code()).isEqualTo("LE_REFUSED");
            assertThat(result.ioctlResult()).isEqualTo(0x4000_0002);
        }
    }

    @Test
    void aWhiteListIsInItsImageFromThenOn() {
        Platform intel = platform.withLeProfile(LeProfile.INTEL);
        try (RunningPlatform running = RunningPlatform.of(intel)) {
            assertThat(launch(running, InterfaceKind.V5).ioctlResult())
                    .isEqualTo(LeAnswer.LE_WHITELIST_UNINITIALIZED_ERROR);

            running.authority().whiteList(new WhiteList(1, List.of("11".repeat(32))), TestPlatforms.LE_KEY);
            assertThat(launch(running, InterfaceKind.V5).ioctlResult()).isEqualTo(LeAnswer.LE_INVALID_PRIVILEGE_ERROR);

            String before = mrEnclave(running.authority().launchEnclave());
            running.authority()
                    .whiteList(new WhiteList(2, List.of(TestPlatforms.OTHER_KEY.mrSigner())), TestPlatforms.LE_KEY);
            assertThat(launch(running, InterfaceKind.V5).launched()).isTrue();
            assertThat(mrEnclave(running.authority().launchEnclave())).isNotEqualTo(before);
        }
    }

    private static String mrEnclave(LaunchEnclave enclave) {
        return HexFormat.of().formatHex(enclave.sigstruct().enclaveHash().toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void onceClosedItAnswersNoMore() {
        RunningPlatform running = running(new Counting());
        running.close();

        assertThat(running.authority().ask(REQUEST)).isInstanceOf(LeAuthority.Answer.Unavailable.class);
    }

    private LaunchResult launch(RunningPlatform running, InterfaceKind kind) {
        return new Launch(running, image, sigstruct, LaunchOptions.through(kind)).run();
    }

    private RunningPlatform running(LaunchEnclaveRunner runner) {
        return RunningPlatform.of(platform, new Random(1), runner, UnaryOperator.identity());
    }

    private static LaunchEnclaveRunner answering(LeAnswer answer) {
        return (enclave, driver) -> new LaunchEnclaveRunner.Running() {
            @Override
            public LeAnswer ask(LeRequest request) {
                return answer;
            }

            @Override
            public void close() {}
        };
    }

    /** The Java twin, counted. */
    private static final class Counting implements LaunchEnclaveRunner {

        private final JavaLaunchEnclave twin = new JavaLaunchEnclave(new Random(2));
        private final AtomicInteger starts = new AtomicInteger();
        private final AtomicInteger closes = new AtomicInteger();
        private final List<Running> started = new ArrayList<>();

        Running last() {
            return started.getLast();
        }

        @Override
        public Running start(LaunchEnclave enclave, SgxDriver driver) throws LaunchEnclaveException {
            Running running = twin.start(enclave, driver);
            starts.getAndIncrement();
            started.add(running);
            return new Running() {
                @Override
                public LeAnswer ask(LeRequest request) throws EnclaveLostException {
                    return running.ask(request);
                }

                @Override
                public void close() {
                    closes.getAndIncrement();
                    running.close();
                }
            };
        }
    }
}

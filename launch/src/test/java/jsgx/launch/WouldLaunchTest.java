package jsgx.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jsgx.arch.Vectors;
import jsgx.arch.leaf.Einit;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class WouldLaunchTest {

    private final EnclaveImage image = TestEnclaves.image(41);
    private final Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);

    @ParameterizedTest
    @EnumSource
    void saysWhatALaunchWouldSay(InterfaceKind kind) {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform())) {
            WouldLaunch good = launcher.wouldLaunch(image, sigstruct, LaunchOptions.through(kind));
            WouldLaunch bad = launcher.wouldLaunch(
                    TestEnclaves.flipped(image),
                    sigstruct,
                    LaunchOptions.through(kind).compareWith(image));

            assertThat(good.would()).as("%s", good).isTrue();
            assertThat(good.code()).isEqualTo("SGX_SUCCESS");
            assertThat(bad.would()).isFalse();
            assertThat(bad.code()).isEqualTo("SGX_INVALID_MEASUREMENT");
            assertThat(bad.explanation().check()).isEqualTo(Einit.Check.ENCLAVEHASH.rule());
        }
    }

    @Test
    void changesNothing() {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform())) {
            RunningPlatform running = launcher.running();
            int free = running.driver().freePages();
            launcher.wouldLaunch(image, sigstruct, LaunchOptions.through(InterfaceKind.V5));

            assertThat(running.driver().freePages()).isEqualTo(free);
        }
    }

    @Test
    void wrongUsageIsSaidToo() {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform())) {
            WouldLaunch would = launcher.wouldLaunch(
                    image, sigstruct, LaunchOptions.through(InterfaceKind.V5).withToken(new byte[304]));

            assertThat(would.would()).isFalse();
            assertThat(would.explanation().headline()).contains("isgx only");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "fortanix-sig1.sigstruct",
                "intel-le-1.6.sigstruct",
                "intel-le-2.17.sigstruct",
                "intel-kernel-le-2019.sigstruct"
            })
    void aBareSigstructIsJudgedByItsFormAndSignature(String vector) {
        Sigstruct real = Sigstruct.of(Vectors.bytes(vector));
        try (Launcher launcher = Launcher.on(TestPlatforms.platform())) {
            assertThat(launcher.wouldLaunch(real).would()).isTrue();

            WouldLaunch noSignature = launcher.wouldLaunch(changed(real, 600));
            assertThat(noSignature.would()).isFalse();
            assertThat(noSignature.code()).isEqualTo("SGX_INVALID_SIGNATURE");
            WouldLaunch noHeader = launcher.wouldLaunch(changed(real, 0));
            assertThat(noHeader.code()).isEqualTo("SGX_INVALID_SIG_STRUCT");
            assertThat(noHeader.explanation().where()).startsWith("SDM 3D, EINIT; step ");
            WouldLaunch noQ1 = launcher.wouldLaunch(changed(real, 1040));
            assertThat(noQ1.code()).isEqualTo("SGX_INVALID_SIGNATURE");
            assertThat(noQ1.explanation().headline()).contains("Q1");
        }
    }

    private static Sigstruct changed(Sigstruct sigstruct, int at) {
        byte[] bytes = sigstruct.memory().toArray(ValueLayout.JAVA_BYTE);
        bytes[at] ^= 1;
        return new Sigstruct(MemorySegment.ofArray(bytes));
    }
}

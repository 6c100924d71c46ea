package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import jsgx.arch.struct.Attributes;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageMeasurement;
import jsgx.image.ImageOptions;
import jsgx.image.RawLayout;
import jsgx.image.SigningKey;
import jsgx.image.SigstructOptions;
import jsgx.image.SigstructSigner;
import jsgx.image.x86.Assembler;
import jsgx.launch.LaunchControl;
import jsgx.launch.LeAuthority;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.le.JavaLaunchEnclave;
import jsgx.launch.le.LaunchEnclave;
import jsgx.launch.le.LaunchEnclaveException;
import jsgx.launch.le.LaunchEnclaveRunner;
import jsgx.launch.le.LeAnswer;
import jsgx.launch.le.LeProfile;
import jsgx.launch.le.LeRequest;
import jsgx.launch.le.WhiteList;
import jsgx.launch.load.EnclaveLostException;
import jsgx.machine.Machine;
import jsgx.machine.MachineOptions;
import jsgx.machine.SharedEpc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Launch enclaves whose own code runs, in a supervised program. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NativeLaunchEnclaveTest {

    private static final Attributes NORMAL = new Attributes(Attributes.MODE64BIT, 7);
    private static final long EPC = 4L << 20;
    private static final int TCS_OSSA = 16;
    private static final int TCS_NSSA = 28;
    private static final int TCS_OENTRY = 32;
    private static final int TCS_LIMITS = 64;
    private static final int SECOND_PAGE = 0x1000;
    private static final int CODE = 0x2000;

    private final Random random = new Random(11);
    private SharedEpc epc;

    @BeforeEach
    void allocate() throws Exception {
        epc = SharedEpc.allocate(List.of(EPC));
    }

    @AfterEach
    void free() {
        epc.close();
    }

    private RunningPlatform running(Platform platform) {
        return running(platform, new NativeLaunchEnclave(epc));
    }

    private RunningPlatform running(Platform platform, LaunchEnclaveRunner runner) {
        return RunningPlatform.of(
                platform,
                GovernorOptions.defaults(),
                platform.withEpc(EPC).powerOn(new SecureRandom(), epc.epc()),
                runner,
                defaults -> Machine.driver(defaults, MachineOptions.defaults()));
    }

    private LeRequest request(Attributes attributes) {
        return new LeRequest(bytes(), bytes(), attributes);
    }

    private byte[] bytes() {
        byte[] hash = new byte[32];
        random.nextBytes(hash);
        return hash;
    }

    private static LaunchEnclave own(LeProfile profile) {
        return LaunchEnclave.of(Samples.platform().leKey(), profile, WhiteList.NONE);
    }

    /** The KEYID that a token has, in place of random numbers. */
    private static Random keyIdOf(byte[] token) {
        byte[] keyId = Arrays.copyOfRange(token, 256, 288);
        return new Random() {
            @Override
            public void nextBytes(byte[] bytes) {
                System.arraycopy(keyId, 0, bytes, 0, bytes.length);
            }
        };
    }

    @ParameterizedTest
    @EnumSource
    void itsTokensAreThoseOfItsTwinByteForByte(LeProfile profile) throws Exception {
        LeRequest request = request(NORMAL.with(Attributes.DEBUG));
        LaunchEnclave enclave = own(profile);
        try (RunningPlatform running = running(Samples.platform());
                LaunchEnclaveRunner.Running launchEnclave =
                        new NativeLaunchEnclave(epc).start(enclave, running.driver())) {
            byte[] token = launchEnclave.ask(request).token();
            byte[] another = launchEnclave.ask(request).token();

            assertThat(Arrays.copyOfRange(another, 256, 288))
                    .as("KEYID is random")
                    .isNotEqualTo(Arrays.copyOfRange(token, 256, 288));
            try (LaunchEnclaveRunner.Running twin =
                    new JavaLaunchEnclave(keyIdOf(token)).start(enclave, running.driver())) {
                assertThat(HexFormat.of().formatHex(token))
                        .isEqualTo(HexFormat.of().formatHex(twin.ask(request).token()));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void itRefusesWhatItsTwinRefuses(LeProfile profile) throws Exception {
        LaunchEnclave enclave = own(profile);
        try (RunningPlatform running = running(Samples.platform());
                LaunchEnclaveRunner.Running launchEnclave =
                        new NativeLaunchEnclave(epc).start(enclave, running.driver());
                LaunchEnclaveRunner.Running twin = new JavaLaunchEnclave(random).start(enclave, running.driver())) {
            for (long flags : new long[] {4, 5, 6, 12, 4 | Attributes.PROVISIONKEY, 1L << 63}) {
                LeRequest request = request(new Attributes(flags, 3));
                LeAnswer answer = launchEnclave.ask(request);
                LeAnswer expected = twin.ask(request);

                assertThat(answer.result()).as("flags %x", flags).isEqualTo(expected.result());
                assertThat(answer.granted()).as("flags %x", flags).isEqualTo(expected.granted());
            }
        }
    }

    @Test
    void oneThatWasKilledIsStartedAgain() throws Exception {
        List<Integer> holders = new ArrayList<>();
        LaunchEnclaveRunner noting = (enclave, driver) -> {
            NativeLaunchEnclave.Session session = new NativeLaunchEnclave(epc).start(enclave, driver);
            holders.add(session.proxy().pid());
            return session;
        };
        try (RunningPlatform running = running(Samples.platform(), noting)) {
            assertThat(running.authority().ask(request(NORMAL))).isInstanceOf(LeAuthority.Answer.Granted.class);
            ProcessHandle.of(holders.getFirst()).orElseThrow().destroyForcibly();

            assertThat(running.authority().ask(request(NORMAL))).isInstanceOf(LeAuthority.Answer.Granted.class);
            assertThat(holders).hasSize(2);
        }
    }

    @Test
    void oneThatLostItsPagesIsStartedAgain() throws Exception {
        try (RunningPlatform running = running(Samples.platform())) {
            assertThat(running.authority().ask(request(NORMAL))).isInstanceOf(LeAuthority.Answer.Granted.class);
            running.powerLoss();

            assertThat(running.authority().ask(request(NORMAL))).isInstanceOf(LeAuthority.Answer.Granted.class);
        }
    }

    @Test
    void itsPagesAreFreedWhenItIsTakenDown() throws Exception {
        try (RunningPlatform running = running(Samples.platform())) {
            int free = running.driver().freePages();
            LaunchEnclaveRunner.Running launchEnclave =
                    new NativeLaunchEnclave(epc).start(own(LeProfile.V5), running.driver());
            launchEnclave.ask(request(NORMAL));
            assertThat(running.driver().freePages()).isLessThan(free);
            launchEnclave.close();

            assertThat(running.driver().freePages()).isEqualTo(free);
            assertThatThrownBy(() -> launchEnclave.ask(request(NORMAL))).isInstanceOf(EnclaveLostException.class);
        }
    }

    @Test
    void anotherSignersDoesNotStartWhereTheHashMsrsAreLocked() throws Exception {
        Platform locked = Samples.platform()
                .withLaunchControl(LaunchControl.lockedTo(Samples.platform().leMrSigner()));
        LaunchEnclave foreign = LaunchEnclave.of(Samples.signer(), LeProfile.V5, WhiteList.NONE);
        try (RunningPlatform running = running(locked)) {
            running.authority().rotate(foreign);

            assertThatThrownBy(() -> new NativeLaunchEnclave(epc).start(foreign, running.driver()))
                    .isInstanceOf(LaunchEnclaveException.class)
                    .hasMessageContaining("INIT returned 2: SGX_INVALID_ATTRIBUTE")
                    .hasMessageContaining("expected " + Samples.platform().leMrSigner())
                    .satisfies(e ->
                            assertThat(((LaunchEnclaveException) e).outcome()).isPresent());
        }
    }

    @Test
    void anotherSignersIsAsGoodWhereTheyAreNot() throws Exception {
        try (RunningPlatform running = running(Samples.platform())) {
            running.authority().rotate(LaunchEnclave.of(Samples.signer(), LeProfile.V5, WhiteList.NONE));

            assertThat(running.authority().ask(request(NORMAL))).isInstanceOf(LeAuthority.Answer.Granted.class);
        }
    }

    @Test
    void oneThatFaultsIsLost() throws Exception {
        LaunchEnclave faulting = signed(new Assembler().ud2().toBytes());
        try (RunningPlatform running = running(Samples.platform())) {
            LaunchEnclaveRunner.Running launchEnclave = new NativeLaunchEnclave(epc).start(faulting, running.driver());

            assertThatThrownBy(() -> launchEnclave.ask(request(NORMAL))).isInstanceOf(EnclaveLostException.class);
            launchEnclave.close();
        }
    }

    @Test
    void oneThatIsNoEnclaveIsRefusedWithTheReason() throws Exception {
        EnclaveImage text = new RawLayout.V5Le()
                .apply(
                        MemorySegment.ofArray("no enclave\n".repeat(2000).getBytes(StandardCharsets.US_ASCII)),
                        ImageOptions.DEFAULT);
        LaunchEnclave enclave = new LaunchEnclave(
                LeProfile.V5, WhiteList.NONE, text, own(LeProfile.V5).sigstruct());
        try (RunningPlatform running = running(Samples.platform())) {
            assertThatThrownBy(() -> new NativeLaunchEnclave(epc).start(enclave, running.driver()))
                    .isInstanceOf(LaunchEnclaveException.class)
                    .hasMessageContaining("ADD_PAGE returned -22");
        }
    }

    /** A launch enclave of one page of code, signed by the platform's launch enclave key. */
    private static LaunchEnclave signed(byte[] code) throws Exception {
        byte[] blob = new byte[CODE + SECOND_PAGE];
        System.arraycopy(code, 0, blob, CODE, code.length);
        blob[TCS_OSSA + 1] = SECOND_PAGE >> 8;
        blob[TCS_NSSA] = 1;
        blob[TCS_OENTRY + 1] = CODE >> 8;
        Arrays.fill(blob, TCS_LIMITS, TCS_LIMITS + 8, (byte) -1);
        EnclaveImage image = new RawLayout.V5Le().apply(MemorySegment.ofArray(blob), ImageOptions.DEFAULT);
        SigningKey key = Samples.platform().leKey();
        SigstructOptions own =
                SigstructOptions.of(ImageMeasurement.measure(image).mrEnclave(), 0x20171219);
        SigstructOptions options = new SigstructOptions(
                own.enclaveHash(),
                0,
                0x20171219,
                0,
                LaunchEnclave.ATTRIBUTES,
                new Attributes(-1, -1),
                0,
                -1,
                0,
                1,
                own.isvFamilyId(),
                own.isvExtProdId());
        return new LaunchEnclave(LeProfile.V5, WhiteList.NONE, image, SigstructSigner.sign(options, key));
    }
}

package jsgx.launch.le;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import jsgx.arch.Leaf;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.crypto.Cmac;
import jsgx.arch.crypto.KeyDependencies;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.KeyName;
import jsgx.arch.struct.KeyRequest;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Report;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDriver;
import jsgx.launch.LaunchControl;
import jsgx.launch.LaunchOptions;
import jsgx.launch.Launcher;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.TestEnclaves;
import jsgx.launch.TestPlatforms;
import jsgx.launch.load.EnclaveLostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The launch enclave as the driver loads it and the Java twin runs it. */
class JavaLaunchEnclaveTest {

    private static final Attributes DEBUG = new Attributes(Attributes.MODE64BIT | Attributes.DEBUG, 7);

    private final Random random = new Random(31);
    private final Platform platform = TestPlatforms.platform();

    @ParameterizedTest
    @EnumSource
    void itsTokensAreThoseOfTheProtocol(LeProfile profile) throws Exception {
        try (RunningPlatform running = running(platform);
                LaunchEnclaveRunner.Running enclave = start(profile, WhiteList.NONE, running.driver())) {
            LeRequest request = request(DEBUG);
            EinitToken token = EinitToken.of(enclave.ask(request).token());

            EinitToken expected = EinitToken.allocate();
            expected.valid(1);
            expected.mrEnclave(request.mrEnclave());
            expected.mrSigner(request.mrSigner());
            expected.attributes(DEBUG);
            expected.cpuSvnLe(platform.cpuSvn().bytes());
            expected.isvProdIdLe(profile.isvProdId());
            expected.isvSvnLe(1);
            expected.maskedAttributesLe(new Attributes(0x21, 0));
            expected.keyId(token.keyId());
            expected.mac(new Cmac(launchKey(running.driver().processorPackage(), expected))
                    .mac(expected.macedBytes().toArray(Layouts.U8)));
            assertThat(hex(token)).isEqualTo(hex(expected));
        }
    }

    /** What EINIT and EGETKEY derive, written down once more from the manual's table. */
    private byte[] launchKey(ProcessorPackage cpu, EinitToken token) {
        MemorySegment padding = MemorySegment.ofArray(KeyDependencies.hardcodedPkcs15Padding());
        KeyDependencies dependencies = new KeyDependencies(KeyName.EINITTOKEN)
                .isvProdId(token.isvProdIdLe())
                .isvSvn(token.isvSvnLe())
                .ownerEpoch(platform.ownerEpoch().bytes())
                .attributes(token.maskedAttributesLe())
                .mrSigner(MemorySegment.ofArray(HexFormat.of().parseHex(platform.leMrSigner())))
                .keyId(token.keyId())
                .sealKeyFuses(platform.fuses().sealFuses())
                .cpuSvn(platform.cpuSvn().bytes())
                .padding(padding);
        return cpu.deriveKey(dependencies);
    }

    /** The machine code, with the answers that this package gives to EREPORT and EGETKEY, makes the same token. */
    @ParameterizedTest
    @EnumSource
    void theMachineCodeMakesTheSameTokenForTheSameKeyId(LeProfile profile) throws Exception {
        LeRequest request = request(DEBUG);
        try (RunningPlatform running = running(platform)) {
            ProcessorPackage cpu = running.driver().processorPackage();
            byte[] nativeToken;
            try (NativeCode code = new NativeCode(
                            profile,
                            WhiteList.NONE,
                            (leaf, rbx, rcx, rdx) -> enclu(cpu, profile, leaf, rbx, rcx, rdx));
                    Arena arena = Arena.ofConfined()) {
                MemorySegment struct = arena.allocate(LeRequest.SIZE, 16);
                request.writeTo(struct);
                code.enter(struct.address(), 0);
                nativeToken = LeRequest.answerIn(struct).token();
            }
            byte[] keyId = Arrays.copyOfRange(nativeToken, 256, 288);
            Random sameKeyId = new Random() {
                @Override
                public void nextBytes(byte[] bytes) {
                    System.arraycopy(keyId, 0, bytes, 0, bytes.length);
                }
            };
            LaunchEnclave enclave = LaunchEnclave.of(TestPlatforms.LE_KEY, profile, WhiteList.NONE);
            try (LaunchEnclaveRunner.Running twin = new JavaLaunchEnclave(sameKeyId).start(enclave, running.driver())) {
                assertThat(HexFormat.of().formatHex(twin.ask(request).token()))
                        .isEqualTo(HexFormat.of().formatHex(nativeToken));
            }
        }
    }

    private long enclu(ProcessorPackage cpu, LeProfile profile, long leaf, long rbx, long rcx, long rdx) {
        if (leaf == Leaf.EREPORT.number()) {
            Report report = new Report(NativeCode.memoryAt(rdx, Report.SIZE));
            report.cpuSvn(platform.cpuSvn().bytes());
            report.isvProdId(profile.isvProdId());
            report.isvSvn(1);
            report.attributes(LaunchEnclave.ATTRIBUTES.with(Attributes.INIT));
            return 0;
        }
        KeyRequest request = new KeyRequest(NativeCode.memoryAt(rbx, KeyRequest.SIZE));
        EinitToken key = EinitToken.allocate();
        key.isvProdIdLe(profile.isvProdId());
        key.isvSvnLe(request.isvSvn());
        key.keyId(request.keyId());
        key.maskedAttributesLe(LaunchEnclave.ATTRIBUTES.with(Attributes.INIT).and(request.attributeMask()));
        MemorySegment.copy(launchKey(cpu, key), 0, NativeCode.memoryAt(rcx, 16), ValueLayout.JAVA_BYTE, 0, 16);
        return 0;
    }

    @ParameterizedTest
    @EnumSource
    void refusesWhatItsMachineCodeRefuses(LeProfile profile) throws Exception {
        List<WhiteList> lists = List.of(
                WhiteList.NONE,
                new WhiteList(3, List.of("00".repeat(32))),
                new WhiteList(3, List.of("11".repeat(32), "22".repeat(32))));
        for (WhiteList list : lists) {
            try (RunningPlatform running = running(platform);
                    LaunchEnclaveRunner.Running twin = start(profile, list, running.driver())) {
                for (LeRequest request : requests()) {
                    LeAnswer fromCode = nativeAnswer(profile, list, request);
                    LeAnswer answer = twin.ask(request);

                    assertThat(answer.result()).as("%s", request.attributes()).isEqualTo(fromCode.result());
                    assertThat(answer.granted()).as("%s", request.attributes()).isEqualTo(fromCode.granted());
                    if (!answer.granted()) {
                        assertThat(answer.token()).containsOnly(0);
                    }
                }
            }
        }
    }

    private List<LeRequest> requests() {
        List<LeRequest> requests = new ArrayList<>();
        for (int bit = 0; bit < 64; bit++) {
            requests.add(request(new Attributes(1L << bit, 3)));
            requests.add(request(new Attributes(1L << bit | Attributes.DEBUG, 3)));
        }
        for (String signer : List.of(LeImage.SERVICES.get(1), "11".repeat(32), "22".repeat(32), "00".repeat(32))) {
            for (long flags : new long[] {4, 4 | Attributes.PROVISIONKEY, 6 | Attributes.PROVISIONKEY, 5}) {
                requests.add(new LeRequest(bytes(), HexFormat.of().parseHex(signer), new Attributes(flags, 3)));
            }
        }
        return requests;
    }

    private static LeAnswer nativeAnswer(LeProfile profile, WhiteList list, LeRequest request) {
        try (NativeCode code = new NativeCode(profile, list, (leaf, rbx, rcx, rdx) -> 0);
                Arena arena = Arena.ofConfined()) {
            MemorySegment struct = arena.allocate(LeRequest.SIZE, 16);
            request.writeTo(struct);
            code.enter(struct.address(), 0);
            return LeRequest.answerIn(struct);
        }
    }

    @Test
    void itLeavesNoSecretInItsMemory() throws Exception {
        try (RunningPlatform running = running(platform);
                LaunchEnclaveRunner.Running enclave = start(LeProfile.V5, WhiteList.NONE, running.driver())) {
            EinitToken token = EinitToken.of(enclave.ask(request(DEBUG)).token());
            ProcessorPackage cpu = running.driver().processorPackage();
            String key = HexFormat.of().formatHex(launchKey(cpu, token));

            for (int page = 0; page < cpu.epc().pages(); page++) {
                assertThat(HexFormat.of().formatHex(cpu.epc().page(page).toArray(ValueLayout.JAVA_BYTE)))
                        .doesNotContain(key);
            }
        }
    }

    @Test
    void eightThreadsAskAtOnce() throws Exception {
        int threads = 8;
        int requests = 200;
        try (RunningPlatform running = running(platform);
                LaunchEnclaveRunner.Running enclave = start(LeProfile.V5, WhiteList.NONE, running.driver());
                ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Callable<Integer>> work = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int seed = t;
                work.add(() -> {
                    Random own = new Random(seed);
                    for (int i = 0; i < requests; i++) {
                        byte[] mrEnclave = new byte[32];
                        own.nextBytes(mrEnclave);
                        LeAnswer answer = enclave.ask(new LeRequest(mrEnclave, mrEnclave, DEBUG));
                        EinitToken token = EinitToken.of(answer.token());
                        assertThat(token.mrEnclave().toArray(Layouts.U8)).isEqualTo(mrEnclave);
                        assertThat(token.mac().toArray(Layouts.U8))
                                .isEqualTo(new Cmac(launchKey(running.driver().processorPackage(), token))
                                        .mac(token.macedBytes().toArray(Layouts.U8)));
                    }
                    return requests;
                });
            }
            for (Future<Integer> done : pool.invokeAll(work)) {
                assertThat(done.get()).isEqualTo(requests);
            }
        }
    }

    @Test
    void eightThreadsLaunchAtOnceThroughOneLaunchEnclave() throws Exception {
        var image = TestEnclaves.image(21);
        var sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);
        try (Launcher launcher = Launcher.on(platform);
                ExecutorService pool = Executors.newFixedThreadPool(8)) {
            Callable<Boolean> launch = () -> launcher.launch(image, sigstruct, LaunchOptions.through(InterfaceKind.V5))
                    .launched();
            for (Future<Boolean> done : pool.invokeAll(Collections.nCopies(40, launch))) {
                assertThat(done.get()).isTrue();
            }
        }
    }

    @Test
    void itRunsOnWhileItsPagesAreTaken() throws Exception {
        // Room for the launch enclave and one enclave at a time: each build takes pages of the launch enclave.
        Platform small = platform.withEpc(96 * 4096);
        var image = TestEnclaves.image(22, 60);
        var sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);
        try (Launcher launcher = Launcher.on(small)) {
            for (int i = 0; i < 20; i++) {
                var result = launcher.launch(image, sigstruct, LaunchOptions.through(InterfaceKind.V5));
                assertThat(result.launched()).as("%s", result).isTrue();
            }
        }
    }

    @Test
    void afterPowerLossItIsLostAndStartsAgain() throws Exception {
        try (RunningPlatform running = running(platform);
                LaunchEnclaveRunner.Running enclave = start(LeProfile.V5, WhiteList.NONE, running.driver())) {
            assertThat(enclave.ask(request(DEBUG)).granted()).isTrue();

            running.driver().powerLoss();

            assertThatThrownBy(() -> enclave.ask(request(DEBUG))).isInstanceOf(EnclaveLostException.class);
            try (LaunchEnclaveRunner.Running again = start(LeProfile.V5, WhiteList.NONE, running.driver())) {
                assertThat(again.ask(request(DEBUG)).granted()).isTrue();
            }
        }
    }

    @Test
    void onceTakenDownItAnswersNoMore() throws Exception {
        try (RunningPlatform running = running(platform)) {
            LaunchEnclaveRunner.Running enclave = start(LeProfile.V5, WhiteList.NONE, running.driver());
            enclave.close();
            enclave.close();

            assertThatThrownBy(() -> enclave.ask(request(DEBUG)))
                    .isInstanceOf(EnclaveLostException.class)
                    .hasMessageContaining("taken down");
        }
    }

    @Test
    void itDoesNotStartUnderAForeignHash() throws Exception {
        Platform foreign = platform.withLaunchControl(LaunchControl.lockedTo(TestPlatforms.OTHER_KEY.mrSigner()))
                .withLeKey(TestPlatforms.OTHER_KEY);
        try (RunningPlatform running = running(foreign)) {
            assertThatThrownBy(() -> start(LeProfile.V5, WhiteList.NONE, running.driver()))
                    .isInstanceOf(LaunchEnclaveException.class)
                    .hasMessageContaining("INIT returned 2");
            assertThat(running.driver().freePages())
                    .as("nothing is left of it")
                    .isEqualTo(running.driver().totalPages());
        }
    }

    private LaunchEnclaveRunner.Running start(LeProfile profile, WhiteList list, SgxDriver driver)
            throws LaunchEnclaveException {
        return new JavaLaunchEnclave(random).start(LaunchEnclave.of(TestPlatforms.LE_KEY, profile, list), driver);
    }

    private static RunningPlatform running(Platform platform) {
        return RunningPlatform.of(
                platform, new Random(1), new JavaLaunchEnclave(new Random(2)), UnaryOperator.identity());
    }

    private LeRequest request(Attributes attributes) {
        return new LeRequest(bytes(), bytes(), attributes);
    }

    private byte[] bytes() {
        byte[] bytes = new byte[32];
        random.nextBytes(bytes);
        return bytes;
    }

    private static String hex(EinitToken token) {
        return HexFormat.of().formatHex(token.memory().toArray(Layouts.U8));
    }
}

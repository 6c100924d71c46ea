package jsgx.launch.le;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import jsgx.arch.Leaf;
import jsgx.arch.crypto.Cmac;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.KeyRequest;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Report;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The machine code of the launch enclave, on this machine's processor. */
class LeCodeTest {

    private static final byte[] PACKAGE_KEY =
            "the package's key".substring(0, 16).getBytes(StandardCharsets.US_ASCII);
    private static final Attributes NORMAL = new Attributes(Attributes.MODE64BIT | Attributes.DEBUG, 7);

    private final Random random = new Random(5);
    private final byte[] mrEnclave = bytes(32);
    private final byte[] mrSigner = bytes(32);
    private final byte[] cpuSvn = bytes(16);

    /** What the enclave asked EGETKEY for. */
    private byte[] keyRequest = new byte[0];

    private byte[] launchKey = new byte[0];
    private long egetkeyResult;

    @ParameterizedTest
    @EnumSource
    void makesTheTokenThatTheProtocolDescribes(LeProfile profile) {
        EinitToken token = EinitToken.of(ask(profile, WhiteList.NONE, NORMAL).token());

        EinitToken expected = EinitToken.allocate();
        expected.valid(1);
        expected.mrEnclave(mrEnclave);
        expected.mrSigner(mrSigner);
        expected.attributes(NORMAL);
        expected.cpuSvnLe(cpuSvn);
        expected.isvProdIdLe(0x1234);
        expected.isvSvnLe(0x5678);
        expected.maskedMiscSelectLe(0x9abcdef1);
        expected.maskedAttributesLe(new Attributes(0x21, 0));
        expected.keyId(token.keyId());
        expected.mac(new Cmac(launchKey).mac(expected.macedBytes().toArray(Layouts.U8)));
        assertThat(hex(token.memory())).isEqualTo(hex(expected.memory()));
        assertThat(token.keyId().toArray(Layouts.U8)).isNotEqualTo(new byte[32]);

        KeyRequest request = KeyRequest.allocate();
        request.isvSvn(0x5678);
        request.cpuSvn(cpuSvn);
        request.attributeMask(new Attributes(~Attributes.MODE64BIT, 0));
        request.miscMask(-1);
        request.keyId(token.keyId());
        assertThat(hex(MemorySegment.ofArray(keyRequest))).isEqualTo(hex(request.memory()));
    }

    @Test
    void everyTokenHasAKeyIdOfItsOwn() {
        byte[] first = ask(LeProfile.V5, WhiteList.NONE, NORMAL).token();
        byte[] second = ask(LeProfile.V5, WhiteList.NONE, NORMAL).token();

        assertThat(Arrays.copyOfRange(first, 256, 288)).isNotEqualTo(Arrays.copyOfRange(second, 256, 288));
    }

    @ParameterizedTest
    @EnumSource
    void refusesReservedAttributesByATokenOfZeroes(LeProfile profile) {
        for (int bit = 0; bit < 64; bit++) {
            long flags = 1L << bit | Attributes.DEBUG;
            LeAnswer answer = ask(profile, WhiteList.NONE, new Attributes(flags, 3));
            boolean refused = (flags & profile.refusedFlags()) != 0
                    || ((flags & Attributes.PROVISIONKEY) != 0 && profile.guardsProvisionKey());

            assertThat(answer.granted()).as("bit %d", bit).isEqualTo(!refused);
            if (refused) {
                assertThat(answer.token()).containsOnly(0);
            }
        }
        assertThat(ask(profile, WhiteList.NONE, new Attributes(8, 3)).result())
                .isEqualTo(
                        switch (profile) {
                            case V5 -> 0;
                            case DCAP -> 2;
                            case INTEL -> 40;
                        });
    }

    @Test
    void givesTheProvisionKeyToServicesOnly() {
        Attributes provision = NORMAL.with(Attributes.PROVISIONKEY);
        assertThat(ask(LeProfile.V5, WhiteList.NONE, provision).granted()).isTrue();
        assertThat(ask(LeProfile.DCAP, WhiteList.NONE, provision).result()).isEqualTo(0x4000_0002);
        assertThat(ask(LeProfile.INTEL, WhiteList.NONE, provision).result()).isEqualTo(40);
        for (String service : LeImage.SERVICES) {
            byte[] signer = HexFormat.of().parseHex(service);
            assertThat(ask(LeProfile.DCAP, WhiteList.NONE, signer, provision).granted())
                    .isTrue();
            assertThat(ask(LeProfile.INTEL, WhiteList.NONE, signer, provision).granted())
                    .isTrue();
            signer[31] ^= 1;
            assertThat(ask(LeProfile.DCAP, WhiteList.NONE, signer, provision).granted())
                    .isFalse();
        }
    }

    @Test
    void asksTheWhiteListWhereThereIsNoDebug() {
        Attributes production = NORMAL.without(Attributes.DEBUG);
        String own = HexFormat.of().formatHex(mrSigner);
        List<String> others = List.of("11".repeat(32), "22".repeat(32));
        List<String> withOwn = List.of("11".repeat(32), "22".repeat(32), own);

        assertThat(ask(LeProfile.INTEL, WhiteList.NONE, production).result()).isEqualTo(42);
        assertThat(ask(LeProfile.INTEL, new WhiteList(1, others), production).result())
                .isEqualTo(41);
        assertThat(ask(LeProfile.INTEL, new WhiteList(1, withOwn), production).granted())
                .isTrue();
        assertThat(ask(LeProfile.INTEL, new WhiteList(1, List.of("00".repeat(32))), production)
                        .granted())
                .isTrue();
        assertThat(ask(LeProfile.INTEL, new WhiteList(1, List.of()), production).granted())
                .isTrue();
        assertThat(ask(LeProfile.INTEL, WhiteList.NONE, NORMAL).granted()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void withoutALaunchKeyThereIsNoToken(LeProfile profile) {
        egetkeyResult = 2;

        LeAnswer answer = ask(profile, WhiteList.NONE, NORMAL);

        assertThat(answer.token()).containsOnly(0);
        assertThat(answer.result()).isEqualTo(profile == LeProfile.INTEL ? 39 : 0x4000_0003);
    }

    @Test
    void leavesNoSecretBehind() {
        try (NativeCode code = new NativeCode(LeProfile.V5, WhiteList.NONE, this::enclu);
                Arena arena = Arena.ofConfined()) {
            MemorySegment struct = arena.allocate(LeRequest.SIZE, 16);
            new LeRequest(mrEnclave, mrSigner, NORMAL).writeTo(struct);
            code.enter(struct.address(), 0);

            assertThat(LeRequest.answerIn(struct).granted()).isTrue();
            assertThat(code.memory()
                            .asSlice(LeLayout.KEY, LeLayout.SECRETS_END - LeLayout.KEY)
                            .toArray(ValueLayout.JAVA_BYTE))
                    .containsOnly(0);
        }
    }

    @Test
    void aRequestThatReachesIntoTheEnclaveIsNotTouched() {
        try (NativeCode code = new NativeCode(LeProfile.V5, WhiteList.NONE, this::enclu)) {
            MemorySegment memory = code.memory();
            byte[] before = memory.toArray(ValueLayout.JAVA_BYTE);
            long base = memory.address();
            int size = LeImage.enclaveSize(LeImage.blob(LeProfile.V5, WhiteList.NONE).length);
            for (long at : new long[] {base - LeRequest.SIZE + 1, base, base + LeLayout.KEY, base + size - 1}) {
                code.enter(at, 0);
            }

            assertThat(differences(before, memory.toArray(ValueLayout.JAVA_BYTE)))
                    .as("only the stack may have changed, and where the test keeps its own")
                    .allMatch(i -> (i >= LeLayout.STACK_TOP - 64 && i < LeLayout.STACK_TOP) || i >= size);
        }
    }

    @Test
    void aSecondFrameDoesNothing() {
        try (NativeCode code = new NativeCode(LeProfile.V5, WhiteList.NONE, this::enclu);
                Arena arena = Arena.ofConfined()) {
            MemorySegment struct = arena.allocate(LeRequest.SIZE, 16);
            new LeRequest(mrEnclave, mrSigner, NORMAL).writeTo(struct);
            code.enter(struct.address(), 1);

            assertThat(LeRequest.answerIn(struct).token()).containsOnly(0);
        }
    }

    private LeAnswer ask(LeProfile profile, WhiteList list, Attributes attributes) {
        return ask(profile, list, mrSigner, attributes);
    }

    private LeAnswer ask(LeProfile profile, WhiteList list, byte[] signer, Attributes attributes) {
        try (NativeCode code = new NativeCode(profile, list, this::enclu);
                Arena arena = Arena.ofConfined()) {
            MemorySegment struct = arena.allocate(LeRequest.SIZE, 16);
            new LeRequest(mrEnclave, signer, attributes).writeTo(struct);
            code.enter(struct.address(), 0);
            return LeRequest.answerIn(struct);
        }
    }

    /** EREPORT and EGETKEY, with made-up values. */
    private long enclu(long leaf, long rbx, long rcx, long rdx) {
        if (leaf == Leaf.EREPORT.number()) {
            assertThat(NativeCode.memoryAt(rbx, 512).toArray(Layouts.U8)).containsOnly(0);
            assertThat(NativeCode.memoryAt(rcx, 64).toArray(Layouts.U8)).containsOnly(0);
            Report report = new Report(NativeCode.memoryAt(rdx, Report.SIZE));
            report.cpuSvn(cpuSvn);
            report.isvProdId(0x1234);
            report.isvSvn(0x5678);
            report.miscSelect(0x9abcdef1);
            report.attributes(new Attributes(0x25, 3));
            return Leaf.EREPORT.number();
        }
        assertThat(leaf).isEqualTo(Leaf.EGETKEY.number());
        keyRequest = NativeCode.memoryAt(rbx, KeyRequest.SIZE).toArray(Layouts.U8);
        launchKey = new Cmac(PACKAGE_KEY).mac(keyRequest);
        MemorySegment.copy(launchKey, 0, NativeCode.memoryAt(rcx, 16), ValueLayout.JAVA_BYTE, 0, 16);
        return egetkeyResult;
    }

    private byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    private static String hex(MemorySegment memory) {
        return HexFormat.of().formatHex(memory.toArray(Layouts.U8));
    }

    private static List<Integer> differences(byte[] a, byte[] b) {
        return IntStream.range(0, a.length).filter(i -> a[i] != b[i]).boxed().toList();
    }
}

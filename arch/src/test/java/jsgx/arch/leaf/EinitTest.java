package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.Random;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.TestSigner;
import jsgx.arch.crypto.KeyDependencies;
import jsgx.arch.crypto.SignatureCache;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.leaf.Einit.Check;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.Sigstruct;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EinitTest extends LeafChecks<Check, EinitCall> {

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EINIT, Outcome.Flags.CLEARED);
    private static final int NO_SECS_PAGE = 50;

    EinitTest() {
        super(Check.class);
        gp(Check.SIGSTRUCT_ALIGNED, call -> call.rbx += 2048);
        gp(Check.SECS_ALIGNED, call -> call.rcx += 2048);
        gp(Check.TOKEN_ALIGNED, call -> call.rdx += 256);
        pf(Check.SECS_IN_EPC, call -> call.rcx, call -> call.rcx = call.machine.sourceAt);
        for (int at : new int[] {0, 15}) {
            error(Check.SIGSTRUCT_HEADER, SgxError.INVALID_SIG_STRUCT, call -> call.sigstructByte(at));
        }
        error(Check.SIGSTRUCT_VENDOR, SgxError.INVALID_SIG_STRUCT, call -> call.sigstruct.vendor(0x8087));
        for (int at : new int[] {24, 39}) {
            error(Check.SIGSTRUCT_HEADER2, SgxError.INVALID_SIG_STRUCT, call -> call.sigstructByte(at));
        }
        error(Check.SIGSTRUCT_EXPONENT, SgxError.INVALID_SIG_STRUCT, call -> call.sigstruct.exponent(0x10001));
        for (int at : new int[] {44, 127, 910, 911, 992, 1007, 1028, 1039}) {
            error(Check.SIGSTRUCT_RESERVED, SgxError.INVALID_SIG_STRUCT, call -> call.sigstructByte(at));
        }
        error(Check.NO_PENDING_EVENT, SgxError.UNMASKED_EVENT, call -> call.machine.lp.pendingEvent(() -> true));
        for (int at : new int[] {516, 899, 1040, 1424}) {
            error(Check.SIGNATURE, SgxError.INVALID_SIGNATURE, call -> {
                call.prepare();
                call.signs = false;
                call.sigstructByte(at);
            });
        }
        gp(Check.SECS_FREE, call -> call.holdExclusive(call::secsPage));
        pf(Check.SECS_VALID, call -> call.rcx, call -> call.rcx = call.machine.epc(NO_SECS_PAGE));
        pf(Check.SECS_VALID, call -> call.rcx, call -> {
            call.epcm().set(NO_SECS_PAGE, PageType.REG.code() << Epcm.PT_SHIFT, 0, Epcm.NO_SECS);
            call.rcx = call.machine.epc(NO_SECS_PAGE);
        });
        error(
                Check.ISVFAMILYID_NEEDS_KSS,
                SgxError.INVALID_SIG_STRUCT,
                call -> call.sigstruct.isvFamilyId(EinitCall.bytesOf(16, 1)));
        gp(Check.MEASUREMENT_FREE, call -> call.holdMeasuring(call.enclave::secsPage));
        gp(Check.SECS_UNINITIALIZED, call -> call.enclave.init(sigstruct -> sigstruct.attributeMask(Attributes.NONE)));
        error(Check.ENCLAVEHASH, SgxError.INVALID_MEASUREMENT, call -> call.sigstructByte(960));
        error(Check.ENCLAVEHASH, SgxError.INVALID_MEASUREMENT, call -> call.sigstructByte(991));
        error(
                Check.CONTROLLED_ATTRIBUTES,
                SgxError.INVALID_ATTRIBUTE,
                call -> call.secsAttributes(a -> a.with(Attributes.EINITTOKENKEY)));
        error(
                Check.ATTRIBUTES,
                SgxError.INVALID_ATTRIBUTE,
                call -> call.secsAttributes(a -> a.with(Attributes.PROVISIONKEY)));
        error(
                Check.ATTRIBUTES,
                SgxError.INVALID_ATTRIBUTE,
                call -> call.secsAttributes(a -> new Attributes(a.flags(), 7)));
        error(Check.MISCSELECT, SgxError.INVALID_ATTRIBUTE, call -> call.sigstruct.miscSelect(1));
        error(Check.AUTHORIZED_SIGNER, SgxError.INVALID_EINITTOKEN, call -> call.token.valid(0));
        error(
                Check.TOKEN_DEBUG,
                SgxError.INVALID_EINITTOKEN,
                call -> call.token.maskedAttributesLe(
                        call.token.maskedAttributesLe().with(Attributes.DEBUG)));
        for (int at : new int[] {0, 3, 4, 47, 96, 127, 160, 191, 213, 235}) {
            error(Check.TOKEN_RESERVED, SgxError.INVALID_EINITTOKEN, call -> call.tokenByte(at));
        }
        for (int component : new int[] {0, 15}) {
            error(Check.TOKEN_CPUSVN, SgxError.INVALID_CPUSVN, call -> call.cpuSvnLe(component, 0x80));
        }
        for (int at : new int[] {288, 303}) {
            error(Check.TOKEN_MAC, SgxError.INVALID_EINITTOKEN, call -> {
                call.prepare();
                call.macs = false;
                call.tokenByte(at);
            });
        }
        error(Check.TOKEN_MRENCLAVE, SgxError.INVALID_MEASUREMENT, call -> call.tokenByte(64));
        error(Check.TOKEN_MRSIGNER, SgxError.INVALID_MEASUREMENT, call -> call.tokenByte(159));
        error(Check.TOKEN_ATTRIBUTES, SgxError.INVALID_ATTRIBUTE, call -> call.tokenByte(48));
        error(Check.TOKEN_ATTRIBUTES, SgxError.INVALID_ATTRIBUTE, call -> call.tokenByte(63));

        on(EinitTest::withCet);
        error(Check.CET_ATTRIBUTES, SgxError.INVALID_ATTRIBUTE, call -> {
            call.sigstruct.cetAttributes(1);
            call.sigstruct.cetAttributesMask(3);
        });

        on(EinitTest::beforeCet);
        for (int at : new int[] {908, 909}) {
            error(Check.SIGSTRUCT_RESERVED, SgxError.INVALID_SIG_STRUCT, call -> call.sigstructByte(at));
        }
        error(Check.TOKEN_RESERVED, SgxError.INVALID_EINITTOKEN, call -> call.token.cetMaskedAttributesLe(1));

        operand("SIGSTRUCT", (call, address) -> call.rbx = address);
        operand("SECS", (call, address) -> call.rcx = address);
        operand("EINITTOKEN", (call, address) -> call.rdx = address);
    }

    @Override
    EinitCall call() {
        return withCet();
    }

    private static EinitCall withCet() {
        return new EinitCall(TestMachine.withCet());
    }

    private static EinitCall beforeCet() {
        return new EinitCall(CpuFeatures.SGX1_FLC);
    }

    @Test
    void theSecsIsCommitted() {
        EinitCall call = call();
        call.secsAttributes(a -> a.with(Attributes.KSS));
        call.sigstruct.attributes(call.sigstruct.attributes().with(Attributes.KSS));
        call.token.attributes(call.token.attributes().with(Attributes.KSS));
        call.sigstruct.isvProdId(0x1234);
        call.sigstruct.isvSvn(0x5678);
        call.sigstruct.isvFamilyId(EinitCall.bytesOf(16, 0xfa));
        call.sigstruct.isvExtProdId(EinitCall.bytesOf(16, 0xe1));

        assertThat(call.run()).isEqualTo(SUCCESS);
        Secs secs = call.enclave.secsInEpc();
        assertThat(TestSigner.bytes(secs.mrEnclave())).isEqualTo(call.enclave.mrEnclave());
        assertThat(TestSigner.bytes(secs.mrSigner())).isEqualTo(TestSigner.OTHER.mrSigner());
        assertThat(secs.isvProdId()).isEqualTo(0x1234);
        assertThat(secs.isvSvn()).isEqualTo(0x5678);
        assertThat(secs.attributes())
                .isEqualTo(new Attributes(Attributes.INIT | Attributes.MODE64BIT | Attributes.KSS, 3));
        SecsInternals internals = new SecsInternals(secs.memory());
        assertThat(TestSigner.bytes(internals.isvFamilyId())).containsOnly(0xfa);
        assertThat(TestSigner.bytes(internals.isvExtProdId())).containsOnly(0xe1);
        assertThat(TestSigner.bytes(internals.padding())).isEqualTo(KeyDependencies.hardcodedPkcs15Padding());
        assertThat(state(call).measurement()).as("the measurement is over").isNull();
    }

    @Test
    void whatIsRefusedCommitsNothing() {
        EinitCall call = call();
        byte[] before = TestSigner.bytes(call.enclave.secsInEpc().memory());
        call.tokenByte(63);

        assertThat(call.run().isSuccess()).isFalse();
        assertThat(TestSigner.bytes(call.enclave.secsInEpc().memory())).isEqualTo(before);
        assertThat(state(call).measurement()).isNotNull();
        call.tokenByte(63);
        assertThat(call.run()).as("the enclave can still be initialised").isEqualTo(SUCCESS);
    }

    @Test
    void anEventEndsOneAttempt() {
        EinitCall call = call();
        int[] events = {1};
        call.machine.lp.pendingEvent(() -> events[0]-- > 0);

        assertThat(call.run())
                .isInstanceOfSatisfying(
                        Outcome.Error.class, error -> assertThat(error.code()).isEqualTo(SgxError.UNMASKED_EVENT));
        assertThat(call.run()).isEqualTo(SUCCESS);
    }

    @Test
    void intelsVendorIsAccepted() {
        EinitCall call = call();
        call.sigstruct.vendor(Sigstruct.VENDOR_INTEL);

        assertThat(call.run()).isEqualTo(SUCCESS);
    }

    /** The manual asks nothing of ISVEXTPRODID. */
    @Test
    void isvextprodidNeedsNoKss() {
        EinitCall call = call();
        call.sigstruct.isvExtProdId(EinitCall.bytesOf(16, 1));

        assertThat(call.run()).isEqualTo(SUCCESS);
    }

    @Test
    void whatTheMasksLeaveOutIsFree() {
        EinitCall call = call();
        call.sigstruct.attributeMask(new Attributes(~Attributes.DEBUG, ~4L));
        call.sigstruct.attributes(new Attributes(Attributes.MODE64BIT | Attributes.DEBUG, 7));
        call.sigstruct.miscMask(~1);
        call.sigstruct.miscSelect(1);

        assertThat(call.run()).isEqualTo(SUCCESS);
    }

    @Test
    void theAuthorisedSignerMayHaveTheLaunchKey() {
        EinitCall call = call().withoutToken();
        call.secsAttributes(a -> a.with(Attributes.EINITTOKENKEY));
        call.sigstruct.attributes(call.sigstruct.attributes().with(Attributes.EINITTOKENKEY));

        assertThat(call.run()).isEqualTo(SUCCESS);
    }

    @Test
    void theAuthorisedSignersTokenIsNotLookedAt() {
        EinitCall call = call().withoutToken();
        byte[] garbage = new byte[304];
        new Random(304).nextBytes(garbage);
        garbage[0] &= (byte) ~1;
        call.token.memory().asByteBuffer().put(garbage);

        assertThat(call.run()).isEqualTo(SUCCESS);
    }

    /** With VALID set even the authorised signer's token must be right. */
    @Test
    void theAuthorisedSignersValidTokenIsLookedAt() {
        EinitCall call = call().withoutToken();
        call.token.valid(1);

        assertThat(call.run())
                .isInstanceOfSatisfying(
                        Outcome.Error.class, error -> assertThat(error.check()).isEqualTo(Check.TOKEN_MAC));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void oneFlippedBitAnywhereInTheTokenIsRefused(boolean cet) {
        EinitCall call = (cet ? call() : beforeCet()).prepare();
        byte[] good = TestSigner.bytes(call.token.memory());
        byte[] currentSvn = TestMachine.CPU_SVN.bytes();
        for (int bit = 0; bit < 8 * good.length; bit++) {
            byte[] bad = good.clone();
            bad[bit / 8] ^= (byte) (1 << bit % 8);
            call.token.memory().asByteBuffer().put(bad);
            int svn = bit / 8 - 192;
            boolean beyond = svn >= 0 && svn < 16 && (bad[bit / 8] & 0xff) > currentSvn[svn];

            assertThat(call.executeAsIs())
                    .as("bit %d", bit)
                    .isInstanceOfSatisfying(
                            Outcome.Error.class,
                            error -> assertThat(error.code())
                                    .isEqualTo(beyond ? SgxError.INVALID_CPUSVN : SgxError.INVALID_EINITTOKEN));
        }
        call.token.memory().asByteBuffer().put(good);
        assertThat(call.executeAsIs()).isEqualTo(SUCCESS);
    }

    @Test
    void aDebugLaunchEnclaveLaunchesDebugEnclaves() {
        EinitCall call = call();
        call.secsAttributes(a -> a.with(Attributes.DEBUG));
        call.sigstruct.attributes(call.sigstruct.attributes().with(Attributes.DEBUG));
        call.token.attributes(call.token.attributes().with(Attributes.DEBUG));
        call.token.maskedAttributesLe(call.token.maskedAttributesLe().with(Attributes.DEBUG));

        assertThat(call.run()).isEqualTo(SUCCESS);
    }

    @Test
    void everyInputOfTheLaunchKeyComesFromTheToken() {
        EinitCall call = call();
        call.token.isvProdIdLe(0xfedc);
        call.token.isvSvnLe(0xba98);
        call.token.maskedAttributesLe(new Attributes(0xffff_0021L, 0x1234_5678_9abc_def0L));
        call.token.maskedMiscSelectLe(0x7654_3210);
        call.token.cetMaskedAttributesLe(0x3f);
        call.cpuSvnLe(3, 7);
        call.token.keyId(EinitCall.bytesOf(32, 0x77));

        assertThat(call.run()).isEqualTo(SUCCESS);
    }

    @Test
    void aTokenOutlivesAMicrocodeUpdateButNoDowngrade() {
        EinitCall call = call().prepare();
        call.machine.cpu.cpuSvn(CpuSvn.parse("07080808080808080808080808080808"));
        assertThat(call.executeAsIs())
                .isInstanceOfSatisfying(
                        Outcome.Error.class, error -> assertThat(error.code()).isEqualTo(SgxError.INVALID_CPUSVN));
        call.machine.cpu.cpuSvn(CpuSvn.parse("08080809080808080808080808080808"));
        assertThat(call.executeAsIs()).isEqualTo(SUCCESS);
    }

    @Test
    void aTokenDiesWithTheOwnerEpoch() {
        EinitCall call = call().prepare();
        call.machine.cpu.ownerEpoch(new byte[16]);
        assertThat(call.executeAsIs())
                .isInstanceOfSatisfying(
                        Outcome.Error.class, error -> assertThat(error.check()).isEqualTo(Check.TOKEN_MAC));
        call.machine.cpu.ownerEpoch(TestMachine.OWNER_EPOCH);
        assertThat(call.executeAsIs()).isEqualTo(SUCCESS);
    }

    @Test
    void aTokenSleepsWhileTheHashRegistersNameAnother() {
        EinitCall call = call().prepare();
        call.machine.authorize(EinitCall.bytesOf(32, 9));
        assertThat(call.executeAsIs()).isInstanceOfSatisfying(Outcome.Error.class, error -> {
            assertThat(error.check()).isEqualTo(Check.TOKEN_MAC);
            assertThat(error.expected()).contains("09".repeat(32));
        });
        call.machine.authorize(TestSigner.AUTHOR.mrSigner());
        assertThat(call.executeAsIs()).isEqualTo(SUCCESS);
    }

    /** The token of one package is worth nothing on another, and survives power loss on its own. */
    @Test
    void aTokenOutlivesPowerLoss() {
        EinitCall call = call().prepare();
        call.machine.cpu.powerLoss();
        TestEnclave again = TestEnclave.create(call.machine);
        again.add(0, TestEnclave.RX, new byte[] {0x0f, 0x01, (byte) 0xd7});
        call.rcx = again.secsAt();

        assertThat(call.executeAsIs()).isEqualTo(SUCCESS);
    }

    /** Who could read the right MAC in an outcome could forge a token. */
    @Test
    void theOutcomeKeepsTheRightMac() {
        EinitCall call = call().prepare();
        String right = Bytes.hex(call.token.mac());
        call.tokenByte(290);

        assertThat(call.executeAsIs()).isInstanceOfSatisfying(Outcome.Error.class, error -> {
            assertThat(error.check()).isEqualTo(Check.TOKEN_MAC);
            assertThat(error.expected()).doesNotContain(right);
        });
    }

    @Test
    void anOutcomeNamesBothMeasurements() {
        EinitCall call = call();
        call.sigstruct.enclaveHash(EinitCall.bytesOf(32, 0xab));

        assertThat(call.run()).isInstanceOfSatisfying(Outcome.Error.class, error -> {
            assertThat(error.expected()).contains("ab".repeat(32));
            assertThat(error.found()).contains(HexFormat.of().formatHex(call.enclave.mrEnclave()));
        });
    }

    /** SIGSTRUCT and token lie in memory that other software writes: what it writes after the first look is not seen. */
    @Test
    void operandsAreReadOnce() {
        EinitCall call = call();
        call.machine.lp.pendingEvent(() -> {
            call.sigstruct.memory().fill((byte) 0xff);
            call.token.memory().fill((byte) 0xff);
            return false;
        });

        assertThat(call.run()).isEqualTo(SUCCESS);
    }

    @Test
    void operandsInTheEpcReadAsAllOnes() {
        EinitCall call = call();
        call.rbx = call.machine.epc(NO_SECS_PAGE);
        assertThat(call.run())
                .isInstanceOfSatisfying(
                        Outcome.Error.class, error -> assertThat(error.check()).isEqualTo(Check.SIGSTRUCT_HEADER));
        EinitCall other = call();
        other.rdx = other.machine.epc(NO_SECS_PAGE);
        assertThat(other.run())
                .isInstanceOfSatisfying(
                        Outcome.Error.class, error -> assertThat(error.check()).isEqualTo(Check.TOKEN_DEBUG));
    }

    @Test
    void aCacheOfSignaturesChangesNoAnswer() {
        SignatureCache cache = new SignatureCache(8);
        for (int round = 0; round < 2; round++) {
            EinitCall call = call();
            call.machine.cpu.signatureCache(cache);
            assertThat(call.run()).isEqualTo(SUCCESS);
            EinitCall bad = call().prepare();
            bad.machine.cpu.signatureCache(cache);
            bad.sigstructByte(1424);
            assertThat(bad.executeAsIs())
                    .isInstanceOfSatisfying(
                            Outcome.Error.class,
                            error -> assertThat(error.code()).isEqualTo(SgxError.INVALID_SIGNATURE));
        }
    }

    private static SecsState state(EinitCall call) {
        SecsState state = call.machine.cpu.secs(call.enclave.secsPage());
        assertThat(state).isNotNull();
        return state;
    }
}

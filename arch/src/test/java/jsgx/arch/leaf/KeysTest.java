package jsgx.arch.leaf;

import static jsgx.arch.struct.KeyName.EINITTOKEN;
import static jsgx.arch.struct.KeyName.PROVISION;
import static jsgx.arch.struct.KeyName.PROVISION_SEAL;
import static jsgx.arch.struct.KeyName.REPORT;
import static jsgx.arch.struct.KeyName.SEAL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.TestMachine;
import jsgx.arch.UserMemory;
import jsgx.arch.crypto.KeyDependencies;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.KeyName;
import jsgx.arch.struct.KeyPolicy;
import jsgx.arch.struct.KeyRequest;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.TargetInfo;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The manual's table of key derivation, input by input: what changes changes the keys that the table says, and no other.
 */
class KeysTest {

    private static final int ALL_POLICIES = KeyPolicy.MRENCLAVE
            | KeyPolicy.MRSIGNER
            | KeyPolicy.CONFIGID
            | KeyPolicy.ISVFAMILYID
            | KeyPolicy.ISVEXTPRODID;
    private static final Set<KeyName> NONE = EnumSet.noneOf(KeyName.class);
    private static final Set<KeyName> ALL = EnumSet.allOf(KeyName.class);
    private static final Set<KeyName> REQUESTED = EnumSet.of(EINITTOKEN, PROVISION, PROVISION_SEAL, SEAL);
    private static final Set<KeyName> MASKS = EnumSet.of(PROVISION, PROVISION_SEAL, SEAL);
    private static final Set<KeyName> SEALING = EnumSet.of(PROVISION_SEAL, SEAL);
    private static final Set<KeyName> SEAL_AND_REPORT = EnumSet.of(SEAL, REPORT);

    private record Input(String name, Set<KeyName> changes, Consumer<Subject> base, Consumer<Subject> change) {}

    /** All that a key can depend on, each with a value that is not zero. */
    private static final class Subject {

        byte[] sealFuses = random(1, 16);
        byte[] packageKey = random(2, 16);
        byte[] ownerEpoch = random(3, 16);
        CpuSvn cpuSvn = CpuSvn.parse("05050505050505050505050505050505");
        final Secs secs = Secs.allocate();
        final SecsInternals internals = new SecsInternals(secs.memory());
        final KeyRequest request = KeyRequest.allocate();

        Subject() {
            secs.attributes(new Attributes(
                    Attributes.INIT | Attributes.MODE64BIT | Attributes.KSS | Attributes.PROVISIONKEY, 0x7));
            secs.miscSelect(1);
            secs.mrEnclave(random(4, 32));
            secs.mrSigner(random(5, 32));
            secs.configId(random(6, 64));
            secs.configSvn(7);
            secs.isvProdId(8);
            secs.isvSvn(9);
            secs.cetAttributes(1);
            internals.isvFamilyId().copyFrom(MemorySegment.ofArray(random(10, 16)));
            internals.isvExtProdId().copyFrom(MemorySegment.ofArray(random(11, 16)));
            internals.padding().copyFrom(MemorySegment.ofArray(KeyDependencies.hardcodedPkcs15Padding()));
            request.keyPolicy(ALL_POLICIES);
            request.isvSvn(3);
            request.cpuSvn(CpuSvn.parse("04040404040404040404040404040404").bytes());
            request.attributeMask(new Attributes(Attributes.MODE64BIT, 0x3));
            request.keyId(random(12, 32));
            request.miscMask(1);
            request.configSvn(2);
            request.cetAttributesMask(1);
        }

        ProcessorPackage cpu() {
            return new ProcessorPackage(
                    new Fuses(sealFuses, packageKey),
                    TestMachine.withCet(),
                    cpuSvn,
                    ownerEpoch,
                    Epc.allocate(Epc.PAGE_SIZE),
                    new Random(0));
        }

        String key(KeyName name) {
            return HexFormat.of().formatHex(Keys.requested(cpu(), name, secs, request));
        }

        void flip(long flags) {
            Attributes a = secs.attributes();
            secs.attributes(new Attributes(a.flags() ^ flags, a.xfrm()));
        }

        void policy(int policy) {
            request.keyPolicy(policy);
        }
    }

    private static byte[] random(int seed, int size) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static void flip(MemorySegment field) {
        long last = field.byteSize() - 1;
        field.set(Layouts.U8, last, (byte) (field.get(Layouts.U8, last) ^ 0x80));
    }

    private static List<Input> inputs() {
        List<Input> inputs = new ArrayList<>();
        input(inputs, "fuses", EnumSet.complementOf(EnumSet.of(PROVISION)), s -> s.sealFuses = random(99, 16));
        input(inputs, "package key", ALL, s -> s.packageKey = random(99, 16));
        input(inputs, "owner epoch", EnumSet.of(EINITTOKEN, REPORT, SEAL), s -> s.ownerEpoch = random(99, 16));
        input(inputs, "CR_CPUSVN", EnumSet.of(REPORT), s -> s.cpuSvn = CpuSvn.parse("06".repeat(16)));
        input(inputs, "request CPUSVN", REQUESTED, s -> flip(s.request.cpuSvn()));
        input(inputs, "request ISVSVN", REQUESTED, s -> s.request.isvSvn(4));
        input(inputs, "SECS ISVSVN", NONE, s -> s.secs.isvSvn(10));
        input(inputs, "request KEYID", EnumSet.of(EINITTOKEN, REPORT, SEAL), s -> flip(s.request.keyId()));
        input(inputs, "PADDING", REQUESTED, s -> flip(s.internals.padding()));

        input(inputs, "ATTRIBUTES in the mask", ALL, s -> s.flip(Attributes.MODE64BIT));
        input(inputs, "ATTRIBUTES outside the mask", EnumSet.of(REPORT), s -> s.flip(Attributes.PROVISIONKEY));
        input(inputs, "DEBUG, in no mask", ALL, s -> s.flip(Attributes.DEBUG));
        input(inputs, "INIT, in no mask", ALL, s -> s.flip(Attributes.INIT));
        input(
                inputs,
                "XFRM in the mask",
                ALL,
                s -> s.secs.attributes(new Attributes(s.secs.attributes().flags(), 0x5)));
        input(
                inputs,
                "XFRM outside the mask",
                EnumSet.of(REPORT),
                s -> s.secs.attributes(new Attributes(s.secs.attributes().flags(), 0x3)));
        input(
                inputs,
                "ATTRIBUTEMASK of a bit that is clear",
                MASKS,
                s -> s.request.attributeMask(new Attributes(Attributes.MODE64BIT | Attributes.DEBUG, 0x3)));
        input(
                inputs,
                "ATTRIBUTEMASK's XFRM of a bit that is clear",
                MASKS,
                s -> s.request.attributeMask(new Attributes(Attributes.MODE64BIT, 0x203)));
        input(inputs, "MISCSELECT in the mask", ALL, s -> s.secs.miscSelect(0));
        input(inputs, "MISCSELECT outside the mask", EnumSet.of(REPORT), s -> s.secs.miscSelect(3));
        input(inputs, "MISCMASK of a bit that is clear", MASKS, s -> s.request.miscMask(5));
        input(inputs, "CET_ATTRIBUTES in the mask", ALL, s -> s.secs.cetAttributes(0));
        input(inputs, "CET_ATTRIBUTES outside the mask", EnumSet.of(REPORT), s -> s.secs.cetAttributes(5));
        input(inputs, "CET_ATTRIBUTES_MASK of a bit that is clear", MASKS, s -> s.request.cetAttributesMask(5));

        input(inputs, "MRSIGNER", REQUESTED, s -> flip(s.secs.mrSigner()));
        input(inputs, "MRENCLAVE", SEAL_AND_REPORT, s -> flip(s.secs.mrEnclave()));
        input(inputs, "ISVPRODID", REQUESTED, s -> s.secs.isvProdId(9));
        input(inputs, "ISVFAMILYID", SEALING, s -> flip(s.internals.isvFamilyId()));
        input(inputs, "ISVEXTPRODID", SEALING, s -> flip(s.internals.isvExtProdId()));
        input(inputs, "CONFIGID", EnumSet.of(PROVISION_SEAL, SEAL, REPORT), s -> flip(s.secs.configId()));
        input(inputs, "SECS CONFIGSVN", EnumSet.of(REPORT), s -> s.secs.configSvn(8));
        input(inputs, "request CONFIGSVN", SEALING, s -> s.request.configSvn(1));

        without(
                inputs,
                KeyPolicy.MRSIGNER,
                "MRSIGNER",
                EnumSet.of(EINITTOKEN, PROVISION, PROVISION_SEAL),
                s -> flip(s.secs.mrSigner()));
        without(inputs, KeyPolicy.MRENCLAVE, "MRENCLAVE", EnumSet.of(REPORT), s -> flip(s.secs.mrEnclave()));
        without(inputs, KeyPolicy.ISVFAMILYID, "ISVFAMILYID", NONE, s -> flip(s.internals.isvFamilyId()));
        without(inputs, KeyPolicy.ISVEXTPRODID, "ISVEXTPRODID", NONE, s -> flip(s.internals.isvExtProdId()));
        without(inputs, KeyPolicy.CONFIGID, "CONFIGID", EnumSet.of(REPORT), s -> flip(s.secs.configId()));
        without(inputs, KeyPolicy.CONFIGID, "request CONFIGSVN", NONE, s -> s.request.configSvn(1));
        inputs.add(new Input(
                "ISVPRODID with NOISVPRODID",
                EnumSet.of(EINITTOKEN, PROVISION),
                s -> s.policy(ALL_POLICIES | KeyPolicy.NOISVPRODID),
                s -> s.secs.isvProdId(9)));
        for (int bit = 1; bit <= KeyPolicy.ISVEXTPRODID; bit <<= 1) {
            int policy = ALL_POLICIES ^ bit;
            input(inputs, "KEYPOLICY " + KeyPolicy.toString(bit), SEALING, s -> s.policy(policy));
        }
        // KEYPOLICY is an input itself: it counts even where the field that it selects is 0.
        inputs.add(new Input(
                "KEYPOLICY.MRENCLAVE with MRENCLAVE 0",
                SEALING,
                s -> s.secs.mrEnclave(new byte[32]),
                s -> s.policy(ALL_POLICIES ^ KeyPolicy.MRENCLAVE)));
        return inputs;
    }

    private static void input(List<Input> inputs, String name, Set<KeyName> changes, Consumer<Subject> change) {
        inputs.add(new Input(name, changes, s -> {}, change));
    }

    private static void without(
            List<Input> inputs, int policy, String name, Set<KeyName> changes, Consumer<Subject> change) {
        inputs.add(new Input(
                name + " without KEYPOLICY." + KeyPolicy.toString(policy),
                changes,
                s -> s.policy(ALL_POLICIES ^ policy),
                change));
    }

    @TestFactory
    Stream<DynamicTest> theKeysThatDependOnItChange() {
        return inputs().stream()
                .map(input -> dynamicTest(input.name(), () -> {
                    Subject before = new Subject();
                    input.base().accept(before);
                    Subject after = new Subject();
                    input.base().accept(after);
                    input.change().accept(after);
                    Set<KeyName> changed = EnumSet.noneOf(KeyName.class);
                    for (KeyName name : KeyName.values()) {
                        if (!before.key(name).equals(after.key(name))) {
                            changed.add(name);
                        }
                    }
                    assertThat(changed).isEqualTo(input.changes());
                }));
    }

    @Test
    void noTwoKeysAreTheSame() {
        Set<String> keys = new HashSet<>();
        for (KeyName name : KeyName.values()) {
            keys.add(new Subject().key(name));
        }
        assertThat(keys).hasSameSizeAs(KeyName.values());
    }

    @Test
    void theKeyIsTheSameAgain() {
        for (KeyName name : KeyName.values()) {
            assertThat(new Subject().key(name)).isEqualTo(new Subject().key(name));
        }
    }

    @Test
    void einitDerivesTheLaunchKeyThatTheLaunchEnclaveGot() {
        Subject le = new Subject();
        ProcessorPackage cpu = le.cpu();
        LogicalProcessor lp = new LogicalProcessor(cpu, new UserMemory());
        lp.firmwareLePubKeyHash(new long[] {
            Layouts.u64(le.secs.mrSigner(), 0),
            Layouts.u64(le.secs.mrSigner(), 8),
            Layouts.u64(le.secs.mrSigner(), 16),
            Layouts.u64(le.secs.mrSigner(), 24)
        });
        EinitToken token = EinitToken.allocate();
        token.isvProdIdLe(le.secs.isvProdId());
        token.isvSvnLe(le.request.isvSvn());
        token.cpuSvnLe(le.request.cpuSvn());
        token.keyId(le.request.keyId());
        token.maskedAttributesLe(
                le.secs.attributes().and(le.request.attributeMask().with(Attributes.INIT | Attributes.DEBUG)));
        token.maskedMiscSelectLe(le.secs.miscSelect() & le.request.miscMask());
        token.cetMaskedAttributesLe(le.secs.cetAttributes() & le.request.cetAttributesMask());
        assertThat(Keys.launch(lp, token)).isEqualTo(Keys.requested(cpu, EINITTOKEN, le.secs, le.request));
    }

    @Test
    void ereportDerivesTheKeyThatTheTargetGets() {
        Subject target = new Subject();
        ProcessorPackage cpu = target.cpu();
        TargetInfo info = TargetInfo.allocate();
        info.measurement(target.secs.mrEnclave());
        info.attributes(target.secs.attributes());
        info.miscSelect(target.secs.miscSelect());
        info.configId(target.secs.configId());
        info.configSvn(target.secs.configSvn());
        info.cetAttributes(target.secs.cetAttributes());
        byte[] keyId = target.request.keyId().toArray(Layouts.U8);
        assertThat(Keys.report(cpu, new Subject().secs, info, keyId))
                .isEqualTo(Keys.requested(cpu, REPORT, target.secs, target.request));
    }

    @Test
    void theFeaturesOfTheProcessorArePartOfNoKey() {
        Subject subject = new Subject();
        subject.secs.cetAttributes(0);
        subject.request.cetAttributesMask(0);
        ProcessorPackage other = new ProcessorPackage(
                new Fuses(subject.sealFuses, subject.packageKey),
                CpuFeatures.SGX1_FLC,
                subject.cpuSvn,
                subject.ownerEpoch,
                Epc.allocate(Epc.PAGE_SIZE),
                new Random(7));
        for (KeyName name : KeyName.values()) {
            assertThat(Keys.requested(other, name, subject.secs, subject.request))
                    .isEqualTo(Keys.requested(subject.cpu(), name, subject.secs, subject.request));
        }
    }
}

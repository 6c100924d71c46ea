package jsgx.arch.leaf;

import static jsgx.arch.leaf.EnclaveCall.OPERAND_1;
import static jsgx.arch.leaf.EnclaveCall.OPERAND_2;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jsgx.arch.CpuSvn;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.leaf.Egetkey.Check;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.KeyName;
import jsgx.arch.struct.KeyPolicy;
import jsgx.arch.struct.KeyRequest;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which key comes out is tested by {@link KeysTest}. */
class EgetkeyTest extends EncluChecks<Check> {

    private static final CpuSvn BEYOND = CpuSvn.parse("08080808080808080808080808080809");

    EgetkeyTest() {
        super(Check.class);
        gp(Check.KEYREQUEST_ALIGNED, call -> call.rbx += 256);
        inElrangeAndEpc("KEYREQUEST", false, call -> call.rbx, (call, address) -> call.rbx = address);
        page("KEYREQUEST", OPERAND_1, false, call -> call.rbx);
        gp(Check.OUTPUT_ALIGNED, call -> call.rcx += 8);
        inElrangeAndEpc("OUTPUT", true, call -> call.rcx, (call, address) -> call.rcx = address);
        page("OUTPUT", OPERAND_2, true, call -> call.rcx);
        for (int at : new int[] {6, 7, 78, 511}) {
            gp(Check.KEYREQUEST_RESERVED, call -> call.content(OPERAND_1).set(Layouts.U8, at, (byte) 1));
        }
        gp(Check.KEYPOLICY_RESERVED, call -> request(call).keyPolicy(1 << 6));
        gp(Check.KEYPOLICY_RESERVED, call -> request(call).keyPolicy(1 << 15));
        for (int bit = KeyPolicy.NOISVPRODID; bit <= KeyPolicy.ISVEXTPRODID; bit <<= 1) {
            int policy = bit;
            gp(Check.KEYPOLICY_NEEDS_KSS, call -> {
                without(call, Attributes.KSS);
                request(call).keyPolicy(request(call).keyPolicy() | policy);
            });
        }
        gp(Check.CONFIGSVN_NEEDS_KSS, call -> {
            without(call, Attributes.KSS);
            request(call).configSvn(1);
        });
        error(Check.LAUNCHKEY_ATTRIBUTE, SgxError.INVALID_ATTRIBUTE, call -> {
            without(call, Attributes.EINITTOKENKEY);
            request(call).keyName(KeyName.EINITTOKEN.code());
        });
        for (KeyName name : new KeyName[] {KeyName.PROVISION, KeyName.PROVISION_SEAL}) {
            error(Check.PROVISIONKEY_ATTRIBUTE, SgxError.INVALID_ATTRIBUTE, call -> {
                without(call, Attributes.PROVISIONKEY);
                request(call).keyName(name.code());
            });
        }
        error(Check.CPUSVN, SgxError.INVALID_CPUSVN, call -> request(call).cpuSvn(BEYOND.bytes()));
        error(Check.ISVSVN, SgxError.INVALID_ISVSVN, call -> request(call).isvSvn(6));
        error(Check.CONFIGSVN, SgxError.INVALID_ISVSVN, call -> request(call).configSvn(5));
        error(Check.KEYNAME, SgxError.INVALID_KEYNAME, call -> request(call).keyName(5));
        error(Check.KEYNAME, SgxError.INVALID_KEYNAME, call -> request(call).keyName(0xffff));
        apart(
                Check.KEYNAME,
                Check.LAUNCHKEY_ATTRIBUTE,
                Check.PROVISIONKEY_ATTRIBUTE,
                Check.CPUSVN,
                Check.ISVSVN,
                Check.CONFIGSVN);
        // KSS alone makes CONFIGSVN a reason of its own.
        apart(Check.CONFIGSVN, Check.CONFIGSVN_NEEDS_KSS);
    }

    @Override
    EnclaveCall call() {
        EnclaveCall call = new EnclaveCall(Leaf.EGETKEY, EnclaveCall.Kind.SGX2).enter();
        call.rbx = call.at(OPERAND_1);
        call.rcx = call.at(OPERAND_2) + 16;
        request(call).keyName(KeyName.SEAL.code());
        request(call).keyPolicy(KeyPolicy.MRENCLAVE);
        return call;
    }

    private static KeyRequest request(EnclaveCall call) {
        return new KeyRequest(call.content(OPERAND_1));
    }

    private static void without(EnclaveCall call, long attribute) {
        call.secs().attributes(call.secs().attributes().without(attribute));
    }

    @ParameterizedTest
    @EnumSource
    void writesSixteenBytes(KeyName name) {
        EnclaveCall call = call();
        request(call).keyName(name.code());
        call.content(OPERAND_2).fill((byte) 0x5a);
        assertThat(call.run()).isEqualTo(new Outcome.Success(Leaf.EGETKEY, Outcome.Flags.CLEARED));
        MemorySegment page = call.content(OPERAND_2);
        assertThat(page.asSlice(16, 16).toArray(Layouts.U8))
                .isNotEqualTo(key(0x5a))
                .isNotEqualTo(key(0));
        page.asSlice(16, 16).fill((byte) 0x5a);
        assertThat(page.toArray(Layouts.U8)).containsOnly(0x5a);
    }

    private static byte[] key(int everyByte) {
        byte[] key = new byte[16];
        Arrays.fill(key, (byte) everyByte);
        return key;
    }

    @Test
    void theReportKeyIgnoresTheVersionsAskedFor() {
        EnclaveCall call = call();
        request(call).keyName(KeyName.REPORT.code());
        request(call).cpuSvn(BEYOND.bytes());
        request(call).isvSvn(6);
        request(call).configSvn(5);
        assertThat(call.run().isSuccess()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(names = {"EINITTOKEN", "PROVISION"})
    void onlySealingKeysLookAtConfigSvn(KeyName name) {
        EnclaveCall call = call();
        request(call).keyName(name.code());
        request(call).configSvn(5);
        assertThat(call.run().isSuccess()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"00000000000000000000000000000000", "08080808080808080808080808080808"})
    void anOlderOrThePresentCpuSvnIsFine(String svn) {
        EnclaveCall call = call();
        request(call).cpuSvn(CpuSvn.parse(svn).bytes());
        request(call).isvSvn(5);
        request(call).configSvn(4);
        assertThat(call.run().isSuccess()).isTrue();
    }

    @Test
    void outsideAnEnclaveThereIsNoKey() {
        EnclaveCall call = new EnclaveCall(Leaf.EGETKEY, EnclaveCall.Kind.SGX2);
        call.rbx = call.at(OPERAND_1);
        call.rcx = call.at(OPERAND_2);
        assertThat(call.run())
                .isInstanceOfSatisfying(
                        Outcome.Faulted.class,
                        outcome -> assertThat(outcome.check().name()).isEqualTo("ENCLAVE_MODE"));
    }
}

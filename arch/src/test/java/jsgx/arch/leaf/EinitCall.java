package jsgx.arch.leaf;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestLaunchEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.TestSigner;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;

/**
 * EINIT of an enclave whose author the hash MSRs do not name, with a token of the launch enclave whose author they do.
 * What a test changes in the SIGSTRUCT and the token is signed and MACed again before the leaf runs.
 */
final class EinitCall extends LeafCall {

    private static final TestLaunchEnclave LAUNCH_ENCLAVE = new TestLaunchEnclave(TestSigner.AUTHOR.mrSigner());

    final TestEnclave enclave;
    final Sigstruct sigstruct;
    final EinitToken token;
    boolean signs = true;
    boolean macs = true;
    TestSigner author = TestSigner.OTHER;

    EinitCall(CpuFeatures features) {
        super(TestMachine.of(features), Leaf.EINIT);
        enclave = TestEnclave.create(machine);
        enclave.add(0, TestEnclave.RX, new byte[] {0x0f, 0x01, (byte) 0xd7});
        machine.authorize(TestSigner.AUTHOR.mrSigner());
        sigstruct = machine.sigstruct;
        sigstruct.memory().copyFrom(enclave.sigstruct(author).memory());
        token = machine.token;
        token.memory()
                .copyFrom(LAUNCH_ENCLAVE
                        .token(enclave.mrEnclave(), author.mrSigner(), enclave.attributes())
                        .memory());
        rbx = machine.sigstructAt;
        rcx = enclave.secsAt();
        rdx = machine.tokenAt;
    }

    /** The same enclave, of the author whom the hash MSRs name, with a token of zeroes. */
    EinitCall withoutToken() {
        author = TestSigner.AUTHOR;
        macs = false;
        token.memory().fill((byte) 0);
        return this;
    }

    void sigstructByte(int at) {
        Layouts.u8(sigstruct.memory(), at, Layouts.u8(sigstruct.memory(), at) ^ 0x10);
    }

    void tokenByte(int at) {
        Layouts.u8(token.memory(), at, Layouts.u8(token.memory(), at) ^ 0x10);
    }

    /** Changes what the enclave was created with; SIGSTRUCT and token stay as they are. */
    void secsAttributes(UnaryOperator<Attributes> change) {
        enclave.secsInEpc().attributes(change.apply(enclave.secsInEpc().attributes()));
    }

    void cpuSvnLe(int component, int version) {
        byte[] svn = TestSigner.bytes(token.cpuSvnLe());
        svn[component] = (byte) version;
        token.cpuSvnLe(svn);
    }

    /** The SECS that the leaf is given. */
    int secsPage() {
        return pageAt(rcx, enclave.secsPage());
    }

    /** Signs and MACs what is to be signed and MACed. */
    EinitCall prepare() {
        if (signs) {
            author.signAsIs(sigstruct);
        }
        if (macs) {
            LAUNCH_ENCLAVE.mac(token);
        }
        return this;
    }

    @Override
    Outcome execute() {
        prepare();
        return super.execute();
    }

    /** Executes the leaf as it was prepared. */
    Outcome executeAsIs() {
        return super.execute();
    }

    static byte[] bytesOf(int size, int value) {
        byte[] bytes = new byte[size];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}

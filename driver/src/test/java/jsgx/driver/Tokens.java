package jsgx.driver;

import java.lang.foreign.MemorySegment;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.TestSigner;
import jsgx.arch.crypto.Cmac;
import jsgx.arch.crypto.KeyDependencies;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.KeyName;

/** What a launch enclave does, without one: tokens for enclaves, under the launch key of a signer on a processor. */
public final class Tokens implements LaunchAuthority {

    private static final Attributes LE = new Attributes(Attributes.MODE64BIT | Attributes.EINITTOKENKEY, 3);

    private final ProcessorPackage cpu;
    private final byte[] signer;
    private volatile boolean stopped;

    Tokens(ProcessorPackage cpu, byte[] launchEnclaveSigner) {
        this.cpu = cpu;
        this.signer = launchEnclaveSigner;
    }

    byte[] token(byte[] mrEnclave, byte[] mrSigner, Attributes attributes) {
        EinitToken token = EinitToken.allocate();
        token.valid(1);
        token.attributes(attributes);
        token.mrEnclave(mrEnclave);
        token.mrSigner(mrSigner);
        token.cpuSvnLe(cpu.cpuSvn().bytes());
        token.maskedAttributesLe(new Attributes(LE.flags() & ~Attributes.MODE64BIT, 0));
        KeyDependencies dependencies = new KeyDependencies(KeyName.EINITTOKEN)
                .isvProdId(token.isvProdIdLe())
                .isvSvn(token.isvSvnLe())
                .ownerEpoch(cpu.ownerEpoch())
                .attributes(token.maskedAttributesLe())
                .mrSigner(MemorySegment.ofArray(signer))
                .keyId(token.keyId())
                .sealKeyFuses(cpu.sealFuses())
                .cpuSvn(cpu.cpuSvn().bytes())
                .padding(MemorySegment.ofArray(KeyDependencies.hardcodedPkcs15Padding()))
                .miscSelect(token.maskedMiscSelectLe());
        token.mac(new Cmac(cpu.deriveKey(dependencies)).mac(TestSigner.bytes(token.macedBytes())));
        return TestSigner.bytes(token.memory());
    }

    /** Makes no more tokens. */
    void stop() {
        stopped = true;
    }

    byte[] token(Plan plan, TestSigner author) {
        return token(plan.mrEnclave(), author.mrSigner(), plan.secs(0).attributes());
    }

    @Override
    public Decision decide(LaunchRequest request) {
        return request.tokenSupplier() == TokenSupplier.AUTHORITY && !stopped
                ? Decision.allow(token(request.mrEnclave(), request.mrSigner(), request.attributes()))
                : Decision.allow();
    }
}

package jsgx.bench;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Encls;
import jsgx.arch.Fuses;
import jsgx.arch.KernelMemory;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.crypto.Cmac;
import jsgx.arch.crypto.KeyDependencies;
import jsgx.arch.crypto.Rsa3072;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.KeyName;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Pageinfo;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Sigstruct;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * EINIT with a token, of an enclave without pages that is created and removed around it; the same without EINIT; and the
 * peers: the JDK's own RSA verification of the same signature, and one CMAC of a token with a prepared key.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class EinitBenchmark {

    private static final Attributes ATTRIBUTES = new Attributes(Attributes.MODE64BIT, 3);
    private static final long SECS = KernelMemory.epcAddress(0);

    private final Epc epc = Epc.allocate(Epc.PAGE_SIZE);
    private final ProcessorPackage cpu = new ProcessorPackage(
            Fuses.burn(new Random(1)), CpuFeatures.SGX2, CpuSvn.ZERO, new byte[16], epc, new Random(2));
    private final KernelMemory memory = new KernelMemory(epc);
    private final LogicalProcessor lp = new LogicalProcessor(cpu, memory);
    private final Pageinfo pageinfo = Pageinfo.allocate();
    private final Secs image = Secs.allocate();
    private final Sigstruct sigstruct = Sigstruct.allocate();
    private final EinitToken token = EinitToken.allocate();
    private final long pageinfoAt = memory.map(0, pageinfo.memory());
    private final long secinfoAt = memory.map(1, Secinfo.allocate().memory());
    private final long imageAt = memory.map(2, image.memory());
    private final long sigstructAt = memory.map(3, sigstruct.memory());
    private final long tokenAt = memory.map(4, token.memory());

    private final KeyPair keys = keys();
    private final Cmac launchKey = new Cmac(cpu.deriveKey(launchKeyDependencies()));
    private byte[] signature = new byte[0];

    @Setup
    public void prepare() throws GeneralSecurityException {
        pageinfo.srcPge(imageAt);
        pageinfo.secinfo(secinfoAt);
        image.size(0x10000);
        image.baseAddr(0x7000_0000_0000L);
        image.ssaFrameSize(1);
        image.attributes(ATTRIBUTES);
        byte[] mrEnclave = jsgx.arch.crypto.Measurement.ecreate(1, 0x10000, 0).value();
        sign(mrEnclave);
        token.valid(1);
        token.attributes(ATTRIBUTES);
        token.mrEnclave(mrEnclave);
        token.mrSigner(
                MessageDigest.getInstance("SHA-256").digest(sigstruct.modulus().toArray(Layouts.U8)));
        token.mac(launchKey.mac(token.macedBytes().toArray(Layouts.U8)));
        Outcome outcome = createAndInit();
        if (!outcome.isSuccess()) {
            throw new IllegalStateException(outcome.toString());
        }
    }

    @Benchmark
    public Outcome createAndInit() {
        Encls.ecreate(lp, pageinfoAt, SECS);
        Outcome outcome = Encls.einit(lp, sigstructAt, SECS, tokenAt);
        Encls.eremove(lp, SECS);
        return outcome;
    }

    @Benchmark
    public Outcome createOnly() {
        Outcome outcome = Encls.ecreate(lp, pageinfoAt, SECS);
        Encls.eremove(lp, SECS);
        return outcome;
    }

    @Benchmark
    public boolean rsaAsTheProcessor() {
        return Rsa3072.verify(sigstruct);
    }

    @Benchmark
    public boolean rsaByTheJdk() throws GeneralSecurityException {
        Signature rsa = Signature.getInstance("SHA256withRSA");
        rsa.initVerify(keys.getPublic());
        rsa.update(sigstruct.signedBytes());
        return rsa.verify(signature);
    }

    @Benchmark
    public byte[] cmacOfTheToken() {
        return launchKey.mac(token.macedBytes().toArray(Layouts.U8));
    }

    private void sign(byte[] mrEnclave) throws GeneralSecurityException {
        sigstruct.writeFixedFields();
        sigstruct.attributes(ATTRIBUTES);
        sigstruct.attributeMask(new Attributes(-1, -1));
        sigstruct.enclaveHash(mrEnclave);
        Signature rsa = Signature.getInstance("SHA256withRSA");
        rsa.initSign(keys.getPrivate());
        rsa.update(sigstruct.signedBytes());
        signature = rsa.sign();
        sigstruct.modulus(Rsa3072.littleEndian(((RSAPublicKey) keys.getPublic()).getModulus()));
        sigstruct.signature(Rsa3072.littleEndian(new BigInteger(1, signature)));
        sigstruct.q1(Rsa3072.q1(sigstruct.signature(), sigstruct.modulus()));
        sigstruct.q2(Rsa3072.q2(sigstruct.signature(), sigstruct.modulus()));
    }

    /** The launch key of a launch enclave with zeroes for all that a token says of it. */
    private KeyDependencies launchKeyDependencies() {
        return new KeyDependencies(KeyName.EINITTOKEN)
                .mrSigner(MemorySegment.ofArray(lp.lePubKeyHash()))
                .sealKeyFuses(cpu.sealFuses())
                .padding(MemorySegment.ofArray(KeyDependencies.hardcodedPkcs15Padding()));
    }

    private static KeyPair keys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(new RSAKeyGenParameterSpec(3072, RSAKeyGenParameterSpec.F0));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new LinkageError("the JDK makes RSA keys", e);
        }
    }
}

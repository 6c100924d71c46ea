package jsgx.arch;

import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BooleanSupplier;
import jsgx.arch.crypto.Cmac;
import jsgx.arch.crypto.KeyDependencies;
import jsgx.arch.crypto.Measurement;
import jsgx.arch.crypto.PageCipher;
import jsgx.arch.crypto.Rsa3072;
import jsgx.arch.crypto.SignatureCache;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.struct.Sigstruct;
import org.jspecify.annotations.Nullable;

/**
 * A processor package: what all its logical processors share. Fuses, CPUSVN, owner epoch and features belong to the
 * machine; the counters, the paging key and the report key's id are made anew at each reset.
 */
public final class ProcessorPackage {

    /** The step between two versions that EWB writes, so that a used VA slot has a bit set above the low three. */
    private static final long VERSION_STEP = 8;

    /** What is random for each reset. */
    private record ResetSecrets(byte[] pagingKey, PageCipher pageCipher, byte[] reportKeyId) {}

    private final Fuses fuses;
    private final CpuFeatures features;
    private final Cpuid cpuid;
    private final Epc epc;
    private final Epcm epcm;
    private final Random random;
    private final byte[] packageKey;
    private final ThreadLocal<Cmac> derivation;
    private final AtomicReferenceArray<@Nullable SecsState> secs;
    private final ConcurrentHashMap<Long, Measurement> evictedMeasurements = new ConcurrentHashMap<>();

    private volatile @Nullable SignatureCache signatures;
    private volatile CpuSvn cpuSvn;
    private volatile CpuSvn microcodeSvn;
    private volatile BooleanSupplier entropy = () -> true;
    private volatile byte[] ownerEpoch;
    private final AtomicLong nextEid = new AtomicLong(1);
    private final AtomicLong nextVersion = new AtomicLong(VERSION_STEP);
    private volatile ResetSecrets secrets;

    /**
     * A package just out of reset.
     *
     * @param ownerEpoch CR_SGXOWNEREPOCH, 16 bytes
     * @param random where paging keys and key ids come from
     */
    public ProcessorPackage(
            Fuses fuses, CpuFeatures features, CpuSvn cpuSvn, byte[] ownerEpoch, Epc epc, Random random) {
        this.fuses = fuses;
        this.features = features;
        this.cpuid = new Cpuid(features, epc.ranges());
        this.epc = epc;
        this.epcm = new Epcm(epc.pages());
        this.random = random;
        this.packageKey = fuses.packageKey();
        this.derivation = ThreadLocal.withInitial(() -> new Cmac(packageKey));
        this.secs = new AtomicReferenceArray<>(epc.pages());
        this.cpuSvn = cpuSvn;
        this.microcodeSvn = cpuSvn;
        this.ownerEpoch = checkedEpoch(ownerEpoch);
        this.secrets = newSecrets();
    }

    public CpuFeatures features() {
        return features;
    }

    public Cpuid cpuid() {
        return cpuid;
    }

    public Epc epc() {
        return epc;
    }

    /** The EPCM. Only leaf functions write it. */
    public Epcm epcm() {
        return epcm;
    }

    /** CR_SEAL_FUSES. */
    public byte[] sealFuses() {
        return fuses.sealFuses();
    }

    /** CR_CPUSVN. */
    public CpuSvn cpuSvn() {
        return cpuSvn;
    }

    /** Boots with other microcode, newer or older: CPUSVN and the loaded microcode's version are this. */
    public void cpuSvn(CpuSvn svn) {
        cpuSvn = svn;
        microcodeSvn = svn;
    }

    /** Loads microcode while the machine runs. CPUSVN stays as it is until EUPDATESVN. */
    public void loadMicrocode(CpuSvn svn) {
        microcodeSvn = svn;
    }

    /** The version of the loaded microcode: CPUSVN unless {@link #loadMicrocode} came after the last boot or EUPDATESVN. */
    public CpuSvn microcodeSvn() {
        return microcodeSvn;
    }

    /** Whether the random number generator has entropy for new keys at this moment; EUPDATESVN asks. */
    public boolean hasEntropy() {
        return entropy.getAsBoolean();
    }

    public void entropy(BooleanSupplier source) {
        entropy = source;
    }

    /** EUPDATESVN: another CR_BASE_PK. What left the EPC before can never come back. */
    public void renewPagingKey() {
        byte[] pagingKey = random(PageCipher.KEY_SIZE);
        secrets = new ResetSecrets(pagingKey, new PageCipher(pagingKey), secrets.reportKeyId);
        evictedMeasurements.clear();
    }

    /** CR_SGXOWNEREPOCH, 16 bytes. */
    public byte[] ownerEpoch() {
        return ownerEpoch.clone();
    }

    /** What firmware does when it writes MSRs 300H and 301H. */
    public void ownerEpoch(byte[] epoch) {
        ownerEpoch = checkedEpoch(epoch);
    }

    /** CR_REPORT_KEYID, 32 bytes, random for each reset. */
    public byte[] reportKeyId() {
        return secrets.reportKeyId.clone();
    }

    /** CR_BASE_PK: the key of EWB and ELDU, 16 bytes, random for each reset. */
    public byte[] pagingKey() {
        return secrets.pagingKey.clone();
    }

    /** What EWB and ELDU do with CR_BASE_PK. */
    public PageCipher pageCipher() {
        return secrets.pageCipher;
    }

    /** LockedXAdd(CR_NEXT_EID, 1). */
    public long nextEid() {
        return nextEid.getAndIncrement();
    }

    /** The next version for EWB, never 0 in the bits above the low three. */
    public long nextVersion() {
        return nextVersion.getAndAdd(VERSION_STEP);
    }

    /** derivekey(): 16 bytes. */
    public byte[] deriveKey(KeyDependencies dependencies) {
        return dependencies.derive(derivation.get());
    }

    /** EINIT's check of a signature. */
    public boolean verifySignature(Sigstruct sigstruct) {
        SignatureCache cache = signatures;
        return cache == null ? Rsa3072.verify(sigstruct) : cache.verify(sigstruct);
    }

    /** Remembers accepted signatures from now on; a package does not otherwise. Null forgets them. */
    public void signatureCache(@Nullable SignatureCache cache) {
        signatures = cache;
    }

    /** What the processor keeps for a SECS that is in the EPC at this page; null where there is none. */
    public @Nullable SecsState secs(int page) {
        return secs.get(page);
    }

    /** What {@link #secs(int)} gives for the SECS of a valid page, which is in the EPC as long as its page is. */
    public SecsState requireSecs(int page) {
        return Objects.requireNonNull(secs.get(page), "a valid page has its SECS in the EPC");
    }

    public void secs(int page, @Nullable SecsState state) {
        secs.set(page, state);
    }

    /** Keeps the unfinished measurement of an enclave whose SECS leaves the EPC before EINIT. */
    public void keepMeasurement(long eid, Measurement measurement) {
        evictedMeasurements.put(eid, measurement);
    }

    /** Takes back what {@link #keepMeasurement} kept; null where the enclave was initialised. */
    public @Nullable Measurement takeMeasurement(long eid) {
        return evictedMeasurements.remove(eid);
    }

    /** Random bytes of the processor's own source. */
    public byte[] random(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    /**
     * Power loss as in S3 or a migration of the machine: the EPC's content, the EPCM, the paging key and the report key's
     * id are lost. Fuses, CPUSVN and owner epoch stay. No logical processor may be inside a leaf or an enclave.
     */
    public void powerLoss() {
        epcm.clear();
        for (int page = 0; page < secs.length(); page++) {
            secs.set(page, null);
        }
        evictedMeasurements.clear();
        secrets = newSecrets();
    }

    private ResetSecrets newSecrets() {
        byte[] pagingKey = random(PageCipher.KEY_SIZE);
        return new ResetSecrets(pagingKey, new PageCipher(pagingKey), random(32));
    }

    private static byte[] checkedEpoch(byte[] epoch) {
        if (epoch.length != 16) {
            throw new IllegalArgumentException("an owner epoch has 16 bytes, not " + epoch.length);
        }
        return Arrays.copyOf(epoch, 16);
    }
}

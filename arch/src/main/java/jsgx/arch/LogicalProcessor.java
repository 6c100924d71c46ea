package jsgx.arch;

import java.lang.foreign.MemorySegment;
import java.util.function.BooleanSupplier;
import jsgx.arch.struct.Layouts;
import org.jspecify.annotations.Nullable;

/**
 * A logical processor: the state on which leaf functions run. One thread at a time uses it, as a kernel does that has
 * disabled preemption.
 */
public final class LogicalProcessor {

    /** IA32_FEATURE_CONTROL.LOCK. */
    public static final long FEATURE_CONTROL_LOCK = 1;

    /** IA32_FEATURE_CONTROL.SGX_LC: the hash MSRs may be written. */
    public static final long FEATURE_CONTROL_SGX_LC = 1L << 17;

    /** IA32_FEATURE_CONTROL.SGX_ENABLE. */
    public static final long FEATURE_CONTROL_SGX_ENABLE = 1L << 18;

    /** The reset value of the hash MSRs: the signer of Intel's launch enclave. */
    private static final long[] INTEL_HASH = {
        0xa6053e051270b7acL, 0x6cfbe8ba8b3b413dL, 0xc4916d99f2b3735dL, 0xd4f8c05909f9bb3bL
    };

    private final ProcessorPackage processorPackage;
    private final long[] lePubKeyHash = INTEL_HASH.clone();
    private final @Nullable NonRoot nonRoot;
    private LinearMemory memory;
    private RegisterFile registers = new RegisterModel();
    private long featureControl;
    private int cpl;
    private long xcr0;
    private boolean osxsave = true;
    private boolean osfxsr = true;
    private boolean cr4Cet;
    private boolean mode64 = true;
    private Segments segments = Segments.FLAT;
    private BooleanSupplier pendingEvent = () -> false;
    private @Nullable EnclaveMode enclaveMode;

    /**
     * A logical processor after reset and firmware: SGX enabled, FEATURE_CONTROL locked, the hash MSRs writable where the
     * processor has launch control.
     */
    public LogicalProcessor(ProcessorPackage processorPackage, LinearMemory memory) {
        this(processorPackage, memory, null);
    }

    /**
     * The same for a logical processor of a virtual machine. Its hash MSRs and its FEATURE_CONTROL are those that the hypervisor
     * shows it; {@link NonRoot#exit} sees to it that they count.
     *
     * @param nonRoot what the hypervisor set up; null for a processor that runs no virtual machine
     */
    public LogicalProcessor(ProcessorPackage processorPackage, LinearMemory memory, @Nullable NonRoot nonRoot) {
        this.processorPackage = processorPackage;
        this.nonRoot = nonRoot;
        this.memory = translated(memory);
        this.featureControl = FEATURE_CONTROL_LOCK
                | FEATURE_CONTROL_SGX_ENABLE
                | (processorPackage.features().flc() ? FEATURE_CONTROL_SGX_LC : 0);
        this.xcr0 = processorPackage.features().xfrm();
    }

    public ProcessorPackage processorPackage() {
        return processorPackage;
    }

    /** What the hypervisor set up; null for a processor that runs no virtual machine. */
    public @Nullable NonRoot nonRoot() {
        return nonRoot;
    }

    /** The address space that CR3 selects; in a virtual machine behind its extended page tables. */
    public LinearMemory memory() {
        return memory;
    }

    /** MOV to CR3. */
    public void memory(LinearMemory space) {
        memory = translated(space);
    }

    private LinearMemory translated(LinearMemory space) {
        return nonRoot == null ? space : new NestedMemory(space, nonRoot);
    }

    public RegisterFile registers() {
        return registers;
    }

    public void registers(RegisterFile registers) {
        this.registers = registers;
    }

    /** IA32_SGXLEPUBKEYHASH0 to 3: the SHA-256 of a modulus, 8 bytes of it each, little-endian. */
    public long lePubKeyHash(int index) {
        return lePubKeyHash[index];
    }

    /** IA32_SGXLEPUBKEYHASH as a whole: the SHA-256 of a modulus, 32 bytes as MRSIGNER stores them. */
    public byte[] lePubKeyHash() {
        byte[] hash = new byte[Long.BYTES * lePubKeyHash.length];
        MemorySegment memory = MemorySegment.ofArray(hash);
        for (int i = 0; i < lePubKeyHash.length; i++) {
            memory.set(Layouts.U64, 8L * i, lePubKeyHash[i]);
        }
        return hash;
    }

    /**
     * WRMSR to IA32_SGXLEPUBKEYHASH0 to 3.
     *
     * @return false, and nothing changes (#GP), where the processor has no launch control or firmware locked the MSRs
     */
    public boolean writeLePubKeyHash(int index, long value) {
        if (!lePubKeyHashWritable()) {
            return false;
        }
        lePubKeyHash[index] = value;
        return true;
    }

    /** Whether WRMSR to the hash MSRs works: launch control exists and firmware left it on. */
    public boolean lePubKeyHashWritable() {
        return processorPackage.features().flc() && (featureControl & FEATURE_CONTROL_SGX_LC) != 0;
    }

    /**
     * What firmware does before it locks FEATURE_CONTROL: another hash than the reset value.
     *
     * @param hash four MSR values
     */
    public void firmwareLePubKeyHash(long[] hash) {
        System.arraycopy(hash, 0, lePubKeyHash, 0, lePubKeyHash.length);
    }

    /** Whether the hash MSRs hold the SHA-256 of this signer's modulus, as MRSIGNER stores it. */
    public boolean lePubKeyHashIs(MemorySegment mrSigner) {
        for (int i = 0; i < lePubKeyHash.length; i++) {
            if (mrSigner.get(Layouts.U64, 8L * i) != lePubKeyHash[i]) {
                return false;
            }
        }
        return true;
    }

    /** IA32_FEATURE_CONTROL (3AH). */
    public long featureControl() {
        return featureControl;
    }

    /** What firmware writes before it locks the register. */
    public void featureControl(long value) {
        featureControl = value;
    }

    /** The privilege level that executes; 0 for a kernel. */
    public int cpl() {
        return cpl;
    }

    public void cpl(int level) {
        cpl = level;
    }

    public long xcr0() {
        return xcr0;
    }

    public void xcr0(long value) {
        xcr0 = value;
    }

    /** CR4.OSXSAVE. */
    public boolean osxsave() {
        return osxsave;
    }

    public void osxsave(boolean on) {
        osxsave = on;
    }

    /** CR4.OSFXSR. */
    public boolean osfxsr() {
        return osfxsr;
    }

    public void osfxsr(boolean on) {
        osfxsr = on;
    }

    /** CR4.CET. */
    public boolean cr4Cet() {
        return cr4Cet;
    }

    public void cr4Cet(boolean on) {
        cr4Cet = on;
    }

    /** Whether the processor is in 64-bit mode: IA32_EFER.LMA and CS.L. */
    public boolean mode64() {
        return mode64;
    }

    public void mode64(boolean on) {
        mode64 = on;
    }

    /** What matters outside 64-bit mode. */
    public Segments segments() {
        return segments;
    }

    public void segments(Segments value) {
        segments = value;
    }

    /** Whether an interrupt, NMI or the like is pending and not inhibited; EINIT asks. */
    public boolean pendingEvent() {
        return pendingEvent.getAsBoolean();
    }

    public void pendingEvent(BooleanSupplier source) {
        pendingEvent = source;
    }

    /** CR_ENCLAVE_MODE: null outside an enclave. */
    public @Nullable EnclaveMode enclaveMode() {
        return enclaveMode;
    }

    public void enclaveMode(@Nullable EnclaveMode mode) {
        enclaveMode = mode;
    }
}

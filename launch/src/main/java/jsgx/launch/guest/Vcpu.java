package jsgx.launch.guest;

import java.lang.foreign.MemorySegment;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Encls;
import jsgx.arch.Fault;
import jsgx.arch.Leaf;
import jsgx.arch.LinearMemory;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.NonRoot;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorFault;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Pageinfo;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.VirtualMachine;
import jsgx.driver.VirtualMachine.Initialization;
import jsgx.launch.guest.ExitCheck.Kind;

/**
 * A virtual processor: which leaves of ENCLS exit, and what the hypervisor does then, as KVM does it (arch/x86/kvm/vmx/sgx.c). One thread
 * at a time uses it.
 *
 * <p>KVM lets ECREATE run where the virtual machine's CPUID hides nothing, and EINIT where the host has no launch control; here both
 * always exit, for the host's launch authority decides on every EINIT and must know the SECS. EREMOVE and EWB, which never exit in KVM,
 * do for one step, so that the host knows when an enclave is gone.
 */
final class Vcpu implements NonRoot {

    private static final long SGX1 = bits(Leaf.ECREATE, Leaf.ETRACK);
    private static final long SGX2 = bits(Leaf.EAUG, Leaf.EMODT);
    private static final long FOLLOWED = bits(Leaf.EREMOVE, Leaf.EREMOVE) | bits(Leaf.EWB, Leaf.EWB);
    private static final long EMULATED = bits(Leaf.ECREATE, Leaf.ECREATE) | bits(Leaf.EINIT, Leaf.EINIT);
    private static final long X87_SSE = 3;
    private static final int HASH_MSRS = 4;

    private final Boot boot;
    private final CpuFeatures cpuid;
    private final VirtualMachine host;
    private final boolean provisioning;

    /** A leaf that exited is executed after all: single-stepping with its bit clear. */
    private boolean stepping;

    Vcpu(Boot boot, CpuFeatures cpuid, VirtualMachine host, boolean provisioning) {
        this.boot = boot;
        this.cpuid = cpuid;
        this.host = host;
        this.provisioning = provisioning;
    }

    /** The bits of the numbers from one leaf's to another's. */
    private static long bits(Leaf first, Leaf last) {
        return (-1L << first.number()) & ~(-1L << (last.number() + 1));
    }

    /** vmx_write_encls_bitmap: whatever the virtual machine does not have exits, to be answered with #GP. */
    @Override
    public long enclsExiting() {
        long offered = SGX1 | (cpuid.sgx2() ? SGX2 : 0);
        return ~offered | EMULATED | (stepping ? 0 : FOLLOWED);
    }

    @Override
    public int epcPage(int guestPage) {
        return boot.hostPage(guestPage);
    }

    /** handle_encls. */
    @Override
    public Outcome exit(LogicalProcessor lp, Leaf leaf, long rbx, long rcx, long rdx) {
        Operands operands = new Operands(lp, leaf);
        long enabled = LogicalProcessor.FEATURE_CONTROL_LOCK | LogicalProcessor.FEATURE_CONTROL_SGX_ENABLE;
        if ((lp.featureControl() & enabled) != enabled) {
            throw operands.gp(
                    Kind.ENABLED,
                    "bits 0 and 18 of IA32_FEATURE_CONTROL",
                    "0x" + Long.toHexString(lp.featureControl()));
        }
        return switch (leaf) {
            case ECREATE -> ecreate(operands, rbx, rcx);
            case EINIT -> einit(operands, rbx, rcx, rdx);
            case EREMOVE, EWB -> follow(lp, leaf, rbx, rcx, rdx);
            default -> throw operands.gp(Kind.LEAF_EXISTS, "a leaf that the hypervisor offers", leaf.toString());
        };
    }

    /** handle_encls_ecreate. */
    private Outcome ecreate(Operands operands, long rbx, long rcx) {
        operands.check(rbx, Pageinfo.ALIGNMENT);
        operands.check(rcx, Epc.PAGE_SIZE);
        Pageinfo pageinfo = new Pageinfo(operands.copy(rbx, Pageinfo.SIZE));
        operands.check(pageinfo.secinfo(), Secinfo.ALIGNMENT);
        operands.check(pageinfo.srcPge(), Epc.PAGE_SIZE);
        MemorySegment secinfo = operands.copy(pageinfo.secinfo(), Secinfo.SIZE);
        // A copy: another processor of the machine must not set PROVISIONKEY after the check.
        Secs secs = new Secs(operands.copy(pageinfo.srcPge(), Secs.SIZE));
        int page = operands.epcPage(rcx);
        check(operands, secs);
        if (page == LinearMemory.ORDINARY) {
            throw notEpc(operands, rcx);
        }
        Outcome outcome = host.ecreate(
                page, secs.memory(), secinfo, pageinfo.linAddr(), pageinfo.secs(), enclave -> boot.tearDown(enclave));
        return inject(operands.lp(), outcome, rcx);
    }

    private void check(Operands operands, Secs secs) {
        Attributes attributes = secs.attributes();
        if (attributes.has(Attributes.PROVISIONKEY) && !provisioning) {
            throw operands.gp(Kind.PROVISIONKEY, "no PROVISIONKEY", attributes.toString());
        }
        boolean bits = (secs.miscSelect() & ~cpuid.miscSelect()) == 0
                && (attributes.flags() & ~cpuid.attributesMask()) == 0
                && (attributes.xfrm() & ~cpuid.xfrm()) == 0
                && (attributes.xfrm() & X87_SSE) == X87_SSE;
        if (!bits) {
            throw operands.gp(
                    Kind.CPUID,
                    "MISCSELECT of 0x%x, FLAGS of 0x%x, XFRM of 0x%x"
                            .formatted(cpuid.miscSelect(), cpuid.attributesMask(), cpuid.xfrm()),
                    "0x%x, 0x%x, 0x%x".formatted(secs.miscSelect(), attributes.flags(), attributes.xfrm()));
        }
        int log2 = attributes.has(Attributes.MODE64BIT) ? cpuid.log2MaxSize64() : cpuid.log2MaxSize32();
        if (Long.compareUnsigned(secs.size(), 1L << log2) >= 0) {
            throw operands.gp(Kind.CPUID_SIZE, "less than 2^" + log2, "0x" + Long.toHexString(secs.size()));
        }
    }

    /** handle_encls_einit. */
    private Outcome einit(Operands operands, long rbx, long rcx, long rdx) {
        operands.check(rbx, Sigstruct.ALIGNMENT);
        operands.check(rcx, Secs.ALIGNMENT);
        operands.check(rdx, EinitToken.ALIGNMENT);
        Sigstruct sigstruct = new Sigstruct(operands.copy(rbx, Sigstruct.SIZE));
        int page = operands.epcPage(rcx);
        EinitToken token = new EinitToken(operands.copy(rdx, EinitToken.SIZE));
        if (page == LinearMemory.ORDINARY) {
            throw notEpc(operands, rcx);
        }
        LogicalProcessor lp = operands.lp();
        long[] hash = new long[HASH_MSRS];
        for (int i = 0; i < HASH_MSRS; i++) {
            hash[i] = lp.lePubKeyHash(i);
        }
        return switch (host.einit(page, sigstruct, token, hash)) {
            case Initialization.Executed(Outcome outcome) -> inject(lp, outcome, rcx);
            case Initialization.Refused(long result) ->
                throw operands.gp(Kind.HOST_POLICY, "an enclave that the host allows", "result " + result);
            case Initialization.Unknown unknown ->
                throw operands.gp(Kind.SECS_KNOWN, "a SECS where ECREATE made it", "another page");
        };
    }

    private ProcessorFault notEpc(Operands operands, long address) {
        return new ProcessorFault(
                new ExitCheck(operands.leaf(), Kind.SECS_IN_EPC),
                injected(operands.lp(), Fault.pf(address, 0), address),
                "an address in the EPC",
                "0x" + Long.toHexString(address));
    }

    /** sgx_inject_fault: a fault on the host is a fault of the virtual machine, at its own address of the SECS. */
    private Outcome inject(LogicalProcessor lp, Outcome outcome, long secs) {
        return outcome instanceof Outcome.Faulted faulted
                ? new Outcome.Faulted(
                        faulted.check(), injected(lp, faulted.fault(), secs), faulted.expected(), faulted.found())
                : outcome;
    }

    private Fault injected(LogicalProcessor lp, Fault fault, long secs) {
        boolean epcm = fault.vector() == Fault.Vector.PF
                || !lp.processorPackage().features().sgx2();
        return epcm && cpuid.sgx2() ? Fault.pf(secs, Fault.PF_PRESENT | Fault.PF_WRITE | Fault.PF_SGX) : Fault.gp();
    }

    /** Executes the leaf, and tells the host where it took a SECS out of its page. */
    private Outcome follow(LogicalProcessor lp, Leaf leaf, long rbx, long rcx, long rdx) {
        int page = lp.memory().epcPage(rcx);
        long enclave = page < 0 ? 0 : host.leaving(page);
        Outcome outcome;
        stepping = true;
        try {
            outcome = Encls.execute(lp, leaf, rbx, rcx, rdx);
        } finally {
            stepping = false;
        }
        // EWB to a VA slot that is taken says so, and evicts the page all the same.
        boolean left = outcome.isSuccess()
                || (outcome instanceof Outcome.Error error && error.code() == SgxError.VA_SLOT_OCCUPIED);
        if (enclave != 0) {
            if (!left) {
                host.stays(page, enclave);
            } else if (leaf == Leaf.EREMOVE) {
                host.removed(page, enclave);
            } else {
                host.evicted(page, enclave);
            }
        }
        return outcome;
    }
}

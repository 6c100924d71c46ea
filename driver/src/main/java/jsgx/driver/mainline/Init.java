package jsgx.driver.mainline;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.AddressSpace;
import jsgx.driver.Completion;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.LaunchRequest;
import jsgx.driver.Refusal;
import jsgx.driver.TokenSupplier;
import jsgx.driver.core.EinitLoop;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Launches;
import jsgx.driver.core.Refused;
import jsgx.driver.core.UserMemory;

/**
 * SGX_IOC_ENCLAVE_INIT: initialises the enclave (EINIT). The hash MSRs are written to the enclave's own MRSIGNER first, on the
 * logical processor that executes EINIT, so that no token is needed.
 *
 * <p>Returns 0, or:
 *
 * <ul>
 *   <li>-EINVAL: the enclave is not created, or is initialised; VENDOR of the SIGSTRUCT is neither 0 nor 0x8086; or the SIGSTRUCT
 *       demands ATTRIBUTES, MISCSELECT or XFRM bits that this processor or driver does not have.
 *   <li>-EFAULT: the argument or the SIGSTRUCT cannot be read.
 *   <li>-EACCES: the SECS has attributes that were not allowed: PROVISIONKEY without {@link Provision}, or EINITTOKENKEY.
 *   <li>-EPERM: EINIT returned an error code, whichever; SGX_UNMASKED_EVENT after all attempts too.
 *   <li>-EIO: EINIT raised a fault, after power loss for one.
 *   <li>-ERESTARTSYS: a signal came between two attempts.
 *   <li>Anything else: what the launch authority returned that refused or tore the enclave down.
 * </ul>
 */
public record Init(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 8;

    /** The request number. */
    public static final int CMD = 0x4008A402;

    private static final byte[] NO_TOKEN = {};

    /** Why it fails in the driver itself, in the order of the checks. */
    public enum Cause implements Refusal.Cause {
        CREATED(Errno.EINVAL, "the enclave is created"),
        NOT_INITIALIZED(Errno.EINVAL, "the enclave is not initialised"),
        ARGUMENT_READABLE(Errno.EFAULT, "the argument can be read"),
        SIGSTRUCT_READABLE(Errno.EFAULT, "the 1808 bytes at sigstruct can be read"),
        SIGSTRUCT_VENDOR(Errno.EINVAL, "SIGSTRUCT.VENDOR is 0 or 0x8086"),
        ATTRIBUTES_ALLOWED(Errno.EACCES, "the enclave only has attributes that its creator was allowed"),
        SIGSTRUCT_ATTRIBUTES(Errno.EINVAL, "SIGSTRUCT demands no ATTRIBUTES that this machine does not have"),
        SIGSTRUCT_MISCSELECT(Errno.EINVAL, "SIGSTRUCT demands no MISCSELECT that this machine does not have"),
        SIGSTRUCT_XFRM(Errno.EINVAL, "SIGSTRUCT demands no XFRM that this machine does not have"),
        NO_SIGNAL(Errno.ERESTARTSYS, "no signal is pending after an interrupted EINIT"),
        EINIT_FAULT(Errno.EIO, "EINIT raises no fault"),
        EINIT(Errno.EPERM, "EINIT succeeds");

        private final Errno errno;
        private final String rule;

        Cause(Errno errno, String rule) {
            this.errno = errno;
            this.rule = rule;
        }

        @Override
        public long result() {
            return errno.result();
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final long SIGSTRUCT = 0;

    /** A view of the first {@value #SIZE} bytes of memory that has at least that many. */
    public Init {
        memory = memory.asSlice(0, SIZE);
    }

    /** A zeroed structure on the heap. */
    public static Init allocate() {
        return new Init(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** Address of the SIGSTRUCT. */
    public long sigstruct() {
        return u64(memory, SIGSTRUCT);
    }

    public void sigstruct(long v) {
        u64(memory, SIGSTRUCT, v);
    }

    static long run(EnclaveFile file, AddressSpace caller, long arg) throws Refused {
        Enclave enclave = file.theEnclave();
        checkState(enclave);
        Init init = new Init(UserMemory.read(caller, arg, SIZE, Cause.ARGUMENT_READABLE));
        MemorySegment page = readSigstruct(file, caller, init.sigstruct());
        Sigstruct sigstruct = new Sigstruct(page);
        byte[] mrSigner = Launches.mrSigner(sigstruct);
        LaunchRequest request =
                Launches.request(enclave, sigstruct, mrSigner, NO_TOKEN, TokenSupplier.NOBODY, mrSigner);
        long[] hash = Launches.msrs(mrSigner);
        return Launches.launch(
                enclave.kernel().options().authority(),
                enclave,
                request,
                allow -> completion(einit(enclave, caller, page, hash)),
                Init::ending);
    }

    static void checkState(Enclave enclave) throws Refused {
        Refused.unless(enclave.isCreated(), Cause.CREATED, "a created enclave", "none");
        Refused.unless(!enclave.isInitialized(), Cause.NOT_INITIALIZED, "no EINIT yet", "an initialised enclave");
    }

    /** The SIGSTRUCT at the start of a page, checked, and in its middle a token of zeroes. */
    static MemorySegment readSigstruct(EnclaveFile file, AddressSpace caller, long address) throws Refused {
        MemorySegment page = MemorySegment.ofArray(new byte[Epc.PAGE_SIZE]);
        page.copyFrom(UserMemory.read(caller, address, Sigstruct.SIZE, Cause.SIGSTRUCT_READABLE));
        check(file, file.theEnclave(), new Sigstruct(page));
        return page;
    }

    private static void check(EnclaveFile file, Enclave enclave, Sigstruct sigstruct) throws Refused {
        Attributes known = file.attributes();
        Refused.unless(sigstruct.vendorIsValid(), Cause.SIGSTRUCT_VENDOR, "0 or 0x8086", sigstruct.vendor());
        long denied = enclave.attributes().flags() & ~known.allowed();
        Refused.unless(
                denied == 0,
                Cause.ATTRIBUTES_ALLOWED,
                "no more than 0x" + Long.toHexString(known.allowed()),
                enclave.attributes().toString());
        var demanded = sigstruct.attributes().and(sigstruct.attributeMask());
        Refused.unless(
                (demanded.flags() & known.reservedFlags()) == 0,
                Cause.SIGSTRUCT_ATTRIBUTES,
                "none of 0x" + Long.toHexString(known.reservedFlags()),
                demanded.flags());
        int misc = sigstruct.miscSelect() & sigstruct.miscMask();
        Refused.unless(
                (misc & known.reservedMisc()) == 0,
                Cause.SIGSTRUCT_MISCSELECT,
                "none of 0x" + Integer.toHexString(known.reservedMisc()),
                Integer.toUnsignedLong(misc));
        Refused.unless(
                (demanded.xfrm() & known.reservedXfrm()) == 0,
                Cause.SIGSTRUCT_XFRM,
                "none of 0x" + Long.toHexString(known.reservedXfrm()),
                demanded.xfrm());
    }

    /** EINIT with this hash in the MSRs. */
    static EinitLoop.Result einit(Enclave enclave, AddressSpace caller, MemorySegment page, long[] hash) {
        enclave.lock().lock();
        try {
            EinitLoop.Result result = EinitLoop.run(enclave.kernel(), caller, processor -> {
                processor.writeHash(InterfaceKind.MAINLINE, hash);
                return processor.einit(enclave.secsPage(), page);
            });
            if (enclave.record(result.outcome()).isSuccess()) {
                enclave.initialized();
            }
            return result;
        } finally {
            enclave.lock().unlock();
        }
    }

    private static Completion completion(EinitLoop.Result result) {
        if (result.interrupted()) {
            return new Completion.Executed(Cause.NO_SIGNAL.result(), result.outcome());
        }
        long code = switch (result.outcome()) {
            case Outcome.Success success -> 0;
            case Outcome.Error error -> Cause.EINIT.result();
            case Outcome.Faulted faulted -> Cause.EINIT_FAULT.result();
        };
        return new Completion.Executed(code, result.outcome());
    }

    private static long ending(Completion completion) throws Refused {
        Refused.unless(completion.result() != Cause.NO_SIGNAL.result(), Cause.NO_SIGNAL, "no signal", "one");
        if (completion instanceof Completion.Executed executed) {
            switch (executed.outcome()) {
                case Outcome.Success success -> {}
                case Outcome.Error error ->
                    throw new Refused(Cause.EINIT, "SGX_SUCCESS", error.code().sdmName());
                case Outcome.Faulted faulted ->
                    throw new Refused(
                            Cause.EINIT_FAULT, "no fault", faulted.fault().toString());
            }
        }
        return completion.result();
    }
}

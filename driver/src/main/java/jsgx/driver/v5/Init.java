package jsgx.driver.v5;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.AddressSpace;
import jsgx.driver.Completion;
import jsgx.driver.InterfaceKind;
import jsgx.driver.LaunchRequest;
import jsgx.driver.TokenSupplier;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Launches;
import jsgx.driver.core.Processor;
import jsgx.driver.core.Refused;
import jsgx.driver.legacy.EnclaveLookup;
import jsgx.driver.legacy.Initialization;
import jsgx.driver.legacy.LegacyFile;

/**
 * SGX_IOC_ENCLAVE_INIT: initialises an enclave with a token that the kernel gets from its launch enclave (EINIT). The process
 * neither brings a token nor sees one.
 *
 * <p>EINIT is tried with the hash MSRs as they are. Where it returns SGX_INVALID_ATTRIBUTE or SGX_INVALID_EINITTOKEN and the MSRs
 * can be written, they are set to the launch enclave's signer and EINIT is tried once more, on the same logical processor.
 *
 * <p>Returns 0, also where the enclave was initialised before; or:
 *
 * <ul>
 *   <li>a positive number: EINIT's error code; how many bytes of the SIGSTRUCT could not be read; 0x40000000: power was lost, or
 *       the enclave was torn down; or what the launch authority returned that refused or tore the enclave down.
 *   <li>-EINVAL: the third word of the argument, for the request number that has one, is not 0; addr is not a multiple of 4096 or
 *       lies in no mapping of the device.
 *   <li>-ENOENT: the mapping has no enclave.
 *   <li>-ERESTARTSYS: a signal came between two attempts.
 *   <li>-EFAULT: EINIT raised a fault.
 *   <li>Any other errno: the launch authority's; -EIO where the launch enclave does not run.
 * </ul>
 */
public record Init(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 16;

    /** The request number. */
    public static final int CMD = 0x4010A402;

    /** The request number of headers before v6: the structure has a third word, which must be 0. */
    public static final int CMD_WITH_FLAGS = 0x4018A402;

    private static final byte[] NO_TOKEN = {};

    private static final long ADDR = 0;
    private static final long SIGSTRUCT = 8;

    /** A view of the first {@value #SIZE} bytes of memory that has at least that many. */
    public Init {
        memory = memory.asSlice(0, SIZE);
    }

    /** A zeroed structure on the heap. */
    public static Init allocate() {
        return new Init(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** An address in the enclave. */
    public long addr() {
        return u64(memory, ADDR);
    }

    public void addr(long v) {
        u64(memory, ADDR, v);
    }

    /** Address of the SIGSTRUCT. */
    public long sigstruct() {
        return u64(memory, SIGSTRUCT);
    }

    public void sigstruct(long v) {
        u64(memory, SIGSTRUCT, v);
    }

    /** Runs the request with {@link #CMD}. */
    static long run(LegacyFile file, AddressSpace caller, MemorySegment structure) throws Refused {
        Init init = new Init(structure);
        MemorySegment page = MemorySegment.ofArray(new byte[Epc.PAGE_SIZE]);
        Initialization.readSigstruct(caller, init.sigstruct(), page);
        Enclave enclave = EnclaveLookup.find(file, caller, init.addr());
        try {
            return launch(file, caller, enclave, page);
        } finally {
            enclave.drop();
        }
    }

    /** Runs the request with {@link #CMD_WITH_FLAGS}. */
    static long runWithFlags(LegacyFile file, AddressSpace caller, MemorySegment structure) throws Refused {
        Refused.unless(u64(structure, SIZE) == 0, Initialization.Cause.FLAGS_ZERO, "0", u64(structure, SIZE));
        return run(file, caller, structure);
    }

    private static long launch(LegacyFile file, AddressSpace caller, Enclave enclave, MemorySegment page)
            throws Refused {
        // The launch authority may be waiting for this very launch.
        if (file.isLaunchEnclaves()) {
            return Initialization.ending(einit(caller, enclave, page, NO_TOKEN));
        }
        Sigstruct sigstruct = new Sigstruct(page);
        LaunchRequest request = Launches.request(
                enclave,
                sigstruct,
                Launches.mrSigner(sigstruct),
                NO_TOKEN,
                TokenSupplier.AUTHORITY,
                enclave.kernel().launchEnclaveSigner());
        return Launches.launch(
                enclave.kernel().options().authority(),
                enclave,
                request,
                allow -> einit(caller, enclave, page, allow.token()),
                Initialization::ending);
    }

    private static Completion einit(AddressSpace caller, Enclave enclave, MemorySegment page, byte[] token) {
        MemorySegment.copy(MemorySegment.ofArray(token), 0, page, Processor.TOKEN_OFFSET, token.length);
        long[] signer = Launches.msrs(enclave.kernel().launchEnclaveSigner());
        return Initialization.einit(enclave, caller, processor -> attempt(processor, enclave, page, signer));
    }

    private static Outcome attempt(Processor processor, Enclave enclave, MemorySegment page, long[] signer) {
        processor.restoreHash(InterfaceKind.V5);
        Outcome outcome = processor.einit(enclave.secsPage(), page);
        if (mayBeTheHash(outcome) && processor.logicalProcessor().lePubKeyHashWritable()) {
            processor.writeHash(InterfaceKind.V5, signer);
            outcome = processor.einit(enclave.secsPage(), page);
        }
        return outcome;
    }

    private static boolean mayBeTheHash(Outcome outcome) {
        return outcome instanceof Outcome.Error error
                && (error.code() == SgxError.INVALID_ATTRIBUTE || error.code() == SgxError.INVALID_EINITTOKEN);
    }
}

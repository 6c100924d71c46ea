package jsgx.driver.isgx;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.AddressSpace;
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
 * SGX_IOC_ENCLAVE_INIT: initialises an enclave with the token of the process (EINIT). The driver never writes the hash MSRs; they
 * are what firmware left there.
 *
 * <p>Returns 0, also where the enclave was initialised before; or:
 *
 * <ul>
 *   <li>a positive number: EINIT's error code; how many bytes of the SIGSTRUCT or the EINITTOKEN could not be read; 0x40000000:
 *       power was lost, or the enclave was torn
 *       down; or what the launch authority returned that refused or tore the enclave down.
 *   <li>-EINVAL: addr is not a multiple of 4096 or lies in no mapping of the device.
 *   <li>-ENOENT: the mapping has no enclave.
 *   <li>-ERESTARTSYS: a signal came between two attempts.
 *   <li>-EFAULT: EINIT raised a fault.
 *   <li>Any other errno: the launch authority's.
 * </ul>
 */
public record Init(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 24;

    /** The request number. */
    public static final int CMD = 0x4018A402;

    private static final long ADDR = 0;
    private static final long SIGSTRUCT = 8;
    private static final long EINITTOKEN = 16;

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

    /** Address of the EINITTOKEN, 304 bytes. */
    public long einittoken() {
        return u64(memory, EINITTOKEN);
    }

    public void einittoken(long v) {
        u64(memory, EINITTOKEN, v);
    }

    static long run(LegacyFile file, AddressSpace caller, MemorySegment structure) throws Refused {
        Init init = new Init(structure);
        MemorySegment page = MemorySegment.ofArray(new byte[Epc.PAGE_SIZE]);
        Initialization.readSigstruct(caller, init.sigstruct(), page);
        Initialization.readToken(caller, init.einittoken(), page);
        Enclave enclave = EnclaveLookup.find(file, caller, init.addr());
        try {
            return launch(caller, enclave, page);
        } finally {
            enclave.drop();
        }
    }

    private static long launch(AddressSpace caller, Enclave enclave, MemorySegment page) throws Refused {
        if (enclave.isInitialized() && !enclave.isTornDown()) {
            return 0;
        }
        Sigstruct sigstruct = new Sigstruct(page);
        byte[] token = page.asSlice(Processor.TOKEN_OFFSET, EinitToken.SIZE).toArray(Layouts.U8);
        LaunchRequest request = Launches.request(
                enclave,
                sigstruct,
                Launches.mrSigner(sigstruct),
                token,
                TokenSupplier.CALLER,
                enclave.kernel().processors().hash(InterfaceKind.ISGX));
        return Launches.launch(
                enclave.kernel().options().authority(),
                enclave,
                request,
                allow -> Initialization.einit(enclave, caller, processor -> attempt(processor, enclave, page)),
                Initialization::ending);
    }

    private static Outcome attempt(Processor processor, Enclave enclave, MemorySegment page) {
        processor.restoreHash(InterfaceKind.ISGX);
        return processor.einit(enclave.secsPage(), page);
    }
}

package jsgx.driver.mainline;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Outcome;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.AddressSpace;
import jsgx.driver.Completion;
import jsgx.driver.Errno;
import jsgx.driver.LaunchRequest;
import jsgx.driver.Refusal;
import jsgx.driver.TokenSupplier;
import jsgx.driver.core.EinitLoop;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Launches;
import jsgx.driver.core.Processor;
import jsgx.driver.core.Refused;
import jsgx.driver.core.UserMemory;

/**
 * The token extension, which Linux does not have: initialises the enclave (EINIT) under the hash of the launch enclave's signer, with
 * the token of the process or, without {@link #USE_TOKEN}, one of the kernel's, which the process gets to keep. It is there only
 * where {@link jsgx.driver.DriverOptions#tokenExtension} is on.
 *
 * <p>The kernel's token is written to the process before EINIT, so that an address that cannot be written leaves no initialised enclave
 * behind: the token is good only where the call returned 0. It is all zero where the launch authority allowed the enclave without one,
 * which is enough for an enclave that the launch enclave's own key signed.
 *
 * <p>Returns 0, or:
 *
 * <ul>
 *   <li>a positive number: EINIT's error code, as the v5 series and isgx return it, so that the process can tell a stale token (4, 16,
 *       32) from everything else; 128, SGX_UNMASKED_EVENT, after all attempts.
 *   <li>-EINVAL: as {@link Init}; or the flags have a bit other than {@link #USE_TOKEN}.
 *   <li>-EFAULT: the argument, the SIGSTRUCT or the token cannot be read; or the kernel's token cannot be written.
 *   <li>-EACCES: as {@link Init}.
 *   <li>-ENODEV: there is no launch enclave under whose signer's hash EINIT could run.
 *   <li>-EIO: EINIT raised a fault, after power loss for one.
 *   <li>-ERESTARTSYS: a signal came between two attempts.
 *   <li>Anything else: what the launch authority returned that refused or tore the enclave down.
 * </ul>
 */
public record InitToken(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 24;

    /** The request number: _IOWR(0xA4, 0x20, 24 bytes). */
    public static final int CMD = 0xC018A420;

    /** The token at {@link #token} is the process's, and EINIT gets it unchecked; without this flag the kernel writes one there. */
    public static final long USE_TOKEN = 1;

    /** Why it fails in the driver itself besides {@link Init.Cause}, in the order of the checks. */
    public enum Cause implements Refusal.Cause {
        ARGUMENT_READABLE(Errno.EFAULT, "the argument can be read"),
        FLAGS(Errno.EINVAL, "the flags have no bit but USE_TOKEN"),
        TOKEN_READABLE(Errno.EFAULT, "with USE_TOKEN, the 304 bytes at token can be read"),
        LAUNCH_ENCLAVE(Errno.ENODEV, "there is a launch enclave, whose signer's hash EINIT needs"),
        TOKEN_WRITABLE(Errno.EFAULT, "without USE_TOKEN, the 304 bytes at token can be written"),
        NO_SIGNAL(Errno.ERESTARTSYS, "no signal is pending after an interrupted EINIT"),
        EINIT_FAULT(Errno.EIO, "EINIT raises no fault");

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
    private static final long TOKEN = 8;
    private static final long FLAGS = 16;
    private static final byte[] NO_TOKEN = {};

    /** A view of the first {@value #SIZE} bytes of memory that has at least that many. */
    public InitToken {
        memory = memory.asSlice(0, SIZE);
    }

    /** A zeroed structure on the heap. */
    public static InitToken allocate() {
        return new InitToken(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** Address of the SIGSTRUCT. */
    public long sigstruct() {
        return u64(memory, SIGSTRUCT);
    }

    public void sigstruct(long v) {
        u64(memory, SIGSTRUCT, v);
    }

    /** Address of the EINITTOKEN, 304 bytes: in with {@link #USE_TOKEN}, out without it. */
    public long token() {
        return u64(memory, TOKEN);
    }

    public void token(long v) {
        u64(memory, TOKEN, v);
    }

    /** {@link #USE_TOKEN} or 0. */
    public long flags() {
        return u64(memory, FLAGS);
    }

    public void flags(long v) {
        u64(memory, FLAGS, v);
    }

    static long run(EnclaveFile file, AddressSpace caller, long arg) throws Refused {
        Enclave enclave = file.theEnclave();
        Init.checkState(enclave);
        InitToken init = new InitToken(UserMemory.read(caller, arg, SIZE, Cause.ARGUMENT_READABLE));
        Refused.unless((init.flags() & ~USE_TOKEN) == 0, Cause.FLAGS, "0 or 1", init.flags());
        boolean callers = init.flags() == USE_TOKEN;
        MemorySegment page = Init.readSigstruct(file, caller, init.sigstruct());
        byte[] token = callers
                ? UserMemory.read(caller, init.token(), EinitToken.SIZE, Cause.TOKEN_READABLE)
                        .toArray(Layouts.U8)
                : NO_TOKEN;
        byte[] signer = file.kernel().launchEnclaveSigner();
        Refused.unless(signer.length > 0, Cause.LAUNCH_ENCLAVE, "a launch enclave", "none");

        Sigstruct sigstruct = new Sigstruct(page);
        LaunchRequest request = Launches.request(
                enclave,
                sigstruct,
                Launches.mrSigner(sigstruct),
                token,
                callers ? TokenSupplier.CALLER : TokenSupplier.AUTHORITY,
                signer);
        return Launches.launch(
                enclave.kernel().options().authority(),
                enclave,
                request,
                allow -> {
                    MemorySegment used = page.asSlice(Processor.TOKEN_OFFSET, EinitToken.SIZE);
                    copy(callers ? token : allow.token(), used);
                    if (!callers && caller.copyToUser(used, init.token()) != 0) {
                        return new Completion.NotExecuted(
                                Cause.TOKEN_WRITABLE.result(), "the token could not be given to the process");
                    }
                    return completion(Init.einit(enclave, caller, page, Launches.msrs(signer)));
                },
                InitToken::ending);
    }

    private static void copy(byte[] token, MemorySegment to) {
        MemorySegment.copy(MemorySegment.ofArray(token), 0, to, 0, token.length);
    }

    private static Completion completion(EinitLoop.Result result) {
        if (result.interrupted()) {
            return new Completion.Executed(Cause.NO_SIGNAL.result(), result.outcome());
        }
        long code = switch (result.outcome()) {
            case Outcome.Success success -> 0;
            case Outcome.Error error -> error.code().code();
            case Outcome.Faulted faulted -> Cause.EINIT_FAULT.result();
        };
        return new Completion.Executed(code, result.outcome());
    }

    private static long ending(Completion completion) throws Refused {
        String found = completion.toString();
        Refused.unless(completion.result() != Cause.NO_SIGNAL.result(), Cause.NO_SIGNAL, "no signal", found);
        Refused.unless(completion.result() != Cause.EINIT_FAULT.result(), Cause.EINIT_FAULT, "no fault", found);
        Refused.unless(
                completion.result() != Cause.TOKEN_WRITABLE.result(),
                Cause.TOKEN_WRITABLE,
                "304 writable bytes",
                found);
        return completion.result();
    }
}

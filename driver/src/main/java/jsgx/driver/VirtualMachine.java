package jsgx.driver;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntConsumer;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.core.Kernel;
import jsgx.driver.core.Launches;
import jsgx.driver.core.Processor;
import jsgx.driver.core.Refused;
import org.jspecify.annotations.Nullable;

/**
 * What a host's kernel does for one virtual machine that has EPC of {@code /dev/sgx_vepc}: the leaves that the machine does not
 * execute itself, on a logical processor of the host (sgx_virt_ecreate, sgx_virt_einit). Each EINIT is put before the host's launch
 * authority first.
 *
 * <p>The host cannot read a SECS; what it tells its authority of an enclave is what it saw when the SECS was made. So it follows the
 * SECS pages: the hypervisor tells it when one leaves its EPC page. A launched enclave whose SECS was evicted counts as running
 * until the machine is reset.
 */
public final class VirtualMachine implements AutoCloseable {

    /** How an EINIT of the virtual machine came out. */
    public sealed interface Initialization {

        /** EINIT was executed, and the enclave may live. */
        record Executed(Outcome outcome) implements Initialization {}

        /** The host's launch authority refused, before EINIT or after it; then the enclave is torn down. */
        record Refused(long result) implements Initialization {}

        /** The host did not see the SECS being made in this EPC page, or the SECS left it before EINIT: nothing was executed. */
        record Unknown() implements Initialization {}
    }

    /** An enclave whose SECS the host saw being made. */
    private final class Known implements Launches.Subject {
        private final int page;
        private final Attributes attributes;
        private final int miscSelect;
        private final long size;
        private final long id;
        private final IntConsumer tearDown;
        private boolean launched;
        private boolean gone;

        /** How many processors are about to take the SECS from its page. Guarded by {@link #enclaves}. */
        private int leaving;

        Known(int page, Secs secs, long id, IntConsumer tearDown) {
            this.page = page;
            this.attributes = secs.attributes();
            this.miscSelect = secs.miscSelect();
            this.size = secs.size();
            this.id = id;
            this.tearDown = tearDown;
        }

        /** Whether the page still holds the SECS that was judged. The caller has the lock of {@link #enclaves}. */
        @SuppressWarnings("ReferenceEquality")
        boolean isInPlace() {
            // The virtual machine can load an evicted SECS into the page, which the host does not see.
            Secs present =
                    new Secs(kernel.processors().any().processorPackage().epc().page(page));
            return enclaves.get(page) == this
                    && leaving == 0
                    && present.attributes().equals(attributes)
                    && present.miscSelect() == miscSelect
                    && present.size() == size;
        }

        @Override
        public void launched() {
            boolean gone;
            synchronized (enclaves) {
                launched = true;
                gone = this.gone;
            }
            if (gone) {
                // Another of the machine's processors removed it meanwhile.
                tellEnd();
            }
        }

        void gone() {
            boolean launched;
            synchronized (enclaves) {
                gone = true;
                launched = this.launched;
            }
            if (launched) {
                tellEnd();
            }
        }

        private void tellEnd() {
            kernel.options().authority().released(id, workload);
        }

        @Override
        public void tearDown() {
            tearDown.accept(page);
        }
    }

    private final Kernel kernel;
    private final Workload workload;

    /** By the EPC page of the SECS; guards itself, and no SECS comes to a page or leaves it while EINIT runs under its lock. */
    private final Map<Integer, Known> enclaves = new HashMap<>();

    /** Enclaves whose SECS was evicted. Guarded by {@link #enclaves}. */
    private final List<Known> evicted = new ArrayList<>();

    VirtualMachine(Kernel kernel, Workload workload) {
        this.kernel = kernel;
        this.workload = workload;
    }

    /**
     * ECREATE (sgx_virt_ecreate).
     *
     * @param page the EPC page that becomes the SECS
     * @param secs a copy of the SECS, which the virtual machine cannot change any more
     * @param secinfo the SECINFO
     * @param linAddr PAGEINFO.LINADDR
     * @param pageinfoSecs PAGEINFO.SECS
     * @param tearDown what removes the enclave of this SECS page from the EPC, where the launch authority wants it
     */
    public Outcome ecreate(
            int page,
            MemorySegment secs,
            MemorySegment secinfo,
            long linAddr,
            long pageinfoSecs,
            IntConsumer tearDown) {
        Outcome outcome;
        Known before = null;
        synchronized (enclaves) {
            outcome = onHost(processor -> processor.ecreate(page, secs, secinfo, linAddr, pageinfoSecs));
            if (outcome.isSuccess()) {
                before = enclaves.put(page, new Known(page, new Secs(secs), kernel.nextEnclave(), tearDown));
            }
        }
        if (before != null) {
            // Its removal on another processor is about to be told.
            before.gone();
        }
        return outcome;
    }

    /**
     * EINIT with the virtual machine's hash in the hash MSRs (sgx_virt_einit), where they can be written; otherwise with what firmware
     * left there. There is one attempt: to try again after SGX_UNMASKED_EVENT is the virtual machine's business.
     *
     * @param page the EPC page of the SECS
     * @param sigstruct the SIGSTRUCT
     * @param token the EINITTOKEN
     * @param hash what the virtual machine has in its four hash MSRs
     */
    public Initialization einit(int page, Sigstruct sigstruct, EinitToken token, long[] hash) {
        Known enclave;
        synchronized (enclaves) {
            enclave = enclaves.get(page);
        }
        if (enclave == null) {
            return new Initialization.Unknown();
        }
        MemorySegment operands = MemorySegment.ofArray(new byte[Epc.PAGE_SIZE]);
        operands.copyFrom(sigstruct.memory());
        operands.asSlice(Processor.TOKEN_OFFSET).copyFrom(token.memory());
        LaunchRequest request = new LaunchRequest(
                enclave.id,
                InterfaceKind.MAINLINE,
                workload,
                sigstruct.memory().toArray(Layouts.U8),
                sigstruct.enclaveHash().toArray(Layouts.U8),
                Launches.mrSigner(sigstruct),
                enclave.attributes,
                enclave.miscSelect,
                enclave.size,
                token.memory().toArray(Layouts.U8),
                TokenSupplier.GUEST,
                kernel.hashWritable()
                        ? Launches.hash(hash)
                        : kernel.processors().any().lePubKeyHash());
        Ended ended = new Ended();
        try {
            long result = Launches.launch(
                    kernel.options().authority(),
                    enclave,
                    request,
                    allow -> einit(enclave, operands, hash, ended),
                    ended::keep);
            Initialization kept = ended.kept;
            return kept == null ? new Initialization.Refused(result) : kept;
        } catch (Refused e) {
            throw new IllegalStateException("a virtual machine's EINIT is refused by its authority alone", e);
        }
    }

    private Completion einit(Known enclave, MemorySegment operands, long[] hash, Ended ended) {
        synchronized (enclaves) {
            return enclave.isInPlace()
                    ? ended.einit(onHost(processor -> {
                        processor.writeGuestHash(hash);
                        return processor.einit(enclave.page, operands);
                    }))
                    : new Completion.NotExecuted(
                            Errno.EFAULT.result(), "the SECS left its EPC page while the launch was judged");
        }
    }

    /** What EINIT did, and whether the authority let it stand. */
    private static final class Ended {
        private @Nullable Outcome outcome;
        private @Nullable Initialization kept;

        /** The result is that of sgx_virt_einit: 0, EINIT's code, or -EFAULT. */
        Completion einit(Outcome executed) {
            outcome = executed;
            long result = switch (executed) {
                case Outcome.Success success -> 0;
                case Outcome.Error error -> error.code().code();
                case Outcome.Faulted faulted -> Errno.EFAULT.result();
            };
            return new Completion.Executed(result, executed);
        }

        long keep(Completion completion) {
            Outcome executed = outcome;
            kept = executed == null ? new Initialization.Unknown() : new Initialization.Executed(executed);
            return completion.result();
        }
    }

    /** EREMOVE, by the host. */
    public Outcome eremove(int page) {
        long enclave = leaving(page);
        Outcome outcome = onHost(processor -> processor.eremove(page));
        if (outcome.isSuccess()) {
            removed(page, enclave);
        } else {
            stays(page, enclave);
        }
        return outcome;
    }

    /**
     * A leaf is about to take the SECS from this EPC page: no EINIT runs on it until {@link #stays} tells that the leaf failed.
     *
     * @return the number of the enclave whose SECS was made in the page, 0 where none is known there
     */
    public long leaving(int page) {
        synchronized (enclaves) {
            Known enclave = enclaves.get(page);
            if (enclave == null) {
                return 0;
            }
            enclave.leaving++;
            return enclave.id;
        }
    }

    /** The SECS of an enclave did not leave its EPC page after all. */
    public void stays(int page, long enclave) {
        synchronized (enclaves) {
            Known known = enclaves.get(page);
            if (known != null && known.id == enclave) {
                known.leaving--;
            }
        }
    }

    /** The SECS of an enclave was removed from its EPC page: the enclave is gone. */
    public void removed(int page, long enclave) {
        Known known = forget(page, enclave);
        if (known != null) {
            known.gone();
        }
    }

    /** The SECS of an enclave was evicted: the enclave may come back, nobody knows where, until {@link #close}. */
    public void evicted(int page, long enclave) {
        Known known = forget(page, enclave);
        if (known != null) {
            synchronized (enclaves) {
                evicted.add(known);
            }
        }
    }

    /** Takes an enclave out of the table, unless another one has its page by now. */
    private @Nullable Known forget(int page, long enclave) {
        synchronized (enclaves) {
            Known known = enclaves.get(page);
            return known != null && known.id == enclave ? enclaves.remove(page) : null;
        }
    }

    /** The virtual machine is reset or gone, and all its enclaves with it. */
    @Override
    public void close() {
        List<Known> gone;
        synchronized (enclaves) {
            gone = new ArrayList<>(enclaves.values());
            gone.addAll(evicted);
            enclaves.clear();
            evicted.clear();
        }
        gone.forEach(Known::gone);
    }

    private Outcome onHost(Function<Processor, Outcome> leaf) {
        Processor processor = kernel.processors().acquire();
        try {
            return leaf.apply(processor);
        } finally {
            kernel.processors().release(processor);
        }
    }
}

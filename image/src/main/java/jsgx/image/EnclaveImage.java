package jsgx.image;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import jsgx.arch.struct.Sigstruct;

/**
 * An enclave as a loader adds it: what ECREATE, EADD and EEXTEND are given, in their order.
 *
 * @param format what kind of file it came from
 * @param size SECS.SIZE in bytes, a power of two of at least 8192
 * @param ssaFrameSize SECS.SSAFRAMESIZE in pages
 * @param pages in the order in which they are added; no two at one offset
 * @param signature the SIGSTRUCT that the file carries, 1808 bytes, or an empty segment
 * @param hints what the file says of the SECS besides
 */
public record EnclaveImage(
        Format format, long size, int ssaFrameSize, List<EnclavePage> pages, MemorySegment signature, SecsHints hints) {

    /** The kinds of files that hold an enclave. */
    public enum Format {
        /** An SGXS stream. */
        SGXS("sgxs", "SGXS stream"),
        /** A shared object signed by the Intel SDK. */
        SDK("sdk", "Intel SDK signed shared object"),
        /** An ELF file of the kernel's SGX selftest. */
        SELFTEST("selftest", "kernel selftest enclave"),
        /** Bytes whose layout was stated beside them. */
        RAW("raw", "raw blob");

        private final String id;
        private final String title;

        Format(String id, String title) {
            this.id = id;
            this.title = title;
        }

        /** The name in options and JSON. */
        public String id() {
            return id;
        }

        /** The name for people. */
        public String title() {
            return title;
        }
    }

    /** {@link #signature} of a file without one. */
    public static final MemorySegment UNSIGNED = MemorySegment.ofArray(new byte[0]);

    /** The SIGSTRUCT that the file carries. */
    public Optional<Sigstruct> sigstruct() {
        return signature.byteSize() == 0 ? Optional.empty() : Optional.of(new Sigstruct(signature));
    }

    /** This image with another SIGSTRUCT. */
    public EnclaveImage withSigstruct(Sigstruct sigstruct) {
        return new EnclaveImage(format, size, ssaFrameSize, pages, sigstruct.memory(), hints);
    }
}

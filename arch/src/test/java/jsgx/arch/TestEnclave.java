package jsgx.arch;

import static jsgx.arch.TestMachine.succeeds;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Sigstruct;
import jsgx.arch.struct.Tcs;

/**
 * An enclave in the making on a {@link TestMachine}. It writes down, by itself and block by block, what the measurement
 * must be made of; {@link #log} is an SGXS stream and its SHA-256 is MRENCLAVE.
 */
public final class TestEnclave {

    /** Where enclaves are unless told otherwise. */
    public static final long BASE = 0x7000_0000_0000L;

    /** How large they are. */
    public static final long SIZE = 16 * Epc.PAGE_SIZE;

    public static final long RW = Secinfo.R | Secinfo.W | (long) PageType.REG.code() << 8;
    public static final long RX = Secinfo.R | Secinfo.X | (long) PageType.REG.code() << 8;
    public static final long TCS = (long) PageType.TCS.code() << 8;

    private static final int CHUNK = 256;

    private final TestMachine machine;
    private final Secs image;
    private final int secsPage;
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();

    private TestEnclave(TestMachine machine, Secs image) {
        this.machine = machine;
        this.image = image;
        this.secsPage = machine.freePage();
    }

    /** ECREATE of a 64-bit enclave of 16 pages with x87 and SSE. */
    public static TestEnclave create(TestMachine machine) {
        return create(machine, secs -> {});
    }

    /** As {@link #create(TestMachine)} with a SECS that the caller changes first. */
    public static TestEnclave create(TestMachine machine, Consumer<Secs> change) {
        Secs image = secs();
        change.accept(image);
        TestEnclave enclave = new TestEnclave(machine, image);
        succeeds(enclave.ecreate());
        return enclave;
    }

    /** The source image of {@link #create(TestMachine)}. */
    public static Secs secs() {
        Secs secs = Secs.allocate();
        secs.size(SIZE);
        secs.baseAddr(BASE);
        secs.ssaFrameSize(1);
        secs.attributes(new Attributes(Attributes.MODE64BIT, 3));
        return secs;
    }

    private Outcome ecreate() {
        machine.pageinfo.linAddr(0);
        machine.pageinfo.secs(0);
        machine.pageinfo.srcPge(machine.sourceAt);
        machine.pageinfo.secinfo(machine.secinfoAt);
        machine.secinfo.memory().fill((byte) 0);
        machine.source.copyFrom(image.memory());
        write(block("ECREATE")
                .putInt(8, image.ssaFrameSize())
                .putLong(12, image.size())
                .putLong(20, image.cetLegBitmapOffset()));
        return Encls.ecreate(machine.lp, machine.pageinfoAt, secsAt());
    }

    public TestMachine machine() {
        return machine;
    }

    /** The SECS's EPC page. */
    public int secsPage() {
        return secsPage;
    }

    /** The linear address of the SECS. */
    public long secsAt() {
        return machine.epc(secsPage);
    }

    /** The SECS as the processor sees it. */
    public Secs secsInEpc() {
        return new Secs(machine.cpu.epc().page(secsPage));
    }

    public long base() {
        return image.baseAddr();
    }

    public long size() {
        return image.size();
    }

    public Attributes attributes() {
        return image.attributes();
    }

    /** EADD and sixteen EEXTEND of a page at an offset, and its mapping there; returns its EPC page. */
    public int add(long offset, long secinfoFlags, byte[] content) {
        int page = addUnmeasured(offset, secinfoFlags, content);
        for (int at = 0; at < Epc.PAGE_SIZE; at += CHUNK) {
            extend(page, offset, at);
        }
        return page;
    }

    /** As {@link #add} with EADD alone. */
    public int addUnmeasured(long offset, long secinfoFlags, byte[] content) {
        int page = machine.freePage();
        machine.pageinfo.linAddr(base() + offset);
        machine.pageinfo.secs(secsAt());
        machine.pageinfo.srcPge(machine.sourceAt);
        machine.pageinfo.secinfo(machine.secinfoAt);
        machine.secinfo.memory().fill((byte) 0);
        machine.secinfo.flags(secinfoFlags);
        machine.source.asByteBuffer().put(Arrays.copyOf(content, Epc.PAGE_SIZE));
        succeeds(Encls.eadd(machine.lp, machine.pageinfoAt, machine.epc(page)));
        boolean tcs = (secinfoFlags >>> 8 & 0xff) == PageType.TCS.code();
        write(block("EADD").putLong(8, offset).putLong(16, tcs ? secinfoFlags & ~7 : secinfoFlags));
        machine.memory.mapEpc(base() + offset, page);
        return page;
    }

    /** EEXTEND of the chunk at {@code at} of the page at an offset. */
    public void extend(int page, long offset, int at) {
        succeeds(Encls.eextend(machine.lp, secsAt(), machine.epc(page) + at));
        write(block("EEXTEND").putLong(8, offset + at));
        byte[] chunk = new byte[CHUNK];
        machine.cpu.epc().page(page).asSlice(at, CHUNK).asByteBuffer().get(chunk);
        log.writeBytes(chunk);
    }

    /** A measured TCS at an offset, with one SSA frame at another; its entry is the enclave's first byte. */
    public int addTcs(long offset, long ossa) {
        return addTcs(offset, tcs -> {
            tcs.ossa(ossa);
            tcs.nssa(1);
        });
    }

    /** A measured TCS at an offset, as the caller fills it. */
    public int addTcs(long offset, Consumer<Tcs> fill) {
        Tcs tcs = Tcs.allocate();
        fill.accept(tcs);
        return add(offset, TCS, TestSigner.bytes(tcs.memory()));
    }

    /** What was measured so far: an SGXS stream. */
    public byte[] log() {
        return log.toByteArray();
    }

    /** What MRENCLAVE must be now. */
    public byte[] mrEnclave() {
        return TestSigner.sha256(log());
    }

    /** A SIGSTRUCT that this enclave fulfils with every attribute under the mask, signed by an author. */
    public Sigstruct sigstruct(TestSigner author) {
        return sigstruct(author, sigstruct -> {});
    }

    /** As {@link #sigstruct(TestSigner)} with a body that the caller changes before it is signed. */
    public Sigstruct sigstruct(TestSigner author, Consumer<Sigstruct> change) {
        Sigstruct sigstruct = Sigstruct.allocate();
        sigstruct.date(0x20171219);
        sigstruct.attributes(attributes());
        sigstruct.attributeMask(new Attributes(-1L, -1L));
        sigstruct.miscSelect(image.miscSelect());
        sigstruct.miscMask(-1);
        sigstruct.enclaveHash(mrEnclave());
        sigstruct.isvProdId(1);
        sigstruct.isvSvn(2);
        change.accept(sigstruct);
        author.sign(sigstruct);
        return sigstruct;
    }

    /** EINIT with no token, as an enclave of the authorised signer; the machine's operands stay as they are. */
    public TestEnclave init() {
        return init(sigstruct -> {});
    }

    /** As {@link #init()} with a SIGSTRUCT that the caller changes before it is signed. */
    public TestEnclave init(Consumer<Sigstruct> change) {
        machine.authorize(TestSigner.AUTHOR.mrSigner());
        TestMachine other = machine.another();
        other.authorize(TestSigner.AUTHOR.mrSigner());
        other.sigstruct.memory().copyFrom(sigstruct(TestSigner.AUTHOR, change).memory());
        succeeds(Encls.einit(other.lp, other.sigstructAt, secsAt(), other.tokenAt));
        return this;
    }

    private static ByteBuffer block(String tag) {
        ByteBuffer block = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        return block.put(0, tag.getBytes(StandardCharsets.US_ASCII));
    }

    private void write(ByteBuffer block) {
        byte[] bytes = new byte[block.capacity()];
        block.get(0, bytes);
        log.writeBytes(bytes);
    }
}

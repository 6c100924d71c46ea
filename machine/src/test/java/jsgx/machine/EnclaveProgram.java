package jsgx.machine;

import static jsgx.image.x86.Condition.NE;
import static jsgx.image.x86.Condition.S;
import static jsgx.image.x86.Mem.at;
import static jsgx.image.x86.Reg.R10;
import static jsgx.image.x86.Reg.R13;
import static jsgx.image.x86.Reg.R14;
import static jsgx.image.x86.Reg.R8;
import static jsgx.image.x86.Reg.R9;
import static jsgx.image.x86.Reg.RAX;
import static jsgx.image.x86.Reg.RBX;
import static jsgx.image.x86.Reg.RCX;
import static jsgx.image.x86.Reg.RDI;
import static jsgx.image.x86.Reg.RDX;
import static jsgx.image.x86.Reg.RSI;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import jsgx.arch.Leaf;
import jsgx.arch.TestSigner;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Sigstruct;
import jsgx.arch.struct.Tcs;
import jsgx.driver.mainline.AddPages;
import jsgx.driver.mainline.Create;
import jsgx.driver.mainline.Init;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;
import jsgx.image.ImageMeasurement;
import jsgx.image.SecsHints;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Label;
import jsgx.image.x86.StaticElf;

/**
 * A program for tests that builds an enclave on {@code /dev/sgx_enclave} and then does what a test says: a static executable, since there may be no
 * compiler. It exits with 100 and the number of the step where building fails.
 */
final class EnclaveProgram {

    /** Where the enclave is. */
    static final long BASE = 0x1000_0000_0000L;

    /** Its code, and what that begins with at EENTER. */
    static final long ENCLAVE_CODE = BASE + 0x3000;

    /** A page of data of the enclave. */
    static final long ENCLAVE_DATA = BASE + 0x4000;

    /** What the page of data holds. */
    static final long SECRET = 0x1122_3344_5566_7788L;

    /** 8 bytes of the program, for enclave and program to use. */
    static final long EXCHANGE = 0x60_0000;

    /** Room in the program's memory that nobody uses. */
    static final long ROOM = EXCHANGE + 0x100;

    static final int SYS_WRITE = 1;
    static final int SYS_MMAP = 9;
    static final int SYS_GETPID = 39;
    static final int SYS_EXECVE = 59;
    static final int SYS_EXIT_GROUP = 231;

    private static final long CODE = 0x40_0000;
    private static final long DATA = 0x50_0000;
    private static final int SIZE = 0x8000;
    private static final int PAGE = 4096;
    private static final int SYS_OPEN = 2;
    private static final int SYS_IOCTL = 16;
    private static final int O_RDWR = 2;
    private static final int PRIVATE_ANONYMOUS_FIXED = 0x32;
    private static final int SHARED_FIXED = 0x11;
    private static final int RWX = 7;

    /** The program, for a test to go on with once the enclave is there. */
    final Assembler asm = new Assembler();

    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private final Label failed = new Label();
    private final EnclaveImage image;
    private int step = 100;

    /**
     * A program with an enclave.
     *
     * @param code what the enclave executes at EENTER; RCX is then the address to leave for
     * @param permissions the permissions of the page of code
     */
    EnclaveProgram(byte[] code, long permissions) {
        Tcs tcs = new Tcs(MemorySegment.ofArray(new byte[PAGE]));
        tcs.ossa(0x1000);
        tcs.nssa(2);
        tcs.oentry(ENCLAVE_CODE - BASE);
        tcs.fsLimit(-1);
        tcs.gsLimit(-1);
        byte[] secret = ByteBuffer.allocate(PAGE)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(SECRET)
                .array();
        image = new EnclaveImage(
                EnclaveImage.Format.SGXS,
                SIZE,
                1,
                List.of(
                        new EnclavePage(0, EnclavePage.TCS, EnclavePage.ALL, tcs.memory()),
                        page(0x1000, EnclavePage.RW, new byte[0]),
                        page(0x2000, EnclavePage.RW, new byte[0]),
                        page(0x3000, permissions, code),
                        page(0x4000, EnclavePage.RW, secret)),
                EnclaveImage.UNSIGNED,
                SecsHints.NONE);
        data.writeBytes("/dev/sgx_enclave\0".getBytes(StandardCharsets.US_ASCII));
        build();
    }

    EnclaveProgram(byte[] code) {
        this(code, Secinfo.R | Secinfo.X);
    }

    /** What an enclave executes, and then leaves. */
    static byte[] enclave(Consumer<Assembler> body) {
        Assembler enclave = new Assembler();
        enclave.mov(R9, RCX);
        body.accept(enclave);
        enclave.mov(RBX, R9).mov32(RAX, Leaf.EEXIT.number()).enclu();
        return enclave.toBytes();
    }

    private static EnclavePage page(long offset, long permissions, byte[] content) {
        return new EnclavePage(
                offset,
                EnclavePage.reg(permissions),
                EnclavePage.ALL,
                MemorySegment.ofArray(Arrays.copyOf(content, PAGE)));
    }

    private void build() {
        Sigstruct sigstruct = Sigstruct.allocate();
        sigstruct.attributes(new Attributes(Attributes.MODE64BIT, 3));
        sigstruct.attributeMask(new Attributes(-1L, -1L));
        sigstruct.enclaveHash(ImageMeasurement.measure(image).mrEnclaveBytes());
        TestSigner.AUTHOR.sign(sigstruct);

        asm.mov(RDI, DATA).mov32(RSI, O_RDWR).zero(RDX);
        call(SYS_OPEN);
        asm.mov(R13, RAX);
        map(BASE, SIZE, 0, PRIVATE_ANONYMOUS_FIXED);
        Secs secs = Secs.allocate();
        secs.size(SIZE);
        secs.baseAddr(BASE);
        secs.ssaFrameSize(1);
        secs.attributes(sigstruct.attributes());
        ioctl(Create.CMD, put(put(secs.memory().toArray(Layouts.U8))));
        for (EnclavePage page : image.pages()) {
            Secinfo secinfo = Secinfo.allocate();
            secinfo.flags(page.flags());
            long source = put(page.content().toArray(Layouts.U8));
            long described = put(secinfo.memory().toArray(Layouts.U8));
            ioctl(AddPages.CMD, put(source, page.offset(), PAGE, described, AddPages.MEASURE, 0));
        }
        ioctl(Init.CMD, put(put(sigstruct.memory().toArray(Layouts.U8))));
        for (EnclavePage page : image.pages()) {
            boolean tcs = page.flags() == EnclavePage.TCS;
            int protection = tcs ? (int) EnclavePage.RW : (int) (page.flags() & RWX);
            map(BASE + page.offset(), PAGE, protection, SHARED_FIXED);
        }
    }

    /** Puts something into the program's data, at a page: its address. */
    private long put(byte[] content) {
        data.writeBytes(new byte[Math.floorMod(-data.size(), PAGE)]);
        data.writeBytes(content);
        return DATA + data.size() - content.length;
    }

    private long put(long... words) {
        ByteBuffer structure = ByteBuffer.allocate(words.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (long word : words) {
            structure.putLong(word);
        }
        return put(structure.array());
    }

    private void call(int number) {
        step++;
        asm.mov32(R14, step).mov32(RAX, number).syscall();
        asm.test(RAX, RAX).jump(S, failed);
    }

    private void ioctl(int cmd, long structure) {
        asm.mov(RDI, R13).mov32(RSI, cmd).mov(RDX, structure);
        call(SYS_IOCTL);
        asm.test(RAX, RAX).jump(NE, failed);
    }

    /** mmap of the device, or of nothing where it is private. */
    void map(long address, int length, int protection, int flags) {
        asm.mov(RDI, address).mov32(RSI, length).mov32(RDX, protection).mov32(R10, flags);
        if ((flags & 1) != 0) {
            asm.mov(R8, R13);
        } else {
            asm.mov(R8, -1L);
        }
        asm.zero(R9);
        call(SYS_MMAP);
    }

    /** EENTER; an asynchronous exit resumes. */
    EnclaveProgram enter() {
        Label aep = new Label();
        Label left = new Label();
        asm.mov(RBX, BASE).lea(RCX, at(aep)).mov32(RAX, Leaf.EENTER.number()).enclu();
        asm.jmp(left);
        asm.bind(aep).enclu();
        asm.bind(left);
        return this;
    }

    /** Writes 8 bytes to the standard output, by a system call with their address. */
    EnclaveProgram print(long address) {
        asm.mov32(RDI, 1)
                .mov(RSI, address)
                .mov32(RDX, Long.BYTES)
                .mov32(RAX, SYS_WRITE)
                .syscall();
        return this;
    }

    /** Copies 8 bytes to {@link #EXCHANGE}, by instructions of the program. */
    EnclaveProgram copy(long address) {
        asm.mov(RSI, address).mov(RAX, at(RSI)).mov(RDI, EXCHANGE).mov(at(RDI), RAX);
        return this;
    }

    /** Executes another program, without arguments. */
    EnclaveProgram execute(String path) {
        long name = put((path + "\0").getBytes(StandardCharsets.US_ASCII));
        ByteBuffer arguments = ByteBuffer.allocate(2 * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        arguments.putLong(name).putLong(0);
        asm.mov(RDI, name)
                .mov(RSI, put(arguments.array()))
                .mov32(RDX, 0)
                .mov32(RAX, SYS_EXECVE)
                .syscall();
        return this;
    }

    EnclaveProgram exit(int status) {
        asm.mov32(RDI, status).mov32(RAX, SYS_EXIT_GROUP).syscall();
        return this;
    }

    /** The program as a file in a folder. */
    String in(Path folder) throws IOException {
        asm.bind(failed).mov(RDI, R14).mov32(RAX, SYS_EXIT_GROUP).syscall();
        byte[] elf = StaticElf.of(
                CODE,
                List.of(
                        StaticElf.Segment.code(CODE, asm.toBytes()),
                        StaticElf.Segment.data(DATA, data.toByteArray()),
                        StaticElf.Segment.data(EXCHANGE, new byte[PAGE])));
        Path file = Files.createTempFile(folder, "program", "");
        ExecutableFile.write(file, elf);
        return file.toString();
    }
}

package jsgx.machine.le;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import jsgx.arch.Leaf;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.v5.AddPage;
import jsgx.driver.v5.Create;
import jsgx.driver.v5.Init;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Condition;
import jsgx.image.x86.Label;
import jsgx.image.x86.Mem;
import jsgx.image.x86.Reg;
import jsgx.image.x86.StaticElf;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;

/**
 * The program that holds a launch enclave, as the v5 series' proxy did: it builds the enclave through {@code /dev/sgx}, says on its standard output how that went, and then enters
 * it with each request from its standard input and writes its answer. It uses no stack, no library and no memory but its file's; when its
 * standard input ends, it ends.
 */
final class ProxyProgram {

    /** Bytes of a request: MRENCLAVE, MRSIGNER, ATTRIBUTES. */
    static final int REQUEST_SIZE = 80;

    /** Bytes of an answer: the token, and four bytes of result. */
    static final int ANSWER_SIZE = EinitToken.SIZE + 4;

    /** Bytes of the report that comes before the first answer: the step, how it came out, the program's process identifier. */
    static final int REPORT_SIZE = 24;

    /** What building takes, by the number in the report; the last one says that all is well. */
    enum Step {
        OPEN,
        MMAP,
        CREATE,
        ADD_PAGE,
        INIT,
        READY
    }

    private static final long CODE = 0x40_0000;
    private static final long DATA = 0x1000_0000;
    private static final int PAGE = EnclavePage.SIZE;

    /** Where the data has what, in bytes; the pages' content and their ADD_PAGE structures come last. */
    private static final int SECS = 0;

    private static final int SIGSTRUCT = PAGE;
    private static final int REQUEST = 2 * PAGE;
    private static final int REQUEST_STRUCT_SIZE = 392;
    private static final int REPORT = REQUEST + 0x200;
    private static final int CREATE = REQUEST + 0x240;
    private static final int INIT = REQUEST + 0x280;
    private static final int BASE = REQUEST + 0x2c0;
    private static final int MASK = REQUEST + 0x2c8;
    private static final int PATH = REQUEST + 0x300;
    private static final int PAGES = 3 * PAGE;

    /** An ADD_PAGE structure and its SECINFO, as the data has them for each page. */
    private static final int ADDITION_SIZE = 128;

    private static final int ADDITION_SECINFO = 64;
    private static final int BASEADDR = 8;

    private static final Reg FILE = Reg.R12;
    private static final Reg ENCLAVE = Reg.R13;
    private static final Reg ADDITION = Reg.R14;
    private static final Reg LEFT = Reg.R15;

    private static final int SIG_SETMASK = 2;
    private static final int STDIN = 0;
    private static final int STDOUT = 1;

    private ProxyProgram() {}

    /**
     * The program's file.
     *
     * @param path of the device
     */
    static byte[] of(EnclaveImage image, Sigstruct sigstruct, Attributes attributes, String path) {
        return StaticElf.of(
                CODE,
                List.of(
                        StaticElf.Segment.code(CODE, code(image)),
                        StaticElf.Segment.data(DATA, data(image, sigstruct, attributes, path))));
    }

    private static byte[] data(EnclaveImage image, Sigstruct sigstruct, Attributes attributes, String path) {
        List<EnclavePage> pages = image.pages();
        int additions = PAGES + pages.size() * PAGE;
        ByteBuffer data =
                ByteBuffer.allocate(additions + pages.size() * ADDITION_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        Secs secs = Secs.allocate();
        secs.size(image.size());
        secs.ssaFrameSize(image.ssaFrameSize());
        secs.attributes(attributes);
        data.put(SECS, secs.memory().toArray(Layouts.U8));
        data.put(SIGSTRUCT, sigstruct.memory().toArray(Layouts.U8));
        data.put(PATH, path.getBytes(StandardCharsets.US_ASCII));
        data.putLong(MASK, -1);

        Create create = Create.allocate();
        create.src(DATA + SECS);
        data.put(CREATE, create.memory().toArray(Layouts.U8));
        Init init = Init.allocate();
        init.sigstruct(DATA + SIGSTRUCT);
        data.put(INIT, init.memory().toArray(Layouts.U8));
        for (int i = 0; i < pages.size(); i++) {
            EnclavePage page = pages.get(i);
            int content = PAGES + i * PAGE;
            data.put(content, page.content().toArray(Layouts.U8));
            int addition = additions + i * ADDITION_SIZE;
            AddPage add = AddPage.allocate();
            // The program adds the base when it knows it.
            add.addr(page.offset());
            add.src(DATA + content);
            add.secinfo(DATA + addition + ADDITION_SECINFO);
            add.mrmask(page.measured());
            data.put(addition, add.memory().toArray(Layouts.U8));
            Secinfo secinfo = new Secinfo(MemorySegment.ofArray(new byte[Secinfo.SIZE]));
            secinfo.flags(page.flags());
            data.put(addition + ADDITION_SECINFO, secinfo.memory().toArray(Layouts.U8));
        }
        return data.array();
    }

    private static byte[] code(EnclaveImage image) {
        Assembler asm = new Assembler();
        Label failed = new Label();
        Label end = new Label();
        build(asm, image, failed);
        serve(asm, end);

        // RAX: the result, RBX: the step.
        asm.bind(failed);
        report(asm);
        asm.bind(end).mov32(Reg.RDI, 1);
        call(asm, SystemCall.EXIT_GROUP).ud2();
        return asm.toBytes();
    }

    private static void build(Assembler asm, EnclaveImage image, Label failed) {
        // What a terminal sends to its programs is not for this one.
        asm.mov32(Reg.RDI, SIG_SETMASK).mov(Reg.RSI, DATA + MASK).zero(Reg.RDX).mov32(Reg.R10, Long.BYTES);
        call(asm, SystemCall.RT_SIGPROCMASK);

        asm.mov(Reg.RDI, (long) Linux.AT_FDCWD).mov(Reg.RSI, DATA + PATH);
        asm.mov32(Reg.RDX, Linux.O_RDWR | Linux.O_CLOEXEC).zero(Reg.R10);
        check(asm, Step.OPEN, SystemCall.OPENAT).jump(Condition.S, failed).mov(FILE, Reg.RAX);

        asm.zero(Reg.RDI).mov(Reg.RSI, image.size());
        asm.mov32(Reg.RDX, Linux.PROT_READ | Linux.PROT_WRITE | Linux.PROT_EXEC).mov32(Reg.R10, Linux.MAP_SHARED);
        asm.mov(Reg.R8, FILE).zero(Reg.R9);
        check(asm, Step.MMAP, SystemCall.MMAP).jump(Condition.S, failed).mov(ENCLAVE, Reg.RAX);

        asm.mov(Reg.RDX, DATA);
        asm.mov(Mem.at(Reg.RDX, BASE), ENCLAVE).mov(Mem.at(Reg.RDX, SECS + BASEADDR), ENCLAVE);
        asm.mov(Mem.at(Reg.RDX, INIT), ENCLAVE);
        ioctl(asm, Step.CREATE, Create.CMD, DATA + CREATE).jump(Condition.NE, failed);

        asm.mov(ADDITION, DATA + PAGES + (long) image.pages().size() * PAGE);
        asm.mov32(LEFT, image.pages().size());
        Label next = asm.here();
        asm.mov(Reg.RAX, ENCLAVE).lockAdd(Mem.at(ADDITION), Reg.RAX);
        asm.mov(Reg.RDI, FILE).mov32(Reg.RSI, AddPage.CMD).mov(Reg.RDX, ADDITION);
        check(asm, Step.ADD_PAGE, SystemCall.IOCTL).jump(Condition.NE, failed);
        asm.add(ADDITION, ADDITION_SIZE).sub(LEFT, 1).jump(Condition.NE, next);

        ioctl(asm, Step.INIT, Init.CMD, DATA + INIT).jump(Condition.NE, failed);
        asm.mov(Reg.RDI, FILE);
        call(asm, SystemCall.CLOSE);
        asm.zero(Reg.RAX).mov32(Reg.RBX, Step.READY.ordinal());
        report(asm);
    }

    /** A request struct outside the enclave has the request, the token, and the result; RSI leads to the token for those who ask for it there. */
    private static void serve(Assembler asm, Label end) {
        Label enclu = new Label();
        Label next = asm.here();
        asm.mov(Reg.RDI, DATA + REQUEST).zero(Reg.RAX).mov32(Reg.RCX, REQUEST_STRUCT_SIZE / Long.BYTES);
        asm.cld().repStosq();
        asm.mov32(Reg.RDI, STDIN).mov(Reg.RSI, DATA + REQUEST).mov32(Reg.RDX, REQUEST_SIZE);
        call(asm, SystemCall.READ).cmp(Reg.RAX, REQUEST_SIZE).jump(Condition.NE, end);

        asm.mov(Reg.RBX, DATA + BASE).mov(Reg.RBX, Mem.at(Reg.RBX));
        asm.mov(Reg.RDI, DATA + REQUEST)
                .lea(Reg.RSI, Mem.at(Reg.RDI, REQUEST_SIZE))
                .zero(Reg.RDX);
        asm.lea(Reg.RCX, Mem.at(enclu)).mov32(Reg.RAX, Leaf.EENTER.number());
        asm.bind(enclu).enclu();

        asm.mov32(Reg.RDI, STDOUT).mov(Reg.RSI, DATA + REQUEST + REQUEST_SIZE).mov32(Reg.RDX, ANSWER_SIZE);
        call(asm, SystemCall.WRITE).cmp(Reg.RAX, ANSWER_SIZE).jump(Condition.E, next);
    }

    /** Says how the step in RBX came out, by RAX. */
    private static void report(Assembler asm) {
        asm.mov(Reg.RSI, DATA + REPORT);
        asm.mov(Mem.at(Reg.RSI), Reg.RBX).mov(Mem.at(Reg.RSI, 8), Reg.RAX);
        call(asm, SystemCall.GETPID).mov(Reg.RSI, DATA + REPORT).mov(Mem.at(Reg.RSI, 16), Reg.RAX);
        asm.mov32(Reg.RDI, STDOUT).mov32(Reg.RDX, REPORT_SIZE);
        call(asm, SystemCall.WRITE);
    }

    private static Assembler ioctl(Assembler asm, Step step, int command, long structure) {
        asm.mov(Reg.RDI, FILE).mov32(Reg.RSI, command).mov(Reg.RDX, structure);
        return check(asm, step, SystemCall.IOCTL);
    }

    /** A system call whose result the flags tell. */
    private static Assembler check(Assembler asm, Step step, int number) {
        asm.mov32(Reg.RBX, step.ordinal());
        return call(asm, number).test(Reg.RAX, Reg.RAX);
    }

    private static Assembler call(Assembler asm, int number) {
        return asm.mov32(Reg.RAX, number).syscall();
    }
}

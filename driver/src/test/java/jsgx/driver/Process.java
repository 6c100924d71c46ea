package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import jsgx.arch.Enclu;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Sigstruct;

/** A process with one open device, and the system calls that a loader makes, on whichever interface. Results are as the driver gives them. */
final class Process implements AutoCloseable {

    static final long BASE = 0x7f00_0000_0000L;

    /** Where {@link #accept} has its SECINFO: the data page behind the SSA. */
    static final long SCRATCH = 3L * Plan.PAGE;

    private static final int RWX = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE | AddressSpace.PROT_EXEC;

    final Machine machine;
    final InterfaceKind kind;
    final EmbeddedAddressSpace space;
    final DeviceFile file;
    long base;

    Process(Machine machine, InterfaceKind kind) {
        this(machine, kind, new EmbeddedAddressSpace());
    }

    Process(Machine machine, InterfaceKind kind, EmbeddedAddressSpace space) {
        this(machine, kind, space, open(machine, kind));
    }

    Process(Machine machine, InterfaceKind kind, EmbeddedAddressSpace space, DeviceFile file) {
        this.machine = machine;
        this.kind = kind;
        this.space = space;
        this.file = file;
    }

    private static DeviceFile open(Machine machine, InterfaceKind kind) {
        try {
            return machine.driver.device(kind).open(Machine.WORKLOAD);
        } catch (DeviceAbsentException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Builds the enclave of a plan up to EINIT, and expects that all goes well. */
    Process build(Plan plan) {
        base = reserve(plan.size());
        assertThat(create(plan.secs(base))).isZero();
        for (Plan.Page page : plan.pages()) {
            assertThat(add(page)).isZero();
        }
        return this;
    }

    /** Builds and initialises. */
    Process launch(Plan plan) {
        build(plan);
        assertThat(init(plan)).isZero();
        return this;
    }

    /** Maps the device where an enclave of this size can be. */
    long reserve(long size) {
        if (kind == InterfaceKind.MAINLINE) {
            // A loader reserves twice the size, and maps the aligned part of it.
            long area = space.unmappedArea(0, 2 * size);
            base = (area + size - 1) & -size;
            assertThat(file.mmap(space, base, size, 0, DeviceFile.MAP_SHARED | DeviceFile.MAP_FIXED, 0))
                    .isEqualTo(base);
        } else {
            base = file.mmap(space, 0, size, RWX, DeviceFile.MAP_SHARED, 0);
            assertThat(base).isPositive();
        }
        return base;
    }

    long create(Secs secs) {
        long src = space.place(secs.memory());
        try {
            return call(
                    switch (kind) {
                        case MAINLINE -> {
                            var create = jsgx.driver.mainline.Create.allocate();
                            create.src(src);
                            yield new Call(jsgx.driver.mainline.Create.CMD, create.memory());
                        }
                        case V5 -> {
                            var create = jsgx.driver.v5.Create.allocate();
                            create.src(src);
                            yield new Call(jsgx.driver.v5.Create.CMD, create.memory());
                        }
                        case ISGX -> {
                            var create = jsgx.driver.isgx.Create.allocate();
                            create.src(src);
                            yield new Call(jsgx.driver.isgx.Create.CMD, create.memory());
                        }
                    });
        } finally {
            space.remove(src);
        }
    }

    long add(Plan.Page page) {
        Secinfo secinfo = Secinfo.allocate();
        secinfo.flags(page.flags());
        return add(page.offset(), MemorySegment.ofArray(page.content()), secinfo, page.mask());
    }

    long add(long offset, MemorySegment content, Secinfo secinfo, int mask) {
        long src = space.place(content);
        long info = space.place(secinfo.memory());
        try {
            return call(
                    switch (kind) {
                        case MAINLINE -> {
                            var add = jsgx.driver.mainline.AddPages.allocate();
                            add.src(src);
                            add.offset(offset);
                            add.length(content.byteSize());
                            add.secinfo(info);
                            add.flags(mask == 0xffff ? jsgx.driver.mainline.AddPages.MEASURE : 0);
                            yield new Call(jsgx.driver.mainline.AddPages.CMD, add.memory());
                        }
                        case V5 -> {
                            var add = jsgx.driver.v5.AddPage.allocate();
                            add.addr(base + offset);
                            add.src(src);
                            add.secinfo(info);
                            add.mrmask(mask);
                            yield new Call(jsgx.driver.v5.AddPage.CMD, add.memory());
                        }
                        case ISGX -> {
                            var add = jsgx.driver.isgx.AddPage.allocate();
                            add.addr(base + offset);
                            add.src(src);
                            add.secinfo(info);
                            add.mrmask(mask);
                            yield new Call(jsgx.driver.isgx.AddPage.CMD, add.memory());
                        }
                    });
        } finally {
            space.remove(src);
            space.remove(info);
        }
    }

    /** EINIT as the plan's author would have it, with a good token where the interface takes one. */
    long init(Plan plan) {
        return init(plan.sigstruct(Machine.AUTHOR), machine.tokens.token(plan, Machine.AUTHOR));
    }

    long init(Sigstruct sigstruct, byte[] token) {
        long sig = space.place(sigstruct.memory());
        long tok = space.place(MemorySegment.ofArray(token));
        try {
            return initAt(sig, tok);
        } finally {
            space.remove(sig);
            space.remove(tok);
        }
    }

    long initAt(long sigstruct, long token) {
        return call(
                switch (kind) {
                    case MAINLINE -> {
                        var init = jsgx.driver.mainline.Init.allocate();
                        init.sigstruct(sigstruct);
                        yield new Call(jsgx.driver.mainline.Init.CMD, init.memory());
                    }
                    case V5 -> {
                        var init = jsgx.driver.v5.Init.allocate();
                        init.addr(base);
                        init.sigstruct(sigstruct);
                        yield new Call(jsgx.driver.v5.Init.CMD, init.memory());
                    }
                    case ISGX -> {
                        var init = jsgx.driver.isgx.Init.allocate();
                        init.addr(base);
                        init.sigstruct(sigstruct);
                        init.einittoken(token);
                        yield new Call(jsgx.driver.isgx.Init.CMD, init.memory());
                    }
                });
    }

    private record Call(int cmd, MemorySegment structure) {}

    private long call(Call call) {
        return space.ioctl(file, call.cmd(), call.structure());
    }

    long ioctl(int cmd, MemorySegment structure) {
        return space.ioctl(file, cmd, structure);
    }

    EnclaveInfo enclave() {
        return space.mappings().at(base).orElseThrow().enclave().orElseThrow();
    }

    /** Reads a page of a debug enclave as a debugger does. */
    byte[] read(long offset) {
        byte[] content = new byte[Plan.PAGE];
        long read = space.mappings()
                .at(base + offset)
                .orElseThrow()
                .access(base + offset, MemorySegment.ofArray(content), false);
        assertThat(read).isEqualTo(Plan.PAGE);
        return content;
    }

    /** Writes to a page of a debug enclave as a debugger does. */
    void write(long offset, MemorySegment content) {
        long written = space.mappings().at(base + offset).orElseThrow().access(base + offset, content, true);
        assertThat(written).isEqualTo(content.byteSize());
    }

    /** What a leaf of ENCLU does inside the enclave, whose TCS is its first page; all its pages are loaded first. */
    Outcome inside(Function<LogicalProcessor, Outcome> leaf) {
        for (long at = base; at < base + enclave().size(); at += Plan.PAGE) {
            space.fault(at, false);
        }
        LogicalProcessor processor = new LogicalProcessor(machine.cpu, space);
        processor.cpl(3);
        assertThat(Enclu.eenter(processor, base, 0x1000)).isInstanceOf(Outcome.Success.class);
        Outcome outcome = leaf.apply(processor);
        assertThat(Enclu.eexit(processor, 0x1000)).isInstanceOf(Outcome.Success.class);
        return outcome;
    }

    /** EACCEPT by the enclave of a page, with a SECINFO that it has in its first data page. */
    Outcome accept(long offset, long flags) {
        Secinfo secinfo = Secinfo.allocate();
        secinfo.flags(flags);
        write(SCRATCH, secinfo.memory());
        return inside(processor -> Enclu.eaccept(processor, base + SCRATCH, base + offset));
    }

    /** The EPC page of a page of the enclave. */
    int epcPage(long offset) {
        Epcm epcm = machine.cpu.epcm();
        for (int page = 0; page < machine.cpu.epc().pages(); page++) {
            if (epcm.valid(page)
                    && epcm.enclaveAddress(page) == base + offset
                    && epcm.pageType(page) != PageType.VA.code()
                    && epcm.pageType(page) != PageType.SECS.code()) {
                return page;
            }
        }
        throw new IllegalStateException("offset 0x%x is not in the EPC".formatted(offset));
    }

    /** The EPC page of the only SECS. */
    int secsPage() {
        Epcm epcm = machine.cpu.epcm();
        for (int page = 0; page < machine.cpu.epc().pages(); page++) {
            if (epcm.valid(page) && epcm.pageType(page) == PageType.SECS.code()) {
                return page;
            }
        }
        throw new IllegalStateException("no SECS");
    }

    /** The process ends. */
    @Override
    public void close() {
        for (DeviceMapping mapping : space.mappings().all()) {
            space.unmap(mapping.start(), mapping.end() - mapping.start());
        }
        file.close();
    }
}

package jsgx.launch.load;

import java.util.List;
import java.util.Optional;
import jsgx.arch.Outcome;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceFile;
import jsgx.driver.DeviceMapping;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.EnclaveInfo;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Refusal;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;

/**
 * One enclave on its way through a driver's interface: mmap, CREATE, ADD_PAGE or ADD_PAGES, INIT, with the structures of
 * that interface in the memory of the calling process. Every call returns what the ioctl returned.
 */
public final class EnclaveLoader implements AutoCloseable {

    private static final int PAGE = 4096;

    /** How many pages one ADD_PAGES takes at most. */
    private static final int BATCH = 256;

    private static final int PROT_ALL = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE | AddressSpace.PROT_EXEC;

    private final InterfaceKind kind;
    private final DeviceFile file;
    private final EmbeddedAddressSpace space;
    private long base;
    private long size;

    /** A loader with a device file of its own, which it closes. */
    public EnclaveLoader(InterfaceKind kind, DeviceFile file, EmbeddedAddressSpace space) {
        this.kind = kind;
        this.file = file;
        this.space = space;
    }

    /** SECS.BASEADDR. */
    public long base() {
        return base;
    }

    /** What the last leaf did that was executed for this enclave. */
    public Optional<Outcome> lastOutcome() {
        return enclave().flatMap(EnclaveInfo::lastOutcome).or(file::lastFailedCreation);
    }

    /** Why the last call failed in the driver itself. */
    public Optional<Refusal> lastRefusal() {
        return file.lastRefusal();
    }

    /** Whether the interface can say which parts of this page are measured: mainline measures whole pages or none. */
    public static boolean canAdd(InterfaceKind kind, EnclavePage page) {
        return kind != InterfaceKind.MAINLINE
                || page.measured() == EnclavePage.ALL
                || page.measured() == EnclavePage.NONE;
    }

    /** Finds a naturally aligned range of addresses and creates the enclave there. */
    public long create(EnclaveImage image, Attributes attributes, int miscSelect) {
        size = image.size();
        long range = range();
        if (range < 0) {
            return range;
        }
        base = range;
        Secs secs = Secs.allocate();
        secs.size(size);
        secs.baseAddr(base);
        secs.ssaFrameSize(image.ssaFrameSize());
        secs.miscSelect(miscSelect);
        secs.attributes(attributes);
        long source = space.place(secs.memory());
        try {
            return switch (kind) {
                case MAINLINE -> {
                    var create = jsgx.driver.mainline.Create.allocate();
                    create.src(source);
                    yield space.ioctl(file, jsgx.driver.mainline.Create.CMD, create.memory());
                }
                case V5 -> {
                    var create = jsgx.driver.v5.Create.allocate();
                    create.src(source);
                    yield space.ioctl(file, jsgx.driver.v5.Create.CMD, create.memory());
                }
                case ISGX -> {
                    var create = jsgx.driver.isgx.Create.allocate();
                    create.src(source);
                    yield space.ioctl(file, jsgx.driver.isgx.Create.CMD, create.memory());
                }
            };
        } finally {
            space.remove(source);
        }
    }

    /** The older drivers want the enclave's whole range mapped before; mainline lets a process map it when it likes. */
    private long range() {
        if (kind != InterfaceKind.MAINLINE) {
            return file.mmap(space, 0, size, PROT_ALL, DeviceFile.MAP_SHARED, 0);
        }
        // Twice the size holds an aligned range of it; larger than what is mapped anyway cannot be had.
        long area = size > 0 && size <= 1L << 56 ? space.unmappedArea(0, 2 * size) : 0;
        return area <= 0 ? area : (area + size - 1) / size * size;
    }

    /** Adds all pages in their order; stops at the first that the driver refuses. */
    public long addPages(List<EnclavePage> pages) {
        return kind == InterfaceKind.MAINLINE ? addInBatches(pages) : addOneByOne(pages);
    }

    private long addOneByOne(List<EnclavePage> pages) {
        Secinfo secinfo = Secinfo.allocate();
        long secinfoAddress = space.place(secinfo.memory());
        long source = space.place(EnclavePage.ZEROES);
        var add = jsgx.driver.v5.AddPage.allocate();
        long argument = space.place(add.memory());
        int cmd = kind == InterfaceKind.V5 ? jsgx.driver.v5.AddPage.CMD : jsgx.driver.isgx.AddPage.CMD;
        try {
            add.src(source);
            add.secinfo(secinfoAddress);
            for (EnclavePage page : pages) {
                space.put(source, page.content());
                secinfo.flags(page.flags());
                add.addr(base + page.offset());
                add.mrmask(page.measured());
                long result = file.ioctl(space, cmd, argument);
                if (result != 0) {
                    return result;
                }
            }
            return 0;
        } finally {
            space.remove(argument);
            space.remove(source);
            space.remove(secinfoAddress);
        }
    }

    private long addInBatches(List<EnclavePage> pages) {
        for (int first = 0; first < pages.size(); ) {
            int end = first + 1;
            while (end < pages.size() && end - first < BATCH && follows(pages.get(end - 1), pages.get(end))) {
                end++;
            }
            long result = addBatch(pages.subList(first, end));
            if (result != 0) {
                return result;
            }
            first = end;
        }
        return 0;
    }

    private static boolean follows(EnclavePage a, EnclavePage b) {
        return b.offset() == a.offset() + PAGE && b.flags() == a.flags() && b.measured() == a.measured();
    }

    private long addBatch(List<EnclavePage> pages) {
        EnclavePage first = pages.getFirst();
        Secinfo secinfo = Secinfo.allocate();
        secinfo.flags(first.flags());
        long secinfoAddress = space.place(secinfo.memory());
        long source = space.unmappedArea(0, (long) pages.size() * PAGE);
        try {
            for (int i = 0; i < pages.size(); i++) {
                space.put(source + (long) i * PAGE, pages.get(i).content());
            }
            var add = jsgx.driver.mainline.AddPages.allocate();
            add.src(source);
            add.offset(first.offset());
            add.length((long) pages.size() * PAGE);
            add.secinfo(secinfoAddress);
            add.flags(first.measured() == EnclavePage.ALL ? jsgx.driver.mainline.AddPages.MEASURE : 0);
            return space.ioctl(file, jsgx.driver.mainline.AddPages.CMD, add.memory());
        } finally {
            for (int i = 0; i < pages.size(); i++) {
                space.remove(source + (long) i * PAGE);
            }
            space.remove(secinfoAddress);
        }
    }

    /**
     * Initialises the enclave.
     *
     * @param token what isgx passes on; the other interfaces take none
     */
    public long init(Sigstruct sigstruct, EinitToken token) {
        long sigstructAddress = space.place(sigstruct.memory());
        long tokenAddress = space.place(token.memory());
        try {
            return switch (kind) {
                case MAINLINE -> {
                    var init = jsgx.driver.mainline.Init.allocate();
                    init.sigstruct(sigstructAddress);
                    yield space.ioctl(file, jsgx.driver.mainline.Init.CMD, init.memory());
                }
                case V5 -> {
                    var init = jsgx.driver.v5.Init.allocate();
                    init.addr(base);
                    init.sigstruct(sigstructAddress);
                    yield space.ioctl(file, jsgx.driver.v5.Init.CMD, init.memory());
                }
                case ISGX -> {
                    var init = jsgx.driver.isgx.Init.allocate();
                    init.addr(base);
                    init.sigstruct(sigstructAddress);
                    init.einittoken(tokenAddress);
                    yield space.ioctl(file, jsgx.driver.isgx.Init.CMD, init.memory());
                }
            };
        } finally {
            space.remove(tokenAddress);
            space.remove(sigstructAddress);
        }
    }

    /** Initialises the enclave through mainline's token extension, with the caller's token. */
    public long initWithToken(Sigstruct sigstruct, EinitToken token) {
        long sigstructAddress = space.place(sigstruct.memory());
        long tokenAddress = space.place(token.memory());
        try {
            var init = jsgx.driver.mainline.InitToken.allocate();
            init.sigstruct(sigstructAddress);
            init.token(tokenAddress);
            init.flags(jsgx.driver.mainline.InitToken.USE_TOKEN);
            return space.ioctl(file, jsgx.driver.mainline.InitToken.CMD, init.memory());
        } finally {
            space.remove(tokenAddress);
            space.remove(sigstructAddress);
        }
    }

    private Optional<? extends EnclaveInfo> enclave() {
        return kind == InterfaceKind.MAINLINE
                ? file.enclave()
                : space.mappings().at(base).flatMap(DeviceMapping::enclave);
    }

    /** Gives the enclave up. */
    @Override
    public void close() {
        if (base != 0 && kind != InterfaceKind.MAINLINE) {
            space.unmap(base, size);
        }
        file.close();
    }
}

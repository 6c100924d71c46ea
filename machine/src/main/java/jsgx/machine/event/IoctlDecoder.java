package jsgx.machine.event;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.AddressSpace;
import jsgx.driver.IoctlNumber;
import jsgx.driver.mainline.AddPages;
import jsgx.driver.mainline.Create;
import jsgx.driver.mainline.Init;
import jsgx.driver.mainline.InitToken;
import jsgx.driver.mainline.ModifyTypes;
import jsgx.driver.mainline.Provision;
import jsgx.driver.mainline.RemovePages;
import jsgx.driver.mainline.RestrictPermissions;
import jsgx.driver.mainline.VepcRemoveAll;
import org.jspecify.annotations.Nullable;

/** What an ioctl of a device says, for people: the request's name and its arguments. */
final class IoctlDecoder {

    private static final int PAGE_SHIFT = 12;
    private static final int PERMISSIONS = 7;

    private final AddressSpace caller;
    private final MemorySegment structure;
    private final SequencedMap<String, String> arguments = new LinkedHashMap<>();
    private String name = "";
    private @Nullable Long address;
    private After after = result -> {};

    /** What a driver wrote into its structure. */
    private interface After {
        void read(MemorySegment structure);
    }

    private IoctlDecoder(AddressSpace caller, MemorySegment structure) {
        this.caller = caller;
        this.structure = structure;
    }

    /**
     * Decodes a request.
     *
     * @param path the device
     * @param structure a copy of its structure
     * @param readable whether the process has memory where the structure should be
     */
    static IoctlDecoder of(String path, int cmd, MemorySegment structure, boolean readable, AddressSpace caller) {
        IoctlDecoder decoder = new IoctlDecoder(caller, structure);
        decoder.name(path, cmd);
        if (readable) {
            decoder.decode(cmd);
        } else {
            decoder.arguments.put("argument", "that cannot be read");
        }
        return decoder;
    }

    String name() {
        return name;
    }

    SequencedMap<String, String> arguments() {
        return Collections.unmodifiableSequencedMap(arguments);
    }

    /** An address in the enclave that the call names; empty where it names none. */
    Optional<Long> address() {
        return Optional.ofNullable(address);
    }

    /** The structure as the driver left it. */
    void after(MemorySegment written) {
        after.read(written);
    }

    private void name(String path, int cmd) {

        boolean legacy = path.equals("/dev/isgx") || path.equals("/dev/sgx");
        name = switch (cmd) {
            // CREATE is the same number everywhere.
            case Create.CMD -> "ENCLAVE_CREATE";
            case AddPages.CMD -> "ENCLAVE_ADD_PAGES";
            case Init.CMD, jsgx.driver.v5.Init.CMD, jsgx.driver.isgx.Init.CMD -> "ENCLAVE_INIT";
            case InitToken.CMD -> "ENCLAVE_INIT_TOKEN";
            case Provision.CMD -> "ENCLAVE_PROVISION";
            case RestrictPermissions.CMD -> "ENCLAVE_RESTRICT_PERMISSIONS";
            case ModifyTypes.CMD -> "ENCLAVE_MODIFY_TYPES";
            case RemovePages.CMD -> "ENCLAVE_REMOVE_PAGES";
            case VepcRemoveAll.CMD -> "VEPC_REMOVE_ALL";
            case jsgx.driver.v5.AddPage.CMD -> legacy ? "ENCLAVE_ADD_PAGE" : unknown(cmd);
            case jsgx.driver.isgx.Emodpr.CMD -> "ENCLAVE_EMODPR";
            case jsgx.driver.isgx.Mktcs.CMD -> "ENCLAVE_MKTCS";
            case jsgx.driver.isgx.Trim.CMD -> "ENCLAVE_TRIM";
            case jsgx.driver.isgx.NotifyAccept.CMD -> "ENCLAVE_NOTIFY_ACCEPT";
            case jsgx.driver.isgx.PageRemove.CMD -> "ENCLAVE_PAGE_REMOVE";
            default -> unknown(cmd);
        };
    }

    private static String unknown(int cmd) {
        return "request 0x" + Integer.toHexString(cmd) + " (number " + (cmd & 0xff) + ")";
    }

    private void decode(int cmd) {
        switch (cmd) {
            case Create.CMD -> create(new Create(structure).src());
            case AddPages.CMD -> addPages(new AddPages(structure));
            case Init.CMD -> sigstruct(new Init(structure).sigstruct());
            case InitToken.CMD -> {
                InitToken init = new InitToken(structure);
                sigstruct(init.sigstruct());
                arguments.put("token", init.flags() == InitToken.USE_TOKEN ? "the caller's" : "the kernel's");
            }
            case jsgx.driver.v5.Init.CMD -> {
                var init = new jsgx.driver.v5.Init(structure);
                base(init.addr());
                sigstruct(init.sigstruct());
            }
            case jsgx.driver.isgx.Init.CMD -> {
                var init = new jsgx.driver.isgx.Init(structure);
                base(init.addr());
                sigstruct(init.sigstruct());
            }
            case Provision.CMD -> arguments.put("fd", Long.toString(new Provision(structure).fd()));
            case RestrictPermissions.CMD -> restrict(new RestrictPermissions(structure));
            case ModifyTypes.CMD -> modify(new ModifyTypes(structure));
            case RemovePages.CMD -> {
                RemovePages remove = new RemovePages(structure);
                range(remove.offset(), remove.length());
                after = written -> pages(new RemovePages(written).count());
            }
            case jsgx.driver.v5.AddPage.CMD -> addPage(new jsgx.driver.v5.AddPage(structure));
            case jsgx.driver.isgx.Emodpr.CMD -> {
                var restrict = new jsgx.driver.isgx.Emodpr(structure);
                pagesAt(restrict.startAddr(), restrict.nrPages());
                arguments.put("permissions", permissions(restrict.flags()));
            }
            case jsgx.driver.isgx.Mktcs.CMD -> {
                var mktcs = new jsgx.driver.isgx.Mktcs(structure);
                pagesAt(mktcs.startAddr(), mktcs.nrPages());
            }
            case jsgx.driver.isgx.Trim.CMD -> {
                var trim = new jsgx.driver.isgx.Trim(structure);
                pagesAt(trim.startAddr(), trim.nrPages());
            }
            case jsgx.driver.isgx.NotifyAccept.CMD -> {
                var accept = new jsgx.driver.isgx.NotifyAccept(structure);
                pagesAt(accept.startAddr(), accept.nrPages());
            }
            case jsgx.driver.isgx.PageRemove.CMD -> base(new jsgx.driver.isgx.PageRemove(structure).addr());
            default -> arguments.put("size", size(IoctlNumber.size(cmd)));
        }
    }

    private void create(long src) {
        MemorySegment copy = read(src, Secs.SIZE);
        if (copy == null) {
            arguments.put("secs", "that cannot be read");
            return;
        }
        Secs secs = new Secs(copy);
        arguments.put("base", address(secs.baseAddr()));
        arguments.put("size", size(secs.size()));
        Attributes attributes = secs.attributes();
        arguments.put("attributes", flags(attributes));
        arguments.put("xfrm", hex(attributes.xfrm()));
        if (secs.miscSelect() != 0) {
            arguments.put("misc", hex(Integer.toUnsignedLong(secs.miscSelect())));
        }
        address = secs.baseAddr();
    }

    /** {@code 64-bit,debug}. */
    private static String flags(Attributes attributes) {
        String names = attributes.toString();
        return names.substring(0, names.lastIndexOf(" xfrm="))
                .replace('|', ',')
                .replace("MODE64BIT", "64-bit")
                .toLowerCase(Locale.ROOT);
    }

    private void addPages(AddPages add) {
        range(add.offset(), add.length());
        secinfo(add.secinfo());
        if ((add.flags() & AddPages.MEASURE) != 0) {
            arguments.put("measured", "");
        }
        after = written -> pages(new AddPages(written).count());
    }

    private void addPage(jsgx.driver.v5.AddPage add) {
        base(add.addr());
        secinfo(add.secinfo());
        switch (add.mrmask()) {
            case 0 -> {}
            case 0xffff -> arguments.put("measured", "");
            default -> arguments.put("measured", "0x%04x".formatted(add.mrmask()));
        }
    }

    private void secinfo(long at) {
        MemorySegment copy = read(at, Secinfo.SIZE);
        if (copy == null) {
            arguments.put("secinfo", "that cannot be read");
            return;
        }
        Secinfo secinfo = new Secinfo(copy);
        PageType type = secinfo.pageType();
        arguments.put(
                type == PageType.REG ? "permissions" : "type",
                type == PageType.REG
                        ? permissions(secinfo.flags())
                        : type.name().toLowerCase(Locale.ROOT));
    }

    private void restrict(RestrictPermissions restrict) {
        range(restrict.offset(), restrict.length());
        arguments.put("permissions", permissions(restrict.permissions()));
        after = written -> {
            RestrictPermissions done = new RestrictPermissions(written);
            code(done.result());
            pages(done.count());
        };
    }

    private void modify(ModifyTypes modify) {
        range(modify.offset(), modify.length());
        arguments.put("type", PageType.of((int) modify.pageType()).name().toLowerCase(Locale.ROOT));
        after = written -> {
            ModifyTypes done = new ModifyTypes(written);
            code(done.result());
            pages(done.count());
        };
    }

    private void sigstruct(long at) {
        MemorySegment copy = read(at, Sigstruct.SIZE);
        if (copy == null) {
            arguments.put("sigstruct", "that cannot be read");
            return;
        }
        Sigstruct sigstruct = new Sigstruct(copy);
        arguments.put("signer", hash(sigstruct.modulus().toArray(Layouts.U8)));
        arguments.put("product", Integer.toString(sigstruct.isvProdId()));
        arguments.put("svn", Integer.toString(sigstruct.isvSvn()));
    }

    private static String hash(byte[] modulus) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(modulus));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private void base(long at) {
        address = at;
        arguments.put("address", address(at));
    }

    private void pagesAt(long at, int count) {
        base(at);
        arguments.put("pages", Integer.toUnsignedString(count));
    }

    private void range(long offset, long length) {
        arguments.put("offset", hex(offset));
        arguments.put("length", size(length));
    }

    private void code(long result) {
        if (result != 0) {
            arguments.put("code", Long.toString(result));
        }
    }

    private void pages(long bytes) {
        arguments.put("done", (bytes >>> PAGE_SHIFT) + (bytes >>> PAGE_SHIFT == 1 ? " page" : " pages"));
    }

    private @Nullable MemorySegment read(long at, int bytes) {
        MemorySegment copy = MemorySegment.ofArray(new byte[bytes]);
        return caller.copyFromUser(at, copy) == 0 ? copy : null;
    }

    private static String permissions(long flags) {
        long bits = flags & PERMISSIONS;
        return ((bits & Secinfo.R) != 0 ? "r" : "-")
                + ((bits & Secinfo.W) != 0 ? "w" : "-")
                + ((bits & Secinfo.X) != 0 ? "x" : "-");
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }

    /** An address in groups of four digits: {@code 0x7f10_0000_5000}. */
    static String address(long value) {
        String digits = Long.toHexString(value);
        StringBuilder text = new StringBuilder("0x");
        for (int i = 0; i < digits.length(); i++) {
            if (i > 0 && (digits.length() - i) % 4 == 0) {
                text.append('_');
            }
            text.append(digits.charAt(i));
        }
        return text.toString();
    }

    /** A size in the largest unit in which it is whole: {@code 20 KiB}. */
    private static String size(long bytes) {
        if (bytes > 0 && bytes % (1L << 20) == 0) {
            return (bytes >> 20) + " MiB";
        }
        return bytes > 0 && bytes % (1L << 10) == 0 ? (bytes >> 10) + " KiB" : Long.toUnsignedString(bytes) + " bytes";
    }
}

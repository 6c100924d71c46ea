package jsgx.host.client;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;
import jsgx.image.SecsHints;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.MemoryFile;
import org.jspecify.annotations.Nullable;

/**
 * One launch that a front end asks a daemon for. It goes in a memory file, so that an enclave of any size takes none of the connection: the length of what
 * describes it (four bytes), that, and from the next page on the contents of pages that are not all zeroes.
 *
 * @param image the enclave
 * @param sigstruct its SIGSTRUCT
 * @param interfaceKind through which interface; null for the host's choice
 * @param attributes SECS.ATTRIBUTES
 * @param miscSelect SECS.MISCSELECT
 * @param token that the caller brings; empty where it brings none
 * @param signed the image that was signed, to name the first difference; null for none
 * @param wishes what is the host's to say, unless it granted that
 */
public record LaunchCall(
        EnclaveImage image,
        Sigstruct sigstruct,
        @Nullable InterfaceKind interfaceKind,
        Attributes attributes,
        int miscSelect,
        byte[] token,
        @Nullable EnclaveImage signed,
        Wishes wishes) {

    /** The largest launch that a daemon takes in, in bytes. */
    public static final long LARGEST = 512L << 20;

    private static final int LONGEST_DESCRIPTION = 16 << 20;
    private static final int PAGE = EnclavePage.SIZE;
    private static final int PAGE_FIELDS = 2 * Long.BYTES + 2 * Integer.BYTES;
    private static final int ZEROES = -1;

    /** A page's 24 bytes are copied, and become two objects and their place in a list. */
    private static final long DESCRIBED = 8;

    /** Writes it into a memory file, which the caller closes. */
    public MemoryFile write() throws IOException {
        List<MemorySegment> contents = new ArrayList<>();
        byte[] description = description(contents);
        long first = (Integer.BYTES + (long) description.length + PAGE - 1) / PAGE * PAGE;
        MemoryFile file = MemoryFile.create("jsgx-launch", first + (long) contents.size() * PAGE);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = file.map(arena);
            memory.set(ValueLayout.JAVA_INT, 0, description.length);
            MemorySegment.copy(description, 0, memory, JAVA_BYTE, Integer.BYTES, description.length);
            for (int i = 0; i < contents.size(); i++) {
                MemorySegment.copy(contents.get(i), 0, memory, first + (long) i * PAGE, PAGE);
            }
            return file;
        } catch (LinuxException e) {
            file.close();
            throw e;
        }
    }

    private byte[] description(List<MemorySegment> contents) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeByte(interfaceKind == null ? -1 : interfaceKind.ordinal());
        out.writeLong(attributes.flags());
        out.writeLong(attributes.xfrm());
        out.writeInt(miscSelect);
        out.writeBoolean(token.length != 0);
        out.write(token);
        out.write(sigstruct.memory().toArray(Layouts.U8));
        wishes.write(out);
        write(out, image, contents);
        out.writeBoolean(signed != null);
        if (signed != null) {
            write(out, signed, contents);
        }
        return bytes.toByteArray();
    }

    private static void write(DataOutputStream out, EnclaveImage image, List<MemorySegment> contents)
            throws IOException {
        out.writeLong(image.size());
        out.writeInt(image.ssaFrameSize());
        out.writeInt(image.pages().size());
        for (EnclavePage page : image.pages()) {
            out.writeLong(page.offset());
            out.writeLong(page.flags());
            out.writeInt(page.measured());
            if (page.content().mismatch(EnclavePage.ZEROES) < 0) {
                out.writeInt(ZEROES);
            } else {
                out.writeInt(contents.size());
                contents.add(page.content());
            }
        }
    }

    /**
     * How large a memory file is that somebody passed.
     *
     * @throws IOException where it is none, or larger than a launch may be
     */
    public static long bytes(int descriptor) throws IOException {
        long bytes = MemoryFile.size(descriptor);
        if (bytes > LARGEST) {
            throw new IOException("a launch of %d bytes, expected at most %d".formatted(bytes, LARGEST));
        }
        return bytes;
    }

    /** How much memory a launch of so many bytes takes at most in who reads it: its copy, and what describes each page. */
    public static long memory(long bytes) {
        return bytes + DESCRIBED * Math.min(bytes, LONGEST_DESCRIPTION);
    }

    /**
     * Reads it out of a memory file that somebody else may still write to.
     *
     * @param most how many bytes it may have by now
     * @param arena for the contents of pages
     * @throws IOException where it makes no sense
     */
    public static LaunchCall read(int descriptor, long most, Arena arena) throws IOException {
        MemorySegment memory = MemoryFile.contents(descriptor, most, arena);
        if (memory.byteSize() < Integer.BYTES) {
            throw new IOException("a launch without a description");
        }
        int length = memory.get(ValueLayout.JAVA_INT, 0);
        if (length < 0 || length > Math.min(LONGEST_DESCRIPTION, memory.byteSize() - Integer.BYTES)) {
            throw new IOException("a launch whose description has %d bytes".formatted(length));
        }
        long first = (Integer.BYTES + (long) length + PAGE - 1) / PAGE * PAGE;
        MemorySegment contents = first <= memory.byteSize() ? memory.asSlice(first) : MemorySegment.NULL;
        byte[] description = memory.asSlice(Integer.BYTES, length).toArray(JAVA_BYTE);
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(description))) {
            int kind = in.readByte();
            if (kind < -1 || kind >= InterfaceKind.values().length) {
                throw new IOException("there is no interface " + kind);
            }
            Attributes attributes = new Attributes(in.readLong(), in.readLong());
            int miscSelect = in.readInt();
            byte[] token = Fields.bytes(in, in.readBoolean() ? EinitToken.SIZE : 0);
            Sigstruct sigstruct = Sigstruct.of(Fields.bytes(in, Sigstruct.SIZE));
            Wishes wishes = Wishes.read(in);
            EnclaveImage image = image(in, contents);
            @Nullable EnclaveImage signed = in.readBoolean() ? image(in, contents) : null;
            return new LaunchCall(
                    image,
                    sigstruct,
                    kind < 0 ? null : InterfaceKind.values()[kind],
                    attributes,
                    miscSelect,
                    token,
                    signed,
                    wishes);
        }
    }

    private static EnclaveImage image(DataInputStream in, MemorySegment contents) throws IOException {
        long size = in.readLong();
        int ssaFrameSize = in.readInt();
        int count = in.readInt();
        if (count < 0 || (long) count * PAGE_FIELDS > in.available()) {
            throw new IOException("an enclave of %d pages, which are not all described".formatted(count));
        }
        List<EnclavePage> pages = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long offset = in.readLong();
            long flags = in.readLong();
            int measured = in.readInt();
            int content = in.readInt();
            if (content != ZEROES && (content < 0 || (content + 1L) * PAGE > contents.byteSize())) {
                throw new IOException("page 0x%x has no content".formatted(offset));
            }
            MemorySegment bytes = content == ZEROES
                    ? EnclavePage.ZEROES
                    : contents.asSlice((long) content * PAGE, PAGE).asReadOnly();
            pages.add(new EnclavePage(offset, flags, measured & 0xffff, bytes));
        }
        return new EnclaveImage(
                EnclaveImage.Format.RAW, size, ssaFrameSize, pages, EnclaveImage.UNSIGNED, SecsHints.NONE);
    }
}

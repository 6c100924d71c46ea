package jsgx.image;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import jsgx.arch.struct.Layouts;

/** Images made in tests, and what is said of them. */
final class Images {
    private Images() {}

    static EnclavePage page(long offset, long flags, int measured, byte[] content) {
        return new EnclavePage(
                offset, flags, measured, MemorySegment.ofArray(content).asReadOnly());
    }

    static EnclaveImage image(long size, EnclavePage... pages) {
        return new EnclaveImage(
                EnclaveImage.Format.RAW, size, 1, List.of(pages), EnclaveImage.UNSIGNED, SecsHints.NONE);
    }

    /** An image of pages of all kinds in ascending order, made from a seed. */
    static EnclaveImage random(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<EnclavePage> pages = new ArrayList<>();
        long offset = 0;
        int count = random.nextInt(1, 20);
        for (int i = 0; i < count; i++) {
            offset += random.nextInt(1, 4) * 0x1000L;
            pages.add(randomPage(random, offset));
        }
        long size = Long.highestOneBit(offset) * 2;
        return new EnclaveImage(
                EnclaveImage.Format.SGXS,
                Math.max(0x2000, size),
                random.nextInt(1, 4),
                List.copyOf(pages),
                EnclaveImage.UNSIGNED,
                SecsHints.NONE);
    }

    private static EnclavePage randomPage(SplittableRandom random, long offset) {
        long[] flags = {0x100, 0x200, 0x201, 0x203, 0x205, 0x207};
        int[] masks = {EnclavePage.ALL, EnclavePage.NONE, random.nextInt(1 << 16)};
        byte[] content = new byte[EnclavePage.SIZE];
        for (int chunk = 0; chunk < EnclavePage.CHUNKS; chunk++) {
            if (random.nextBoolean()) {
                content[chunk * 256 + random.nextInt(88, 256)] = (byte) random.nextInt(256);
            }
        }
        return page(offset, flags[random.nextInt(flags.length)], masks[random.nextInt(3)], content);
    }

    /** Offset, kind and measuring of every page, a line each: {@code 0x1000 REG rw- ffff}. */
    static String layout(EnclaveImage image) {
        return image.pages().stream()
                .map(page ->
                        "0x%x %s %s %04x".formatted(page.offset(), page.type(), page.permissions(), page.measured()))
                .collect(Collectors.joining("\n", "", "\n"));
    }

    static byte[] content(EnclavePage page) {
        return page.content().toArray(Layouts.U8);
    }
}

package jsgx.image;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import jsgx.arch.crypto.Measurement;
import jsgx.arch.struct.Layouts;
import org.jspecify.annotations.Nullable;

/** Why two images measure differently: every page that differs and how, and the first step at which their hashes part. */
public final class ImageDiff {

    /** One way in which two images differ; "a" is the first image, "b" the second. */
    public sealed interface Difference {

        /** What differs, in one word. */
        String kind();

        /** The offset of the page that differs, or of the first of several; -1 where it is the enclave. */
        long page();

        /** One line for people. */
        String text();
    }

    /** SECS.SIZE differs. */
    public record SizeDiffers(long a, long b) implements Difference {
        @Override
        public String kind() {
            return "size";
        }

        @Override
        public long page() {
            return -1;
        }

        @Override
        public String text() {
            return "the enclave's size is 0x%x and 0x%x bytes".formatted(a, b);
        }
    }

    /** SECS.SSAFRAMESIZE differs. */
    public record SsaFrameSizeDiffers(int a, int b) implements Difference {
        @Override
        public String kind() {
            return "ssaFrameSize";
        }

        @Override
        public long page() {
            return -1;
        }

        @Override
        public String text() {
            return "the SSA frame size is %d and %d pages".formatted(a, b);
        }
    }

    /** Pages that only one of the images has, which follow each other. */
    public record OnlyInOne(long page, int pages, boolean inA) implements Difference {
        @Override
        public String kind() {
            return "missing";
        }

        @Override
        public String text() {
            String which = inA ? "first" : "second";
            return pages == 1
                    ? "page 0x%x is only in the %s image".formatted(page, which)
                    : "pages 0x%x to 0x%x are only in the %s image"
                            .formatted(page, page + (pages - 1L) * EnclavePage.SIZE, which);
        }
    }

    /** Type or permissions of a page differ. */
    public record PermissionsDiffer(long page, String a, String b) implements Difference {
        @Override
        public String kind() {
            return "permissions";
        }

        @Override
        public String text() {
            return "page 0x%x is %s and %s".formatted(page, a, b);
        }
    }

    /** Which chunks of a page are measured differs. */
    public record MeasuredDiffers(long page, int a, int b) implements Difference {
        @Override
        public String kind() {
            return "measured";
        }

        @Override
        public String text() {
            return "page 0x%x is measured %s and %s".formatted(page, mask(a), mask(b));
        }

        private static String mask(int measured) {
            return switch (measured) {
                case EnclavePage.ALL -> "whole";
                case EnclavePage.NONE -> "not at all";
                default -> "in the chunks 0x%04x".formatted(measured);
            };
        }
    }

    /**
     * The content of a page differs.
     *
     * @param first the offset in the enclave of the first byte that differs
     * @param count how many bytes differ
     * @param measured whether some of these bytes are measured in one of the images
     */
    public record ContentDiffers(long page, long first, int count, boolean measured) implements Difference {
        @Override
        public String kind() {
            return "content";
        }

        @Override
        public String text() {
            return "page 0x%x differs from offset 0x%x on, %d byte%s%s"
                    .formatted(page, first, count, count == 1 ? "" : "s", measured ? "" : ", none of them measured");
        }
    }

    /**
     * A page comes at another place among the pages that both images have.
     *
     * @param a its place in the first image, from 0
     * @param b its place in the second
     */
    public record OrderDiffers(long page, int a, int b) implements Difference {
        @Override
        public String kind() {
            return "order";
        }

        @Override
        public String text() {
            return "page 0x%x is added as number %d and %d".formatted(page, a, b);
        }
    }

    private final List<Difference> differences;
    private final @Nullable String firstDivergence;

    private ImageDiff(List<Difference> differences, @Nullable String firstDivergence) {
        this.differences = differences;
        this.firstDivergence = firstDivergence;
    }

    /** Compares two images. */
    public static ImageDiff diff(EnclaveImage a, EnclaveImage b) {
        List<Difference> differences = new ArrayList<>();
        if (a.size() != b.size()) {
            differences.add(new SizeDiffers(a.size(), b.size()));
        }
        if (a.ssaFrameSize() != b.ssaFrameSize()) {
            differences.add(new SsaFrameSizeDiffers(a.ssaFrameSize(), b.ssaFrameSize()));
        }
        comparePages(a.pages(), b.pages(), differences);
        return new ImageDiff(List.copyOf(differences), MeasurementSteps.firstDivergence(a, b));
    }

    /** Every difference: of the enclaves, then of the pages in the order of their offsets, then of the order. */
    public List<Difference> differences() {
        return differences;
    }

    /** The first step of the measurement that differs, for people; empty where both measure the same. */
    public Optional<String> firstDivergence() {
        return Optional.ofNullable(firstDivergence);
    }

    private static void comparePages(List<EnclavePage> a, List<EnclavePage> b, List<Difference> differences) {
        int[] orderA = byOffset(a);
        int[] orderB = byOffset(b);
        // Of the pages that both have: their places in a, and the same pages' places in b.
        int[] commonA = new int[Math.min(orderA.length, orderB.length)];
        int[] commonB = new int[commonA.length];
        int common = 0;
        int i = 0;
        int j = 0;
        while (i < orderA.length || j < orderB.length) {
            long offsetA = i < orderA.length ? a.get(orderA[i]).offset() : Long.MAX_VALUE;
            long offsetB = j < orderB.length ? b.get(orderB[j]).offset() : Long.MAX_VALUE;
            if (offsetA == offsetB) {
                compare(a.get(orderA[i]), b.get(orderB[j]), differences);
                commonA[common] = orderA[i++];
                commonB[common++] = orderB[j++];
            } else if (offsetA < offsetB) {
                onlyInOne(offsetA, true, differences);
                i++;
            } else {
                onlyInOne(offsetB, false, differences);
                j++;
            }
        }
        compareOrder(a, Arrays.copyOf(commonA, common), Arrays.copyOf(commonB, common), differences);
    }

    private static void onlyInOne(long offset, boolean inA, List<Difference> differences) {
        if (!differences.isEmpty()
                && differences.getLast() instanceof OnlyInOne last
                && last.inA() == inA
                && last.page() + (long) last.pages() * EnclavePage.SIZE == offset) {
            differences.set(differences.size() - 1, new OnlyInOne(last.page(), last.pages() + 1, inA));
        } else {
            differences.add(new OnlyInOne(offset, 1, inA));
        }
    }

    private static void compare(EnclavePage a, EnclavePage b, List<Difference> differences) {
        if (a.flags() != b.flags()) {
            differences.add(new PermissionsDiffer(a.offset(), name(a), name(b)));
        }
        if (a.measured() != b.measured()) {
            differences.add(new MeasuredDiffers(a.offset(), a.measured(), b.measured()));
        }
        MemorySegment contentA = a.contentAsAdded();
        MemorySegment contentB = b.contentAsAdded();
        long first = contentA.mismatch(contentB);
        if (first < 0) {
            return;
        }
        int count = 0;
        boolean touched = false;
        for (long at = first; at < EnclavePage.SIZE; at++) {
            if (contentA.get(Layouts.U8, at) != contentB.get(Layouts.U8, at)) {
                count++;
                int chunk = (int) at / Measurement.CHUNK;
                touched |= a.isMeasured(chunk) || b.isMeasured(chunk);
            }
        }
        differences.add(new ContentDiffers(a.offset(), a.offset() + first, count, touched));
    }

    /** Names the fewest pages that would have to move. */
    private static void compareOrder(List<EnclavePage> a, int[] placesA, int[] placesB, List<Difference> differences) {
        if (isAscending(placesA) && isAscending(placesB)) {
            return;
        }
        int count = placesA.length;
        int[] byPlaceA = sorted(count, Comparator.comparingInt(i -> placesA[i]));
        int[] sequence = IntStream.of(byPlaceA).map(i -> placesB[i]).toArray();
        boolean[] stays = longestAscending(sequence);
        int[] rankInB = new int[count];
        int[] byPlaceB = sorted(count, Comparator.comparingInt(i -> sequence[i]));
        for (int rank = 0; rank < count; rank++) {
            rankInB[byPlaceB[rank]] = rank;
        }
        for (int rank = 0; rank < count; rank++) {
            if (!stays[rank]) {
                long offset = a.get(placesA[byPlaceA[rank]]).offset();
                differences.add(new OrderDiffers(offset, rank, rankInB[rank]));
            }
        }
    }

    /** Marks a longest ascending subsequence, by patience sorting. */
    private static boolean[] longestAscending(int[] sequence) {
        int[] tails = new int[sequence.length];
        int[] before = new int[sequence.length];
        int length = 0;
        for (int i = 0; i < sequence.length; i++) {
            int low = 0;
            int high = length;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (sequence[tails[middle]] < sequence[i]) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            before[i] = low == 0 ? -1 : tails[low - 1];
            tails[low] = i;
            length = Math.max(length, low + 1);
        }
        boolean[] marked = new boolean[sequence.length];
        for (int i = length == 0 ? -1 : tails[length - 1]; i >= 0; i = before[i]) {
            marked[i] = true;
        }
        return marked;
    }

    private static int[] byOffset(List<EnclavePage> pages) {
        long[] offsets = new long[pages.size()];
        boolean ascending = true;
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = pages.get(i).offset();
            ascending &= i == 0 || offsets[i - 1] < offsets[i];
        }
        return ascending
                ? IntStream.range(0, offsets.length).toArray()
                : sorted(offsets.length, Comparator.comparingLong(i -> offsets[i]));
    }

    private static boolean isAscending(int[] places) {
        for (int i = 1; i < places.length; i++) {
            if (places[i - 1] > places[i]) {
                return false;
            }
        }
        return true;
    }

    private static int[] sorted(int count, Comparator<Integer> by) {
        return IntStream.range(0, count)
                .boxed()
                .sorted(by)
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static String name(EnclavePage page) {
        return page.type() + " " + page.permissions();
    }
}

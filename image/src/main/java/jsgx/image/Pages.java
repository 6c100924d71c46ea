package jsgx.image;

import java.lang.foreign.MemorySegment;
import java.util.AbstractList;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;

/**
 * The pages of an image, made from runs when they are asked for: a file may claim a heap of gigabytes, and the list of its
 * pages costs no more than its runs.
 */
final class Pages extends AbstractList<EnclavePage> implements RandomAccess {

    /**
     * Pages that follow each other and share their flags.
     *
     * @param offset of the first page
     * @param count how many
     * @param content of all of them, or of one page that all of them repeat
     * @param origin where in the file they are described, for error messages
     */
    record Run(long offset, long count, long flags, int measured, MemorySegment content, long origin) {

        EnclavePage page(long index) {
            long at = content.byteSize() == EnclavePage.SIZE ? 0 : index * EnclavePage.SIZE;
            return new EnclavePage(
                    offset + index * EnclavePage.SIZE, flags, measured, content.asSlice(at, EnclavePage.SIZE));
        }

        /** The offset behind the last page. */
        long end() {
            return offset + count * EnclavePage.SIZE;
        }
    }

    private final List<Run> runs;
    private final int[] starts;
    private final int size;

    /** The pages of these runs, which {@link ImageBuilder} has checked. */
    Pages(List<Run> runs) {
        this.runs = List.copyOf(runs);
        starts = new int[runs.size()];
        int pages = 0;
        for (int i = 0; i < starts.length; i++) {
            starts[i] = pages;
            pages = Math.addExact(pages, Math.toIntExact(runs.get(i).count()));
        }
        size = pages;
    }

    @Override
    public EnclavePage get(int index) {
        Objects.checkIndex(index, size);
        int low = 0;
        int high = starts.length - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (starts[middle] <= index) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return runs.get(low).page(index - starts[low]);
    }

    @Override
    public int size() {
        return size;
    }
}

package jsgx.image;

import java.util.List;
import java.util.Optional;

/** Why two images measure differently. */
public final class ImageDiff {

    /** One way in which two images differ; "a" is the first image, "b" the second. */
    public sealed interface Difference {

        /** One line for people. */
        String text();
    }

    /** SECS.SIZE differs. */
    public record SizeDiffers(long a, long b) implements Difference {
        @Override
        public String text() {
            return "size: 0x%x and 0x%x bytes".formatted(a, b);
        }
    }

    private ImageDiff() {}

    /** Compares two images. */
    public static ImageDiff diff(EnclaveImage a, EnclaveImage b) {
        return Skeleton.absent();
    }

    /** Every difference, in the order of the pages' offsets. */
    public List<Difference> differences() {
        return List.of();
    }

    /** The first step of the measurement that differs, for people. */
    public Optional<String> firstDivergence() {
        return Optional.empty();
    }
}

package jsgx.image;

/** Stands where the module's work is not landed. */
final class Skeleton {

    private Skeleton() {}

    static <T> T absent() {
        if (Skeleton.class.getName().length() > 0) {
            throw new UnsupportedOperationException("this part of jsgx.image is not landed");
        }
        return absent();
    }
}

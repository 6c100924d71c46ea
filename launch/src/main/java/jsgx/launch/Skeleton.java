package jsgx.launch;

import java.util.Optional;

/** Stands where the module's work is not landed. */
final class Skeleton {

    private Skeleton() {}

    @SuppressWarnings("TypeParameterUnusedInFormals")
    static <T> T absent() {
        return Optional.<T>empty().orElseThrow(UnsupportedOperationException::new);
    }
}

package jsgx.machine.program;

import jsgx.machine.linux.Errors;

/** What madvise says of a mapping of a device (mm/madvise.c; a shared mapping with VM_IO, VM_PFNMAP, VM_DONTEXPAND). */
final class Advice {

    private static final int MADV_WILLNEED = 3;
    private static final int MADV_REMOVE = 9;
    private static final int MADV_DONTFORK = 10;
    private static final int MADV_MERGEABLE = 12;
    private static final int MADV_DONTDUMP = 16;
    private static final int MADV_KEEPONFORK = 19;

    private Advice() {}

    static long onDevice(int advice) {
        if (advice == MADV_REMOVE) {
            return -Errors.ENODEV;
        }
        // A mapping of a device ignores most advice; DONTFORK too, here.
        boolean taken = (advice >= 0 && advice <= MADV_WILLNEED)
                || advice == MADV_DONTFORK
                || (advice >= MADV_MERGEABLE && advice <= MADV_DONTDUMP)
                || advice == MADV_KEEPONFORK;
        return taken ? 0 : -Errors.EINVAL;
    }
}

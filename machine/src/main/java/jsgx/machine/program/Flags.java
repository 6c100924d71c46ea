package jsgx.machine.program;

/** Bits of system calls' arguments, on x86-64. */
final class Flags {

    // open
    static final int O_ACCMODE = 3;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_TRUNC = 0x200;
    static final int O_DIRECTORY = 0x1_0000;
    static final int O_NOFOLLOW = 0x2_0000;
    static final int O_PATH = 0x20_0000;

    // newfstatat, statx, faccessat2
    static final int AT_SYMLINK_NOFOLLOW = 0x100;
    static final int AT_SYMLINK_FOLLOW = 0x400;
    static final int AT_EMPTY_PATH = 0x1000;

    // mmap, mremap
    static final int MAP_TYPE = 0xf;
    static final int MAP_SHARED_VALIDATE = 3;
    static final int MAP_LEGACY = 0xf_ffff;
    static final int MREMAP_MAYMOVE = 1;
    static final int MREMAP_FIXED = 2;
    static final int MREMAP_DONTUNMAP = 4;

    // access
    static final int X_OK = 1;
    static final int ACCESS_MASK = 7;

    static final long PAGE = 4096;

    private Flags() {}

    static long roundUp(long length) {
        return (length + PAGE - 1) & -PAGE;
    }
}

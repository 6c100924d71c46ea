package jsgx.driver.core;

import jsgx.arch.epc.Epc;
import jsgx.driver.DeviceFile;
import jsgx.driver.FileCause;

/** What mmap checks of its arguments before it asks a driver. */
public final class MappingRange {

    private MappingRange() {}

    /** Goes on only for whole pages of the file at a page of the address space. */
    public static void check(long address, long length, int flags, long offset) throws Refused {
        Refused.unless(length > 0, FileCause.MMAP_RANGE, "a length above 0", length);
        Refused.unless(
                offset >= 0 && offset % Epc.PAGE_SIZE == 0, FileCause.MMAP_RANGE, "a page-aligned offset", offset);
        Refused.unless(
                (flags & DeviceFile.MAP_FIXED) == 0 || address % Epc.PAGE_SIZE == 0,
                FileCause.MMAP_RANGE,
                "a page-aligned address",
                address);
    }

    /** A length in whole pages. */
    public static long roundUp(long length) {
        return (length + Epc.PAGE_SIZE - 1) & -Epc.PAGE_SIZE;
    }
}

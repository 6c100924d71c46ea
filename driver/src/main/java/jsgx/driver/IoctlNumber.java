package jsgx.driver;

/** How Linux makes an ioctl's request number: direction, size of the structure, magic, number. All of SGX has magic 0xA4. */
public final class IoctlNumber {

    /** SGX_MAGIC. */
    public static final int MAGIC = 0xA4;

    private static final int WRITE = 0x4000_0000;
    private static final int READ = 0x8000_0000;

    private IoctlNumber() {}

    /** _IO: no structure. */
    public static int io(int number) {
        return MAGIC << 8 | number;
    }

    /** _IOW: the driver reads a structure. */
    public static int iow(int number, int size) {
        return WRITE | size << 16 | io(number);
    }

    /** _IOWR: the driver reads a structure and writes it back. */
    public static int iowr(int number, int size) {
        return READ | iow(number, size);
    }

    /** _IOC_SIZE: the size of the structure. */
    public static int size(int cmd) {
        return cmd >>> 16 & 0x3fff;
    }
}

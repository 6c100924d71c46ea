package jsgx.driver;

/** A device that is not there was opened. */
public final class DeviceAbsentException extends Exception {

    private static final long serialVersionUID = 1L;

    private final Errno errno;

    public DeviceAbsentException(String path, Availability.Absent absent) {
        super(path + " is not there: " + absent.reason());
        this.errno = absent.errno();
    }

    /** What the driver's initialisation returned. Opening the missing path gives ENOENT. */
    public Errno errno() {
        return errno;
    }
}

package jsgx.driver.core;

import java.util.function.Function;
import java.util.function.Supplier;
import jsgx.driver.Availability;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.DeviceFile;
import jsgx.driver.SgxDevice;
import jsgx.driver.Workload;

/**
 * A device of the driver.
 *
 * @param path where it appears
 * @param probe what its driver's initialisation finds
 * @param opener makes an open file
 */
public record Device(String path, Supplier<Availability> probe, Function<Workload, DeviceFile> opener)
        implements SgxDevice {

    @Override
    public Availability availability() {
        return probe.get();
    }

    @Override
    public DeviceFile open(Workload workload) throws DeviceAbsentException {
        if (probe.get() instanceof Availability.Absent absent) {
            throw new DeviceAbsentException(path, absent);
        }
        return opener.apply(workload);
    }
}

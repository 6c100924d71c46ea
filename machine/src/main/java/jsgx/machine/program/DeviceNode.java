package jsgx.machine.program;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import jsgx.driver.Availability;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDevice;
import jsgx.driver.SgxDriver;

/**
 * A device as the run's file system shows it: a character device of the misc driver that everybody may read and write. Distributions give some
 * of them to groups of their own; here whoever runs the program owns the whole machine.
 *
 * @param minor its minor number
 */
record DeviceNode(SgxDevice device, int minor) {

    /** The major number of misc devices. */
    static final int MAJOR = 10;

    /** What every path to a device has in it, but for links whose own names say nothing. */
    static final String COMMON = "sgx";

    /** Misc devices without a fixed minor number get theirs from here downwards. */
    private static final int FIRST_MINOR = 125;

    String path() {
        return device.path();
    }

    boolean isPresent() {
        return device.availability() instanceof Availability.Present;
    }

    /** The devices of a driver that a run shows. */
    static List<DeviceNode> of(SgxDriver driver, Set<InterfaceKind> interfaces) {
        List<SgxDevice> devices = new ArrayList<>();
        if (interfaces.contains(InterfaceKind.MAINLINE)) {
            devices.addAll(List.of(driver.mainline(), driver.provision(), driver.vepc()));
        }
        if (interfaces.contains(InterfaceKind.V5)) {
            devices.add(driver.v5());
        }
        if (interfaces.contains(InterfaceKind.ISGX)) {
            devices.add(driver.isgx());
        }
        List<DeviceNode> nodes = new ArrayList<>();
        for (SgxDevice device : devices) {
            nodes.add(new DeviceNode(device, FIRST_MINOR - nodes.size()));
        }
        return nodes;
    }

    /** The device that is at a path and there; empty where there is none. */
    static Optional<DeviceNode> at(String path, List<DeviceNode> nodes) {
        for (DeviceNode node : nodes) {
            if (node.path().equals(path)) {
                return node.isPresent() ? Optional.of(node) : Optional.empty();
            }
        }
        return Optional.empty();
    }
}

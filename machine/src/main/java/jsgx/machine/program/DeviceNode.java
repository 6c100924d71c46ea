package jsgx.machine.program;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jsgx.machine.sgx.SgxNode;

/**
 * A device as the run's file system shows it: a character device of the misc driver that everybody may read and write. Distributions give some
 * of them to groups of their own; here whoever runs the program owns the whole machine.
 *
 * @param minor its minor number
 */
record DeviceNode(SgxNode device, int minor) {

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
        return device.isPresent();
    }

    /** The devices that a run shows. */
    static List<DeviceNode> of(List<SgxNode> devices) {
        List<DeviceNode> nodes = new ArrayList<>();
        for (SgxNode device : devices) {
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

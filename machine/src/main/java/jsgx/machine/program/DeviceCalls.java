package jsgx.machine.program;

import java.util.Optional;
import jsgx.machine.event.IoctlCall;
import jsgx.machine.linux.Errors;
import jsgx.machine.task.SystemCallAnswer;
import jsgx.machine.task.Task;

/** ioctl of devices. */
final class DeviceCalls {

    private final ProgramThread thread;
    private final Task task;
    private final ThreadFiles files;

    DeviceCalls(ProgramThread thread, ThreadFiles files) {
        this.thread = thread;
        this.task = thread.task();
        this.files = files;
    }

    SystemCallAnswer ioctl(long descriptor, int request, long argument) {
        String name = files.descriptor(descriptor);
        OpenDevices devices = thread.program().devices();
        Optional<OpenDevices.Open> open = devices.open(name);
        if (open.isEmpty()) {
            return devices.node(name).isPresent() ? new SystemCallAnswer.Result(-Errors.EBADF) : SystemCalls.PROCEED;
        }
        devices.reap();
        OpenDevices.Open device = open.get();
        long result = device.calling(
                () -> thread.memory().space().ioctl(task.tid(), files, device.file(), request, argument));
        if (!IoctlCall.isBuilding(request)) {
            thread.program().restrict();
        }
        // A driver has no other reason for EINTR than a signal that came, which is ERESTARTSYS inside the kernel.
        return result == -Errors.EINTR ? new SystemCallAnswer.Interrupted() : new SystemCallAnswer.Result(result);
    }
}

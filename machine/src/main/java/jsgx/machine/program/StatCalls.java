package jsgx.machine.program;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.task.SystemCallAnswer;

/** stat and its kin, access and readlink, where they name a device: a character device that everybody may read and write. */
final class StatCalls {

    /** Where the devices' file system has what. */
    private static final int DEV_MAJOR = 0;

    private static final int DEV_MINOR = 5;
    private static final int FIRST_INODE = 1000;
    private static final int BLOCK_SIZE = 4096;
    private static final int MODE = 0020666;
    private static final int STATX_BASIC = 0x7ff;
    private static final int STAT_SIZE = 144;
    private static final int STATX_SIZE = 256;

    private final ProgramThread thread;
    private final ThreadFiles files;

    StatCalls(ProgramThread thread, ThreadFiles files) {
        this.thread = thread;
        this.files = files;
    }

    /** stat, lstat and newfstatat. */
    SystemCallAnswer stat(int folder, long path, long buffer, int flags) {
        return at(folder, path, flags, (node, ignored) -> write(buffer, stat(node)));
    }

    SystemCallAnswer fstat(long descriptor, long buffer) {
        return files.node(descriptor)
                .map(node -> result(write(buffer, stat(node))))
                .orElse(SystemCalls.PROCEED);
    }

    SystemCallAnswer statx(int folder, long path, int flags, long buffer) {
        return at(folder, path, flags, (node, ignored) -> write(buffer, statx(node)));
    }

    /** access, faccessat and faccessat2. */
    SystemCallAnswer access(int folder, long path, int mode, int flags) {
        if ((mode & ~Flags.ACCESS_MASK) != 0) {
            return SystemCalls.PROCEED;
        }
        return at(folder, path, flags, (node, ignored) -> (mode & Flags.X_OK) != 0 ? -Errors.EACCES : 0);
    }

    /** readlink and readlinkat: a device is no link, but a link of /proc to an open device names it. */
    SystemCallAnswer readlink(int folder, long pathAddress, long buffer, long size) {
        Optional<String> path = files.path(pathAddress);
        if (path.isEmpty() || (int) size <= 0) {
            return SystemCalls.PROCEED;
        }
        Optional<ThreadFiles.Named> device = files.named(folder, path.get(), false);
        if (device.isPresent()) {
            return result(device.get().beyond() ? -Errors.ENOTDIR : -Errors.EINVAL);
        }
        Optional<ThreadFiles.Named> target =
                path.get().contains("fd/") ? files.named(folder, path.get(), true) : Optional.empty();
        return target.filter(named -> !named.beyond())
                .map(named -> result(writeText(buffer, size, named.node().path())))
                .orElse(SystemCalls.PROCEED);
    }

    private long writeText(long buffer, long size, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        byte[] part = Arrays.copyOf(bytes, (int) Math.min(size, bytes.length));
        return write(buffer, part) == 0 ? part.length : -Errors.EFAULT;
    }

    /** What is done with a device. */
    private interface Action {
        long apply(DeviceNode node, int flags);
    }

    private SystemCallAnswer at(int folder, long pathAddress, int flags, Action action) {
        Optional<String> path = pathAddress == 0 ? Optional.of("") : files.path(pathAddress);
        if (path.isEmpty()) {
            return SystemCalls.PROCEED;
        }
        if (path.get().isEmpty()) {
            boolean allowed = (flags & Flags.AT_EMPTY_PATH) != 0 && folder != Linux.AT_FDCWD;
            return (allowed ? files.node(folder) : Optional.<DeviceNode>empty())
                    .map(node -> result(action.apply(node, flags)))
                    .orElse(SystemCalls.PROCEED);
        }
        return files.named(folder, path.get(), (flags & Flags.AT_SYMLINK_NOFOLLOW) == 0)
                .map(named -> result(named.beyond() ? -Errors.ENOTDIR : action.apply(named.node(), flags)))
                .orElse(SystemCalls.PROCEED);
    }

    private static SystemCallAnswer result(long value) {
        return new SystemCallAnswer.Result(value);
    }

    private long write(long buffer, byte[] bytes) {
        return thread.memory().contents().write(buffer, bytes) ? 0 : -Errors.EFAULT;
    }

    /** struct stat. */
    private static byte[] stat(DeviceNode node) {
        byte[] bytes = new byte[STAT_SIZE];
        ByteBuffer stat = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        stat.putLong(0, device(DEV_MAJOR, DEV_MINOR));
        stat.putLong(8, inode(node));
        stat.putLong(16, 1);
        stat.putInt(24, MODE);
        stat.putLong(40, device(DeviceNode.MAJOR, node.minor()));
        stat.putLong(56, BLOCK_SIZE);
        return bytes;
    }

    /** struct statx. */
    private static byte[] statx(DeviceNode node) {
        byte[] bytes = new byte[STATX_SIZE];
        ByteBuffer statx = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        statx.putInt(0, STATX_BASIC);
        statx.putInt(4, BLOCK_SIZE);
        statx.putInt(16, 1);
        statx.putShort(28, (short) MODE);
        statx.putLong(32, inode(node));
        statx.putInt(128, DeviceNode.MAJOR);
        statx.putInt(132, node.minor());
        statx.putInt(136, DEV_MAJOR);
        statx.putInt(140, DEV_MINOR);
        return bytes;
    }

    private static long inode(DeviceNode node) {
        return FIRST_INODE + (long) node.minor();
    }

    private static long device(int major, int minor) {
        return (long) major << 8 | minor;
    }
}

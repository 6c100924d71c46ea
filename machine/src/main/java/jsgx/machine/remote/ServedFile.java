package jsgx.machine.remote;

import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongSupplier;
import jsgx.driver.DeviceFile;

/** A device that a front end's program has open; as in the kernel it is closed after calls that use it. */
record ServedFile(DeviceFile file, ReadWriteLock calls) {

    ServedFile(DeviceFile file) {
        this(file, new ReentrantReadWriteLock());
    }

    long calling(LongSupplier call) {
        calls.readLock().lock();
        try {
            return call.getAsLong();
        } finally {
            calls.readLock().unlock();
        }
    }

    void close() {
        calls.writeLock().lock();
        try {
            file.close();
        } finally {
            calls.writeLock().unlock();
        }
    }
}

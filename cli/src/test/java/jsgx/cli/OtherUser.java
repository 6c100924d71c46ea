package jsgx.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Another user, as the kernel sees one: a thread that took another uid. To the kernel credentials are a thread's, and only the C library's
 * wrappers change those of all; so whatever the thread connects to is told that uid. It takes root.
 */
record OtherUser(int uid, int gid) {

    static final OtherUser NOBODY = new OtherUser(65534, 65534);

    private static final int SETGROUPS = 116;
    private static final int SETRESUID = 117;
    private static final int SETRESGID = 119;

    @SuppressWarnings("restricted")
    private static final MethodHandle SYSCALL = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG));

    /** Does something as this user. What it takes of classes is loaded before: their files need not be this user's to read. */
    <T> T does(Callable<T> work) throws Exception {
        FutureTask<T> task = new FutureTask<>(() -> {
            become();
            return work.call();
        });
        Thread thread = Thread.ofPlatform().start(task);
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        } finally {
            thread.join();
        }
    }

    private void become() {
        call(SETGROUPS, 0, MemorySegment.NULL.address(), 0);
        call(SETRESGID, -1, gid, -1);
        call(SETRESUID, -1, uid, -1);
    }

    private static void call(long number, long first, long second, long third) {
        try {
            if ((long) SYSCALL.invokeExact(number, first, second, third) != 0) {
                throw new IllegalStateException("system call " + number + " fails");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}

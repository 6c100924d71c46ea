package jsgx.host;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ServiceManagerTest {

    private static final int BIND = 49;
    private static final int RECVFROM = 45;

    @Test
    void whoStartedTheServiceHearsHowItIs() throws Exception {
        String name = "jsgx-" + ThreadLocalRandom.current().nextLong();
        try (Arena arena = Arena.ofConfined()) {
            long socket = Linux.check("socket", Linux.call(SystemCall.SOCKET, 1, 2, 0));
            try {
                byte[] abstractName = ("\0" + name).getBytes(StandardCharsets.US_ASCII);
                MemorySegment address = arena.allocate(110);
                address.set(JAVA_SHORT, 0, (short) 1);
                MemorySegment.copy(abstractName, 0, address, JAVA_BYTE, 2, abstractName.length);
                Linux.check("bind", Linux.call(BIND, socket, address.address(), 2 + abstractName.length));

                ServiceManager manager = ServiceManager.of(Map.of("NOTIFY_SOCKET", "@" + name));
                manager.ready("serves");
                manager.reloading();
                manager.stopping("ends");

                assertThat(receive(socket, arena))
                        .isEqualTo("READY=1\nMAINPID=" + ProcessHandle.current().pid() + "\nSTATUS=serves");
                assertThat(receive(socket, arena)).matches("RELOADING=1\nMONOTONIC_USEC=[0-9]+");
                assertThat(receive(socket, arena)).isEqualTo("STOPPING=1\nSTATUS=ends");
            } finally {
                Linux.close((int) socket);
            }
        }
    }

    @Test
    void withoutOneOrWithOneThatIsGoneNobodyIsTold() {
        ServiceManager.of(Map.of()).ready("serves");
        ServiceManager.of(Map.of("NOTIFY_SOCKET", "/nowhere/at/all")).ready("serves");
        ServiceManager.of(Map.of("NOTIFY_SOCKET", "nonsense")).ready("serves");
        ServiceManager.of(Map.of("NOTIFY_SOCKET", "/" + "x".repeat(200))).ready("serves");
    }

    private static String receive(long socket, Arena arena) throws Exception {
        MemorySegment buffer = arena.allocate(1 << 12);
        long length = Linux.check("recvfrom", Linux.call(RECVFROM, socket, buffer.address(), buffer.byteSize()));
        return new String(buffer.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.UTF_8);
    }
}

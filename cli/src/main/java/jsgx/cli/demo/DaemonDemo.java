package jsgx.cli.demo;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Sigstruct;
import jsgx.cli.demo.Demo.Ended;
import jsgx.cli.demo.Demo.Runner;
import jsgx.cli.demo.Demo.Step;
import jsgx.driver.InterfaceKind;
import jsgx.host.Daemon;
import jsgx.host.config.Configuration;
import jsgx.host.config.ConfigurationException;
import jsgx.host.config.HostOptions;
import jsgx.host.config.Setting;
import jsgx.host.log.Logging;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.image.ImageException;
import jsgx.image.ImageMeasurement;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.Launcher;
import jsgx.launch.Platform;
import jsgx.launch.PlatformFile;
import jsgx.launch.token.TokenSource;
import jsgx.machine.MachineException;

/** The part of the demonstration in which a host serves: a token over its AESM socket, as Intel's aesmd gives one, and a launch with it. */
public final class DaemonDemo {

    /** The fields of AESM's request for a launch token, and its own number. */
    private static final int MRENCLAVE = 1;

    private static final int MODULUS = 2;
    private static final int ATTRIBUTES = 3;
    private static final int GET_LAUNCH_TOKEN = 3;
    private static final int LENGTH_DELIMITED = 2;
    private static final int LONGEST_ANSWER = 1 << 16;

    private DaemonDemo() {}

    /**
     * Starts a daemon on the platform, asks it for a token and launches with that.
     *
     * @param folder where its state and its sockets may lie
     */
    public static void run(Platform platform, Demo.Enclave enclave, Path folder, Consumer<Ended> listener)
            throws LaunchException, MachineException, ImageException, IOException {
        Path state = folder.resolve("state");
        PlatformFile.in(state).replace(platform);
        try (Logging nothing = Logging.to(OutputStream.nullOutputStream(), false, Level.ERROR);
                Daemon daemon = Daemon.start(options(state, folder.resolve("run")), InstantSource.system())) {
            Objects.requireNonNull(nothing);
            Path socket = Objects.requireNonNull(daemon.options().aesm().socket());
            HostContext context = daemon.host().context();
            byte[] token = token(enclave, socket);
            Launcher launcher =
                    Launcher.on(context.running(), context.governance().options());
            new Runner(launcher, listener)
                    .launch(
                            new Step(
                                    "daemon",
                                    "by a daemon, with a token from its AESM socket",
                                    Demo.SUCCESS,
                                    TokenSource.CALLER),
                            enclave.image(),
                            enclave.sigstruct(),
                            LaunchOptions.through(InterfaceKind.ISGX).withToken(token));
        } catch (HostException | ConfigurationException e) {
            throw new LaunchException(String.valueOf(e.getMessage()), e);
        }
    }

    private static HostOptions options(Path state, Path run) throws ConfigurationException {
        Map<Setting, String> options = new EnumMap<>(Setting.class);
        options.put(Setting.STATE, state.toString());
        options.put(Setting.RUN_FOLDER, run.toString());
        options.put(Setting.AESM_SOCKET, run.resolve("aesm.socket").toString());
        options.put(Setting.CONSOLE_LISTEN, "none");
        return new Configuration(null, Map.of(), options, false).load();
    }

    private static byte[] token(Demo.Enclave enclave, Path socket) throws IOException, ImageException {
        Sigstruct sigstruct = enclave.sigstruct();
        ByteArrayOutputStream fields = new ByteArrayOutputStream();
        field(
                fields,
                MRENCLAVE,
                HexFormat.of()
                        .parseHex(ImageMeasurement.measure(enclave.image()).mrEnclave()));
        field(fields, MODULUS, sigstruct.modulus().toArray(JAVA_BYTE));
        field(fields, ATTRIBUTES, attributes(sigstruct));
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        field(message, GET_LAUNCH_TOKEN, fields.toByteArray());
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
                OutputStream out = Channels.newOutputStream(channel);
                DataInputStream in = new DataInputStream(Channels.newInputStream(channel))) {
            ByteArrayOutputStream frame = new ByteArrayOutputStream();
            frame.writeBytes(littleEndian(message.size()));
            message.writeTo(frame);
            out.write(frame.toByteArray());
            int length = Integer.reverseBytes(in.readInt());
            if (length < EinitToken.SIZE || length > LONGEST_ANSWER) {
                throw new IOException("the AESM socket gives no token, but %d bytes".formatted(length));
            }
            byte[] answer = in.readNBytes(length);
            if (answer.length < length) {
                throw new EOFException("the AESM socket gives half an answer");
            }
            // The token is the last field.
            return Arrays.copyOfRange(answer, length - EinitToken.SIZE, length);
        }
    }

    private static byte[] attributes(Sigstruct sigstruct) {
        return ByteBuffer.allocate(2 * Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(sigstruct.attributes().flags())
                .putLong(sigstruct.attributes().xfrm())
                .array();
    }

    private static void field(ByteArrayOutputStream out, int number, byte[] content) {
        out.write((number << 3) | LENGTH_DELIMITED);
        int rest = content.length;
        while (rest >= 0x80) {
            out.write((rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        out.write(rest);
        out.writeBytes(content);
    }

    private static byte[] littleEndian(int value) {
        return new byte[] {(byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)};
    }
}

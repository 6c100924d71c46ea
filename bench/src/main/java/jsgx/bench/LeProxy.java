package jsgx.bench;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import jsgx.arch.struct.Attributes;
import jsgx.launch.LaunchException;
import jsgx.launch.PlatformFile;
import jsgx.launch.RunningPlatform;
import jsgx.launch.le.JavaLaunchEnclave;
import jsgx.launch.le.LaunchEnclave;
import jsgx.launch.le.LaunchEnclaveException;
import jsgx.launch.le.LaunchEnclaveRunner;
import jsgx.launch.le.LeProfile;
import jsgx.launch.le.LeRequest;
import jsgx.launch.le.WhiteList;
import jsgx.launch.load.EnclaveLostException;

/**
 * The process of the v5 series that holds the launch enclave, {@code sgx_le_proxy}: it reads 80 bytes from one pipe, MRENCLAVE, MRSIGNER, ATTRIBUTES and
 * XFRM, enters the launch enclave, and writes the 304 bytes of an EINITTOKEN to another, for ever. There is no header and no length; it ends when a pipe does.
 */
final class LeProxy {

    static final int REQUEST = 80;
    static final int TOKEN = 304;

    private static final int HASH = 32;

    private LeProxy() {}

    /** The platform's folder is the one argument. */
    public static void main(String[] args)
            throws IOException, LaunchException, LaunchEnclaveException, EnclaveLostException {
        SecureRandom random = new SecureRandom();
        try (RunningPlatform platform =
                        RunningPlatform.of(PlatformFile.in(Path.of(args[0])).load());
                LaunchEnclaveRunner.Running launchEnclave = new JavaLaunchEnclave(random)
                        .start(
                                LaunchEnclave.of(platform.platform().leKey(), LeProfile.V5, WhiteList.NONE),
                                platform.driver());
                InputStream requests = new FileInputStream(FileDescriptor.in);
                OutputStream tokens = new FileOutputStream(FileDescriptor.out)) {
            for (byte[] request = requests.readNBytes(REQUEST);
                    request.length == REQUEST;
                    request = requests.readNBytes(REQUEST)) {
                tokens.write(launchEnclave.ask(request(request)).token());
            }
        }
    }

    private static LeRequest request(byte[] bytes) {
        return new LeRequest(
                Arrays.copyOf(bytes, HASH),
                Arrays.copyOfRange(bytes, HASH, 2 * HASH),
                Attributes.at(MemorySegment.ofArray(bytes), 2 * HASH));
    }
}

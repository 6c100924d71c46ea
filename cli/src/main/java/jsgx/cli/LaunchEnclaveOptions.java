package jsgx.cli;

import java.io.IOException;
import java.util.Optional;
import java.util.Random;
import jsgx.arch.struct.Sigstruct;
import jsgx.image.EnclaveFiles;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageException;
import jsgx.image.ImageOptions;
import jsgx.image.RawLayout;
import jsgx.launch.le.JavaLaunchEnclave;
import jsgx.launch.le.LaunchEnclave;
import jsgx.launch.le.LaunchEnclaveRunner;
import jsgx.launch.le.LeProfile;
import jsgx.launch.le.WhiteList;
import jsgx.machine.SharedEpc;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say which launch enclave makes tokens, and how it runs. */
final class LaunchEnclaveOptions {

    @Option(
            order = 61,
            names = "--native-le",
            description = "Execute the launch enclave's own code, under supervision, rather than its twin in Java.")
    private boolean natively;

    @Option(
            order = 62,
            names = "--le",
            paramLabel = "FILE",
            description = "Another launch enclave, of which the code is executed: a blob as the v5 driver loads it.")
    private @Nullable String image;

    @Option(
            order = 63,
            names = "--le-sigstruct",
            paramLabel = "FILE",
            description = "The SIGSTRUCT of that launch enclave.")
    private @Nullable String sigstruct;

    /** Why these do not go together; empty where they do. */
    String contradiction() {
        if (image != null && sigstruct == null) {
            return "--le goes with --le-sigstruct, the file of its SIGSTRUCT";
        }
        if (image == null && sigstruct != null) {
            return "--le-sigstruct goes with --le, the file of the launch enclave";
        }
        return "";
    }

    /** Whether the launch enclave's own code is executed. */
    boolean natively() {
        return natively || image != null;
    }

    /**
     * What runs the launch enclave.
     *
     * @param epc the EPC of the package that it runs on
     * @param random where the twin's KEYIDs come from
     */
    LaunchEnclaveRunner runner(SharedEpc epc, Random random) {
        return natively() ? new NativeLaunchEnclave(epc) : new JavaLaunchEnclave(random);
    }

    /** The launch enclave that takes the place of the platform's own; empty where none does. */
    Optional<LaunchEnclave> other(Surroundings surroundings) throws BadInput, ImageException, IOException {
        if (image == null || sigstruct == null) {
            return Optional.empty();
        }
        Sigstruct signature = EnclaveOptions.sigstruct(sigstruct, surroundings);
        EnclaveImage blob = EnclaveFiles.read(
                EnclaveOptions.existing(image, surroundings), ImageOptions.DEFAULT.withLayout(new RawLayout.V5Le()));
        // What it refuses is in its code: no profile of ours counts.
        return Optional.of(new LaunchEnclave(LeProfile.V5, WhiteList.NONE, blob, signature));
    }
}

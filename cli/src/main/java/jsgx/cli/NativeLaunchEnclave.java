package jsgx.cli;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.driver.SgxDriver;
import jsgx.launch.le.JavaLaunchEnclave;
import jsgx.launch.le.LaunchEnclave;
import jsgx.launch.le.LaunchEnclaveException;
import jsgx.launch.le.LaunchEnclaveRunner;
import jsgx.launch.le.LeAnswer;
import jsgx.launch.le.LeRequest;
import jsgx.launch.load.EnclaveLostException;
import jsgx.machine.SharedEpc;
import jsgx.machine.le.LaunchEnclaveProxy;
import jsgx.machine.le.ProxyException;

/**
 * The runner that executes a launch enclave's own code, in a supervised program.
 *
 * @param epc the EPC of the package that it runs on
 */
record NativeLaunchEnclave(SharedEpc epc) implements LaunchEnclaveRunner {

    @Override
    public Session start(LaunchEnclave enclave, SgxDriver driver) throws LaunchEnclaveException {
        try {
            return new Session(LaunchEnclaveProxy.start(
                    enclave.image(),
                    enclave.sigstruct(),
                    LaunchEnclave.ATTRIBUTES,
                    driver,
                    epc,
                    JavaLaunchEnclave.WORKLOAD));
        } catch (ProxyException e) {
            throw new LaunchEnclaveException(
                    String.valueOf(e.getMessage()), e.outcome().orElse(null));
        }
    }

    /** A launch enclave that runs. */
    record Session(LaunchEnclaveProxy proxy) implements Running {

        @Override
        public LeAnswer ask(LeRequest request) throws EnclaveLostException {
            MemorySegment struct = MemorySegment.ofArray(new byte[LeRequest.SIZE]);
            request.writeTo(struct);
            byte[] answer;
            try {
                answer = proxy.ask(
                        struct.asSlice(0, LaunchEnclaveProxy.REQUEST_SIZE).toArray(JAVA_BYTE));
            } catch (ProxyException e) {
                throw new EnclaveLostException(String.valueOf(e.getMessage()));
            }
            int result = MemorySegment.ofArray(answer).get(Layouts.U32, EinitToken.SIZE);
            return new LeAnswer(Arrays.copyOf(answer, EinitToken.SIZE), result);
        }

        @Override
        public void close() {
            proxy.close();
        }
    }
}

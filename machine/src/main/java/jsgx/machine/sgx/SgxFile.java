package jsgx.machine.sgx;

/** An open device. */
public interface SgxFile {

    /** The path of the device. */
    String path();

    /** The last descriptor is closed. Mappings keep the enclave alive. */
    void close();
}

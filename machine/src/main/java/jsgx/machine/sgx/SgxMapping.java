package jsgx.machine.sgx;

/**
 * A mapping of a device.
 *
 * @param start its first address
 * @param end the address after its last
 * @param offset the offset of its first page in the file, in bytes
 * @param protection PROT_ bits
 * @param path the device's
 * @param enclave the number of the enclave that it shows; 0 where there is none yet
 */
public record SgxMapping(long start, long end, long offset, int protection, String path, long enclave) {}

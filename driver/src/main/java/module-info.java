/** The Linux SGX driver: enclaves, EPC allocation and reclaim, and the three ioctl interfaces. */
module jsgx.driver {
    requires static org.jspecify;
    requires transitive jsgx.arch;
}

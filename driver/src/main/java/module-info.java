/** The Linux SGX driver: enclaves, EPC allocation and reclaim, and the three ioctl interfaces. */
module jsgx.driver {
    requires static transitive org.jspecify;
    requires transitive jsgx.arch;

    exports jsgx.driver;
    exports jsgx.driver.isgx;
    exports jsgx.driver.mainline;
    exports jsgx.driver.v5;
}

/** Runs unmodified programs that expect SGX: the driver and the processor serve them, their enclaves' code runs natively. */
module jsgx.machine {
    requires static transitive org.jspecify;
    requires transitive jsgx.arch;
    requires transitive jsgx.driver;
    requires transitive jsgx.image;

    exports jsgx.machine;
    exports jsgx.machine.event;
    exports jsgx.machine.le;
    exports jsgx.machine.linux;
    exports jsgx.machine.remote;
}

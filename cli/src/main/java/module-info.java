/** The jsgx command. */
module jsgx.cli {
    requires static org.jspecify;
    requires transitive jsgx.arch;
    requires transitive jsgx.driver;
    requires transitive jsgx.host;
    requires transitive jsgx.image;
    requires transitive jsgx.launch;
    requires transitive jsgx.machine;
    requires transitive jsgx.study;
    requires info.picocli;
    // JEP 260: sun.misc.Signal stays until something takes its place.
    requires jdk.unsupported;

    exports jsgx.cli;
    exports jsgx.cli.demo;
    exports jsgx.cli.doctor;

    opens jsgx.cli to
            info.picocli;
}

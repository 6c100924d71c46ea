/** The jsgx command. */
module jsgx.cli {
    requires static org.jspecify;
    requires jsgx.arch;
    requires jsgx.driver;
    requires transitive jsgx.image;
    requires transitive jsgx.launch;
    requires jsgx.machine;
    requires info.picocli;
    requires io.avaje.json;

    exports jsgx.cli;
    exports jsgx.cli.demo;
    exports jsgx.cli.doctor;

    opens jsgx.cli to
            info.picocli;
}

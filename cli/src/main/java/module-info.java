/** The jsgx command. */
module jsgx.cli {
    requires static org.jspecify;
    requires jsgx.arch;
    requires jsgx.driver;
    requires jsgx.image;
    requires jsgx.launch;
    requires info.picocli;
    requires io.avaje.json;

    opens jsgx.cli to
            info.picocli;
}

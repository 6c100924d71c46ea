/** Launch control: the launch enclave, its tokens, and who may launch what. */
module jsgx.launch {
    requires static transitive org.jspecify;
    requires com.github.benmanes.caffeine;
    requires io.avaje.json;
    requires org.snakeyaml.engine;
    requires transitive jsgx.arch;
    requires transitive jsgx.driver;
    requires transitive jsgx.image;

    exports jsgx.launch;
    exports jsgx.launch.audit;
    exports jsgx.launch.cache;
    exports jsgx.launch.file;
    exports jsgx.launch.governor;
    exports jsgx.launch.guest;
    exports jsgx.launch.json;
    exports jsgx.launch.le;
    exports jsgx.launch.load;
    exports jsgx.launch.policy;
    exports jsgx.launch.store;
    exports jsgx.launch.token;
    exports jsgx.launch.yaml;
}

/** The SGX processor: its structures, leaves, keys and EPC, as the manual describes them. */
module jsgx.arch {
    requires static org.jspecify;

    exports jsgx.arch.struct;
}

/** The SGX processor: its structures, leaves, keys and EPC, as the manual describes them. */
module jsgx.arch {
    requires static transitive org.jspecify;

    exports jsgx.arch;
    exports jsgx.arch.crypto;
    exports jsgx.arch.epc;
    exports jsgx.arch.leaf;
    exports jsgx.arch.struct;
}

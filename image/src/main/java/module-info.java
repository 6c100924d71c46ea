/** Enclave files and SIGSTRUCTs: reading, measuring, signing, and explaining a difference. */
module jsgx.image {
    requires static transitive org.jspecify;
    requires transitive jsgx.arch;

    exports jsgx.image;
    exports jsgx.image.x86;
}

/** Enclave files and SIGSTRUCTs: reading, measuring, signing, and explaining a difference. */
module jsgx.image {
    requires static org.jspecify;
    requires transitive jsgx.arch;
    requires net.fornwall.jelf;
}

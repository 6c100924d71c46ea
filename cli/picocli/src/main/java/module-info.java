/** picocli, compiled from its sources for Java 25. */
module info.picocli {
    requires static java.sql;

    exports picocli;
}

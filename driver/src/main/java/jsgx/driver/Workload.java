package jsgx.driver;

/**
 * Whom EPC pages and launches are charged to: a uid, a cgroup, or whatever the embedding program tells apart. Never what
 * a caller says of itself.
 *
 * @param name its name, unique on this machine
 */
public record Workload(String name) {}

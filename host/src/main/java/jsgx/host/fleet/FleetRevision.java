package jsgx.host.fleet;

/**
 * Where a fleet is. Both numbers only rise.
 *
 * @param id which fleet: another one for each time that its data began anew
 * @param revision the number of changes to revocations and policy
 * @param policy the revision since which the present policy is in force; 0 for none
 */
public record FleetRevision(String id, long revision, long policy) {}

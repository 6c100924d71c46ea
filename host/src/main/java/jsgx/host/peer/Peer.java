package jsgx.host.peer;

import jsgx.driver.Workload;

/**
 * Who is at the other end of a connection, as the kernel said when it was made; never what the peer says of itself.
 *
 * @param pid the process that connected, in this process's namespace; 0 where it has none there
 * @param uid its effective user
 * @param gid its effective group
 * @param workload whom it is charged to: its user, or the administrator's longest cgroup prefix that matches
 */
public record Peer(int pid, int uid, int gid, Workload workload) {}

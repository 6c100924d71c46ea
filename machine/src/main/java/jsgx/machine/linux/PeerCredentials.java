package jsgx.machine.linux;

/**
 * Who connected a Unix socket, as the kernel noted it then (SO_PEERCRED).
 *
 * @param pid the process, in this process's namespace; 0 where it has no number there
 * @param uid its effective user
 * @param gid its effective group
 */
public record PeerCredentials(int pid, int uid, int gid) {}

package jsgx.host.service;

import java.nio.file.Path;
import java.time.InstantSource;
import jsgx.launch.Governance;
import jsgx.launch.RunningPlatform;
import jsgx.machine.SharedEpc;

/**
 * What the services of a host work on.
 *
 * @param running the one processor, driver, governor and launch enclave
 * @param epc the processor's EPC, of which front ends get pages
 * @param governance the state folder's policy, revocations, audit trail and tokens
 * @param state the state folder
 * @param clock the time
 */
public record HostContext(
        RunningPlatform running, SharedEpc epc, Governance governance, Path state, InstantSource clock) {}

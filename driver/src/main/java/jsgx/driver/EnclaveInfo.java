package jsgx.driver;

import java.util.Optional;
import jsgx.arch.Outcome;
import jsgx.arch.struct.Attributes;

/** What a driver knows of one enclave. */
public interface EnclaveInfo {

    /** A number that no other enclave of this driver has had. */
    long id();

    InterfaceKind kind();

    Workload workload();

    /** SECS.BASEADDR. */
    long base();

    /** SECS.SIZE. */
    long size();

    /** SECS.ATTRIBUTES as the caller gave them. */
    Attributes attributes();

    boolean isInitialized();

    /** How many pages it has, the SECS and version arrays not counted. */
    long pages();

    /** How many of its pages are in the EPC. */
    long residentPages();

    /** How many of its pages left the EPC for want of room and are not back. */
    long reclaimedPages();

    /** What the last leaf function did that was executed for a call on this enclave; empty before the first. */
    Optional<Outcome> lastOutcome();
}

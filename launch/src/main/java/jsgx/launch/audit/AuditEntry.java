package jsgx.launch.audit;

import java.time.Instant;
import jsgx.launch.LaunchException;

/** What stands in an audit trail, in the order of its number. */
public sealed interface AuditEntry {

    /** Its place, from 1. */
    long number();

    /** SHA-256 of the hash before it and of its canonical JSON, in hex. */
    String hash();

    Instant time();

    /** One line of JSON with all that it says, and its hash. */
    String json();

    /**
     * The entry in a line that {@link #json} made, or anybody else; its hash is not checked.
     *
     * @throws LaunchException with what is wrong with it
     */
    static AuditEntry parse(String line) throws LaunchException {
        return AuditFormat.entry(line);
    }

    /** The record of an event. */
    record Event(long number, String hash, AuditEvent event) implements AuditEntry {

        @Override
        public Instant time() {
            return event.time();
        }

        @Override
        public String json() {
            return AuditFormat.line(this);
        }
    }

    /**
     * A signature over all entries before it.
     *
     * @param chain the hash of the entry before it, in hex; zeroes for the first of all
     * @param key the platform's audit key, an Ed25519 public key in hex
     * @param signature of {@code jsgx audit checkpoint NUMBER CHAIN} in ASCII, in hex
     * @param next the file in which the trail goes on; empty where it goes on in this one
     */
    record Checkpoint(long number, String hash, Instant time, String chain, String key, String signature, String next)
            implements AuditEntry {

        @Override
        public String json() {
            return AuditFormat.line(this);
        }
    }
}

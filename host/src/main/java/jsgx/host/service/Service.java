package jsgx.host.service;

import java.time.Duration;

/** A part of a host that serves others over a socket, or works in the background. It begins once and ends once. */
public interface Service {

    /** What it is called in logs, health and metrics: one word. */
    String name();

    /**
     * Begins; returns when it serves.
     *
     * @throws HostException where it cannot: a socket that somebody else has, for one. Nothing is left behind then
     */
    void start() throws HostException;

    /** What keeps it from serving; empty where it serves. */
    String trouble();

    /** Takes no new work, ends the work under way or gives it this long, and frees what it has. It never throws. */
    void stop(Duration grace);
}

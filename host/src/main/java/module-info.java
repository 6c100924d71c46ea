/** The launch authority of a host as a service: one processor, one driver and one governor for every workload on it. */
module jsgx.host {
    requires static transitive org.jspecify;
    requires com.google.protobuf;
    requires io.helidon.http;
    requires io.helidon.http.sse;
    requires io.helidon.webserver;
    requires io.helidon.webserver.sse;
    requires HdrHistogram;
    requires io.prometheus.metrics.config;
    requires io.prometheus.metrics.core;
    requires io.prometheus.writer.text;
    requires java.logging;
    requires java.management;
    requires redis.clients.jedis;
    requires transitive io.prometheus.metrics.model;
    requires transitive jsgx.arch;
    requires transitive jsgx.driver;
    requires transitive jsgx.image;
    requires transitive jsgx.launch;
    requires transitive jsgx.machine;

    exports jsgx.host;
    exports jsgx.host.aesm;
    exports jsgx.host.admin;
    exports jsgx.host.client;
    exports jsgx.host.config;
    exports jsgx.host.feed;
    exports jsgx.host.fleet;
    exports jsgx.host.log;
    exports jsgx.host.metrics;
    exports jsgx.host.peer;
    exports jsgx.host.service;
    exports jsgx.host.state;
}

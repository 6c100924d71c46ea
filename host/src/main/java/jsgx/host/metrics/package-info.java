/** What a host counts, for Prometheus. */
@NullMarked
package jsgx.host.metrics;

import org.jspecify.annotations.NullMarked;

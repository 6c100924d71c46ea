/** The admin API of a host, over HTTP on a Unix socket and for the console: {@code openapi.yaml} describes it. */
@NullMarked
package jsgx.host.admin;

import org.jspecify.annotations.NullMarked;

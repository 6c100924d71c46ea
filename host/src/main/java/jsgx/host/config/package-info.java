/** How a host is set up: by its configuration file, the environment and the command line, which all say the same things with the same words. */
@NullMarked
package jsgx.host.config;

import org.jspecify.annotations.NullMarked;

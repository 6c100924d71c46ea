/** The console: the web page of an operator. Its files are resources of this package and need no build. */
@NullMarked
package jsgx.host.console;

import org.jspecify.annotations.NullMarked;

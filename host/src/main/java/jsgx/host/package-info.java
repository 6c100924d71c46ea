/** A host's launch authority: the daemon behind {@code jsgx serve}. */
@NullMarked
package jsgx.host;

import org.jspecify.annotations.NullMarked;

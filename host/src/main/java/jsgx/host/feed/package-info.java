/** What happens on a host, as it happens: each launch, and the last minutes in numbers. */
@NullMarked
package jsgx.host.feed;

import org.jspecify.annotations.NullMarked;

@NullMarked
package jsgx.host.peer;

import org.jspecify.annotations.NullMarked;

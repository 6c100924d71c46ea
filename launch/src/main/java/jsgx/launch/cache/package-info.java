/** The kernel's cache of launch tokens. */
@NullMarked
package jsgx.launch.cache;

import org.jspecify.annotations.NullMarked;

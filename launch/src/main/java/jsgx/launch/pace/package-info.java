/** Work that is done while others wait for the processor. */
@NullMarked
package jsgx.launch.pace;

import org.jspecify.annotations.NullMarked;

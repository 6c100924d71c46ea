/** Files that survive a crash: replaced whole, or appended to. */
@NullMarked
package jsgx.launch.file;

import org.jspecify.annotations.NullMarked;

/** What tests of several modules share. */
@NullMarked
package jsgx.arch;

import org.jspecify.annotations.NullMarked;

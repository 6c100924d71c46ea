/** What identifies a token, and what else its key depends on. */
@NullMarked
package jsgx.launch.token;

import org.jspecify.annotations.NullMarked;

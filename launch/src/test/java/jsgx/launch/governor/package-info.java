@NullMarked
package jsgx.launch.governor;

import org.jspecify.annotations.NullMarked;

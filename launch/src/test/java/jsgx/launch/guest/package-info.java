@NullMarked
package jsgx.launch.guest;

import org.jspecify.annotations.NullMarked;

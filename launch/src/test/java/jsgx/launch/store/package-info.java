@NullMarked
package jsgx.launch.store;

import org.jspecify.annotations.NullMarked;

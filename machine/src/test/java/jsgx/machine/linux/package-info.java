@NullMarked
package jsgx.machine.linux;

import org.jspecify.annotations.NullMarked;

@NullMarked
package jsgx.machine.event;

import org.jspecify.annotations.NullMarked;

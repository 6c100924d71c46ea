@NullMarked
package jsgx.machine.remote;

import org.jspecify.annotations.NullMarked;

/** The address spaces of the program: their mappings of devices, and how EPC pages are shown in them. */
@NullMarked
package jsgx.machine.space;

import org.jspecify.annotations.NullMarked;

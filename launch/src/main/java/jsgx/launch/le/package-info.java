/** The launch enclave: its image of machine code, its profiles, its twin in Java, and the way of a request through it. */
@NullMarked
package jsgx.launch.le;

import org.jspecify.annotations.NullMarked;

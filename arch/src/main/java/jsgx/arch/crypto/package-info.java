/** Measurement, MACs, key derivation and signatures, on the JDK's own providers. */
@NullMarked
package jsgx.arch.crypto;

import org.jspecify.annotations.NullMarked;

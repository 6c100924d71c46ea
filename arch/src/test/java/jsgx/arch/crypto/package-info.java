/** Tests of measurement, MACs, key derivation and signatures. */
@NullMarked
package jsgx.arch.crypto;

import org.jspecify.annotations.NullMarked;

/** The demonstration: a small enclave, launches of it, and a program that enters it. */
@NullMarked
package jsgx.cli.demo;

import org.jspecify.annotations.NullMarked;

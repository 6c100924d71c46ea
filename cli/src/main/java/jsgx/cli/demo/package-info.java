/** The demonstration: a small enclave and six launches of it. */
@NullMarked
package jsgx.cli.demo;

import org.jspecify.annotations.NullMarked;

@NullMarked
package jsgx.cli;

import org.jspecify.annotations.NullMarked;

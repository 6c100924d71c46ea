@NullMarked
package jsgx.cli.doctor;

import org.jspecify.annotations.NullMarked;

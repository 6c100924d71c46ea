/** Measures what each step of a launch costs on this machine, and keeps that in a file. */
@NullMarked
package jsgx.study.calibration;

import org.jspecify.annotations.NullMarked;

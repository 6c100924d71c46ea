@NullMarked
package jsgx.study.simulation;

import org.jspecify.annotations.NullMarked;

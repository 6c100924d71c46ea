/** The designs that the study compares. */
@NullMarked
package jsgx.study.design;

import org.jspecify.annotations.NullMarked;

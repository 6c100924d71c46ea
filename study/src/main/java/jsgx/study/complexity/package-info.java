/** How complex each placement is, as the build counted it. */
@NullMarked
package jsgx.study.complexity;

import org.jspecify.annotations.NullMarked;

/** Tests of a study's answers. */
@NullMarked
package jsgx.study.report;

import org.jspecify.annotations.NullMarked;

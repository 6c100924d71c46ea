/** Tests of the running of a study. */
@NullMarked
package jsgx.study.run;

import org.jspecify.annotations.NullMarked;

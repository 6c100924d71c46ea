/** The record of every decision, in which an edit shows. */
@NullMarked
package jsgx.launch.audit;

import org.jspecify.annotations.NullMarked;

/** What each step of a launch costs. */
@NullMarked
package jsgx.study.cost;

import org.jspecify.annotations.NullMarked;

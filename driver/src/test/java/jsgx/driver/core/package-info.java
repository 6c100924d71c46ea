/** Tests of what the interfaces share, from the inside. */
@NullMarked
package jsgx.driver.core;

import org.jspecify.annotations.NullMarked;

/** The interface of the out-of-tree driver: /dev/isgx, with a token from the caller. */
@NullMarked
package jsgx.driver.isgx;

import org.jspecify.annotations.NullMarked;

/** What tests need to see of the out-of-tree driver's inside. */
@NullMarked
package jsgx.driver.isgx;

import org.jspecify.annotations.NullMarked;

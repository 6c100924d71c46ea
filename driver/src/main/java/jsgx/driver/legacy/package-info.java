/** What the v5 series and the out-of-tree driver have in common: enclaves are found by address, in mappings. Not exported. */
@NullMarked
package jsgx.driver.legacy;

import org.jspecify.annotations.NullMarked;

/**
 * What all three interfaces share: logical processors, the EPC with its reclaimer, and enclaves. Not exported.
 */
@NullMarked
package jsgx.driver.core;

import org.jspecify.annotations.NullMarked;

/** Enclave files and SIGSTRUCTs: reading, measuring, signing, and explaining a difference. */
@NullMarked
package jsgx.image;

import org.jspecify.annotations.NullMarked;

/**
 * The data structures of SGX, each a typed view over memory that someone else owns. Nothing outside this package knows an
 * offset.
 *
 * <p>A view holds no state: two views of the same memory see each other's writes. Accessors carry the manual's field names;
 * integers are little-endian, a byte field is returned as a slice of the structure and set by copying.
 */
@NullMarked
package jsgx.arch.struct;

import org.jspecify.annotations.NullMarked;

/** JSON as every module that speaks it writes and reads it: documents in a good order, and objects that anybody may have written. */
@NullMarked
package jsgx.launch.json;

import org.jspecify.annotations.NullMarked;

@NullMarked
package jsgx.image;

import org.jspecify.annotations.NullMarked;

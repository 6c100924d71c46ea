@NullMarked
package jsgx.host.aesm;

import org.jspecify.annotations.NullMarked;

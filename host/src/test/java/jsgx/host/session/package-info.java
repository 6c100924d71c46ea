@NullMarked
package jsgx.host.session;

import org.jspecify.annotations.NullMarked;

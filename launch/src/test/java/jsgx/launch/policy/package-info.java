@NullMarked
package jsgx.launch.policy;

import org.jspecify.annotations.NullMarked;

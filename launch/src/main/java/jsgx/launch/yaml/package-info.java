/** Files that people write in a small part of YAML, and what is wrong in them: each error with its line and a caret. */
@NullMarked
package jsgx.launch.yaml;

import org.jspecify.annotations.NullMarked;

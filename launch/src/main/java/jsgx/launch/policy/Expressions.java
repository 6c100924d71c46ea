package jsgx.launch.policy;

import java.util.Optional;
import jsgx.launch.yaml.Problems;
import jsgx.launch.yaml.YamlNode;

/** Compiles {@code when:}. */
interface Expressions {

    /** The expression; empty where it does not compile, which is a problem. */
    Optional<Expression> read(YamlNode node, Problems problems);
}

package jsgx.launch.policy;

import java.io.IOException;

/** The port to the files that a policy includes, lists of hashes and white lists, by the names that stand in it. */
interface Includes {

    /** There are none. */
    Includes NONE = name -> {
        throw new IOException("this policy cannot include a file");
    };

    byte[] read(String name) throws IOException;
}

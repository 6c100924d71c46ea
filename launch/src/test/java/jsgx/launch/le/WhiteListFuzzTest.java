package jsgx.launch.le;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;

/** Whatever is given out for a white list: nobody but Intel can sign one. */
class WhiteListFuzzTest {

    @FuzzTest
    void certificate(byte[] bytes) {
        try {
            WhiteListCertificate.intel().accept(bytes, new WhiteList(-1, List.of()));
        } catch (WhiteListException e) {
            return;
        }
        throw new AssertionError("no list is newer than the newest there can be");
    }
}

package jsgx.study.complexity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SourceLinesTest {

    @Test
    void countsWhatIsNeitherCommentNorBlankNorImport() {
        assertThat(SourceLines.count("""
                        // a comment
                        package a;

                        import java.util.List;
                        import static java.util.List.of;

                        /** A class.
                         * @see List
                         */
                        class A { // one
                            int two = 2; /* and a comment
                            that goes on */ int three = 3;

                            /* alone */
                        }
                        """)).isEqualTo(4);
    }

    @Test
    void whatIsQuotedIsNoComment() {
        assertThat(SourceLines.count("""
                        String a = "http://example.org"; int after;
                        char quote = '"'; // a comment
                        char other = '\\''; // a comment
                        String b = "\\"/*";
                        int counted;
                        """)).isEqualTo(5);
    }

    @Test
    void aTextBlockIsCodeToItsEnd() {
        String quotes = "\"\"\"";
        assertThat(SourceLines.count(
                        "String a = " + quotes + "\n// no comment\n/* nor this\n" + quotes + ";\nint b;\n"))
                .isEqualTo(5);
    }

    @Test
    void nothingHasNoLines() {
        assertThat(SourceLines.count("")).isZero();
    }
}

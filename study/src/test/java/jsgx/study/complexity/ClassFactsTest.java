package jsgx.study.complexity;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ClassFactsTest {

    @TempDir
    Path folder;

    @Test
    void locksAreFieldsMethodsAndBlocks() throws IOException {
        ClassFacts facts = facts("""
                import java.util.concurrent.atomic.AtomicLong;
                import java.util.concurrent.locks.*;
                import java.util.concurrent.ConcurrentHashMap;
                class Sample {
                    final ReentrantLock lock = new ReentrantLock();
                    final ReadWriteLock two = new ReentrantReadWriteLock();
                    volatile int seen;
                    final AtomicLong count = new AtomicLong();
                    final ConcurrentHashMap<String, String> map = new ConcurrentHashMap<>();
                    int plain;
                    synchronized void method() { plain++; }
                    void block() { synchronized (this) { plain++; } }
                }
                """);
        assertThat(facts.locks()).as("two fields, a method and a block").isEqualTo(4);
        assertThat(facts.shared()).as("volatile, atomic, concurrent").isEqualTo(3);
    }

    @Test
    void failuresAreToldApartByTypeAndText() throws IOException {
        ClassFacts facts = facts("""
                class Sample {
                    void fail(int x) {
                        if (x == 1) throw new IllegalArgumentException("one");
                        if (x == 2) throw new IllegalArgumentException("two: " + x);
                        if (x == 3) throw new IllegalArgumentException("one");
                        if (x == 4) throw new IllegalStateException("one");
                        throw new UnsupportedOperationException("%d".formatted((Object) x), new Exception("cause"));
                    }
                    Object none() { return new Object(); }
                }
                """);
        assertThat(facts.failures())
                .containsExactlyInAnyOrder(
                        "java/lang/IllegalArgumentException: one",
                        "java/lang/IllegalArgumentException: two: \u0001",
                        "java/lang/IllegalStateException: one",
                        "java/lang/Exception: cause",
                        "java/lang/UnsupportedOperationException: %d cause");
    }

    @Test
    void namesAreThoseOfCodeAndOfDescriptors() throws IOException {
        ClassFacts facts = facts("""
                import java.util.*;
                class Sample {
                    Deque<String> field;
                    Optional<String> method(BitSet[] bits) { return Optional.of(String.valueOf(bits[0].size())); }
                }
                """);
        assertThat(facts.names()).contains("java/util/Deque", "java/util/BitSet", "java/util/Optional");
        assertThat(facts.name()).isEqualTo("Sample");
        assertThat(facts.superclass()).isEqualTo("java/lang/Object");
    }

    @Test
    void anExceptionOfOneOfTheClassesIsOne() throws IOException {
        byte[] own = compile("class Sample extends Own {} class Own extends java.io.IOException {}", "Own");
        byte[] its = Files.readAllBytes(folder.resolve("Sample.class"));
        Exceptions exceptions = new Exceptions(Map.of("Own", own, "Sample", its));
        assertThat(exceptions.isThrowable("Sample")).isTrue();
        assertThat(exceptions.isThrowable("java/lang/Error")).isTrue();
        assertThat(exceptions.isThrowable("java/lang/String")).isFalse();
        assertThat(exceptions.isThrowable("not/There")).isFalse();
    }

    private ClassFacts facts(String source) throws IOException {
        return ClassFacts.of(compile(source, "Sample"), new Exceptions(Map.of())::isThrowable);
    }

    private byte[] compile(String source, String name) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        Path file = Files.writeString(folder.resolve("Sample.java"), source);
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            boolean done = compiler.getTask(
                            null,
                            files,
                            null,
                            List.of("-d", folder.toString(), "-proc:none"),
                            null,
                            files.getJavaFileObjects(file))
                    .call();
            assertThat(done).isTrue();
        }
        return Files.readAllBytes(folder.resolve(name + ".class"));
    }
}

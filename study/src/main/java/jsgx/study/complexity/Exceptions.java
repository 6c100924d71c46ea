package jsgx.study.complexity;

import java.util.Map;

/** Tells exceptions from other classes: those that are counted by their class files, and the JDK's by asking it. */
final class Exceptions {

    private final Map<String, byte[]> classes;

    Exceptions(Map<String, byte[]> classes) {
        this.classes = Map.copyOf(classes);
    }

    /** Whether a class, by its name with slashes, is a Throwable. */
    boolean isThrowable(String name) {
        String next = name;
        while (classes.containsKey(next)) {
            next = ClassFacts.superclass(classes.getOrDefault(next, new byte[0]))
                    .orElse("java/lang/Object");
        }
        try {
            Class<?> found = Class.forName(next.replace('/', '.'), false, Exceptions.class.getClassLoader());
            return Throwable.class.isAssignableFrom(found);
        } catch (ClassNotFoundException e) {
            return false;
        }
    }
}

package jsgx.bench;

/** The least that a JVM can do: the peer of {@link StartUp}. */
final class HelloWorld {

    private HelloWorld() {}

    public static void main(String[] args) {
        System.out.println("hello");
    }
}

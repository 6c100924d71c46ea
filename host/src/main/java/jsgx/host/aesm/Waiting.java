package jsgx.host.aesm;

/**
 * A request that waits for its turn. Its connection is nobody else's until it is answered.
 *
 * @param deadline when it need not be answered otherwise than that it is too late, of {@link System#nanoTime}
 */
record Waiting(Connection connection, AesmRequest request, long deadline) {

    boolean isOver(long now) {
        return deadline - now < 0;
    }
}

package jsgx.launch.cache;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import jsgx.launch.token.TokenKey;

/** A load in flight, for one caller and all that join it. */
final class Flight {

    final TokenKey key;

    /** Whoever caused it is charged. */
    final Share share;

    final Thread loading = Thread.currentThread();

    private final CompletableFuture<byte[]> outcome = new CompletableFuture<>();

    Flight(TokenKey key, Share share) {
        this.key = key;
        this.share = share;
    }

    void landed(byte[] token) {
        outcome.complete(token);
    }

    void failed(Throwable failure) {
        outcome.completeExceptionally(failure);
    }

    /** The token, once it is there. */
    byte[] join() throws InterruptedException, ExecutionException {
        return outcome.get();
    }
}

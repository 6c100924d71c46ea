package jsgx.cli;

import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;
import jsgx.arch.struct.Attributes;
import jsgx.cli.Screen.Fact;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.json.Json;
import jsgx.launch.store.StoredToken;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.store.TokenStore;
import jsgx.launch.store.UserTokenCache;

/** The user's token store, opened for one command, and how its tokens are shown. */
final class UserTokens implements AutoCloseable {

    private final TokenStore store;
    private final UserTokenCache cache;

    private UserTokens(TokenStore store, UserTokenCache cache) {
        this.store = store;
        this.cache = cache;
    }

    /** The store in the user's state folder, for tokens of this platform. */
    static UserTokens on(Platform platform, Surroundings surroundings) throws LaunchException {
        InstantSource clock = surroundings.clock();
        TokenStore store = TokenStore.in(Platforms.folder(surroundings));
        TokenOrigin here = new TokenOrigin(platform.id(), platform.leMrSigner());
        return new UserTokens(store, new UserTokenCache(store, () -> here, clock));
    }

    /** The same, for tokens of a daemon's platform: which one that is, it says with each token. */
    static UserTokens of(Supplier<TokenOrigin> daemon, Surroundings surroundings) throws LaunchException {
        TokenStore store = TokenStore.in(Platforms.folder(surroundings));
        return new UserTokens(store, new UserTokenCache(store, daemon, surroundings.clock()));
    }

    /** The same where no token is issued. */
    static UserTokens open(Surroundings surroundings) throws LaunchException {
        InstantSource clock = surroundings.clock();
        TokenStore store = TokenStore.in(Platforms.folder(surroundings));
        return new UserTokens(store, new UserTokenCache(store, () -> TokenOrigin.UNKNOWN, clock));
    }

    UserTokenCache cache() {
        return cache;
    }

    TokenStore store() {
        return store;
    }

    /** The token of a label. */
    StoredToken existing(String label) throws LaunchException, BadInput {
        return cache.find(label).orElseThrow(() -> unknown(label));
    }

    /** Shows the token of a label, on behalf of a command. */
    void show(String label, Subcommand command) throws LaunchException, BadInput {
        StoredToken token = existing(label);
        InstantSource clock = command.surroundings.clock();
        if (command.json()) {
            command.print(json(token, clock));
        } else {
            Screen screen = command.screen();
            screen.line(Text.printable(label) + "  kept in "
                    + Text.printable(store.path().toString()));
            screen.blank();
            screen.facts(facts(screen, token, clock));
        }
    }

    /** There is no such label. */
    BadInput unknown(String label) {
        return new BadInput("%s: no token with the label \"%s\"; see  jsgx token list"
                .formatted(store.path(), Text.printable(label)));
    }

    /** A token as JSON. */
    static Json json(StoredToken token, InstantSource clock) {
        Attributes attributes = token.identity().attributes();
        return new Json()
                .put("label", token.label())
                .put("mrenclave", hex(token.identity().mrEnclave()))
                .put("mrsigner", hex(token.identity().mrSigner()))
                .put("attributes", Text.mask(attributes.flags()))
                .put("xfrm", Text.mask(attributes.xfrm()))
                .put("platform", token.origin().platform())
                .put("leHash", token.origin().leHash())
                .put("leSvn", token.leSvn())
                .put("issuedAt", token.issuedAt().toString())
                .put(
                        "expiresAt",
                        token.expiresAt().equals(StoredToken.NEVER)
                                ? null
                                : token.expiresAt().toString())
                .put("expired", token.isExpired(clock.instant()))
                .put("pinned", token.pinned())
                .put("lastUsed", token.lastUsed().toString())
                .put("bytes", token.size());
    }

    /** A token for people. */
    static List<Fact> facts(Screen screen, StoredToken token, InstantSource clock) {
        return List.of(
                new Fact("MRENCLAVE", screen.hash(hex(token.identity().mrEnclave()))),
                new Fact("MRSIGNER", screen.hash(hex(token.identity().mrSigner()))),
                new Fact("attributes", token.identity().attributes().toString()),
                new Fact("made on", origin(screen, token.origin())),
                new Fact("issued", token.issuedAt().toString()),
                new Fact("expires", end(token, clock)),
                new Fact("pinned", token.pinned() ? "yes" : "no"));
    }

    /** When a token expires. */
    static String end(StoredToken token, InstantSource clock) {
        if (token.expiresAt().equals(StoredToken.NEVER)) {
            return "never";
        }
        return token.isExpired(clock.instant())
                ? "expired " + token.expiresAt()
                : token.expiresAt().toString();
    }

    private static String origin(Screen screen, TokenOrigin origin) {
        return origin.equals(TokenOrigin.UNKNOWN)
                ? "unknown: it was imported"
                : "platform %s, by the launch enclave of %s"
                        .formatted(screen.hash(origin.platform()), screen.hash(origin.leHash()));
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    @Override
    public void close() {
        store.close();
    }
}

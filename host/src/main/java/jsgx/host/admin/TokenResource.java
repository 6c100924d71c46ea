package jsgx.host.admin;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import jsgx.arch.struct.Attributes;
import jsgx.host.admin.Operation.Answer;
import jsgx.host.service.HostContext;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.governor.Revoker;
import jsgx.launch.json.Json;
import jsgx.launch.store.StoredToken;
import jsgx.launch.store.UserTokenCache;

/** The tokens that user space keeps in the state folder. */
final class TokenResource {

    private final HostContext context;

    TokenResource(HostContext context) {
        this.context = context;
    }

    List<Operation> operations() {
        return List.of(
                new Operation("GET", "/v1/tokens", call -> list()),
                new Operation("POST", "/v1/tokens/{id}/pin", this::pin),
                new Operation("POST", "/v1/tokens/{id}/expire", this::expire),
                new Operation("POST", "/v1/tokens/{id}/discard", this::discard));
    }

    private Answer list() throws LaunchException {
        Optional<UserTokenCache> tokens = context.running().userTokens();
        List<Json> items = new ArrayList<>();
        if (tokens.isPresent()) {
            tokens.get().list().forEach(token -> items.add(json(token)));
        }
        return Answer.of(new Json()
                .put("items", items)
                .put("bytes", tokens.isPresent() ? tokens.get().size() : 0L)
                .put("budget", tokens.isPresent() ? tokens.get().budget() : 0L));
    }

    private UserTokenCache tokens() {
        return context.running()
                .userTokens()
                .orElseThrow(() -> Problem.notFound("this host keeps no tokens of user space"));
    }

    private StoredToken existing(String label) throws LaunchException {
        return tokens().find(label)
                .orElseThrow(() -> Problem.notFound("no token with the label \"%s\"".formatted(label))
                        .advice("GET /v1/tokens lists them"));
    }

    private void record(Call call, String verdict, String what) throws LaunchException {
        context.governance()
                .options()
                .audit()
                .record(Revoker.act(
                        context.clock(),
                        call.who(),
                        AuditEvent.Kind.ADMINISTRATION,
                        verdict,
                        what,
                        HostResource.revision(context)));
    }

    private Answer pin(Call call) throws LaunchException {
        String label = existing(call.path("id")).label();
        Fields fields = call.body(false, Call.SMALL);
        boolean pinned = fields.truth("pinned").orElse(true);
        fields.end();
        record(call, pinned ? "pin" : "unpin", "the token " + label);
        tokens().pin(label, pinned);
        return Answer.of(json(existing(label)));
    }

    private Answer expire(Call call) throws LaunchException {
        String label = existing(call.path("id")).label();
        Fields fields = call.body(false, Call.SMALL);
        Instant at = fields.time("at").orElseGet(() -> context.clock().instant());
        fields.end();
        record(call, "expire", "the token %s at %s".formatted(label, at));
        tokens().expire(label, at);
        return Answer.of(json(existing(label)));
    }

    private Answer discard(Call call) throws LaunchException {
        String label = existing(call.path("id")).label();
        call.body(false, Call.SMALL).end();
        record(call, "discard", "the token " + label);
        tokens().discard(label);
        return Answer.of(new Json().put("discarded", label));
    }

    private Json json(StoredToken token) {
        Attributes attributes = token.identity().attributes();
        HexFormat hex = HexFormat.of();
        boolean ends = !token.expiresAt().equals(StoredToken.NEVER);
        return new Json()
                .put("id", token.label())
                .put("label", token.label())
                .put("mrenclave", hex.formatHex(token.identity().mrEnclave()))
                .put("mrsigner", hex.formatHex(token.identity().mrSigner()))
                .put("attributes", PolicyJson.mask(attributes.flags()))
                .put("xfrm", PolicyJson.mask(attributes.xfrm()))
                .put("platform", token.origin().platform())
                .put("leHash", token.origin().leHash())
                .put("leSvn", token.leSvn())
                .put("issuedAt", token.issuedAt().toString())
                .put("expiresAt", ends ? token.expiresAt().toString() : null)
                .put("expired", token.isExpired(context.clock().instant()))
                .put("pinned", token.pinned())
                .put("lastUsed", token.lastUsed().toString())
                .put("bytes", token.size());
    }
}

package jsgx.host.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import jsgx.host.admin.Operation.Answer;
import jsgx.host.feed.LaunchFeed;
import jsgx.host.service.HostContext;
import jsgx.launch.LaunchException;
import jsgx.launch.governor.LaunchEntry;
import jsgx.launch.governor.Revocation;
import jsgx.launch.governor.RevocationFile;
import jsgx.launch.governor.RevocationReport;
import jsgx.launch.governor.Revocations;
import jsgx.launch.governor.Revoker;
import jsgx.launch.json.Json;

/** What is revoked; revoking, with a preview, and taking it back. */
final class RevocationResource {

    private static final Set<String> NAMES =
            Set.of("enclave", "signer", "product", "belowSvn", "launchEnclave", "leBelowSvn");

    private final HostContext context;
    private final LaunchFeed feed;

    RevocationResource(HostContext context, LaunchFeed feed) {
        this.context = context;
        this.feed = feed;
    }

    List<Operation> operations() {
        return List.of(
                new Operation("GET", "/v1/revocations", call -> list()),
                new Operation("POST", "/v1/revocations", this::revoke),
                new Operation("DELETE", "/v1/revocations", this::reinstate),
                new Operation("POST", "/v1/revocations/preview", this::preview));
    }

    private RevocationFile file() {
        return context.governance().options().revocations();
    }

    private Revoker revoker(Call call) {
        return context.running().governor().revoker().by(call.who());
    }

    private Answer list() throws LaunchException {
        Revocations present = file().read();
        return Answer.of(new Json()
                .put("revision", present.revision())
                .put(
                        "items",
                        present.entries().stream()
                                .map(RevocationResource::entry)
                                .toList()));
    }

    private static Json entry(Revocations.Entry entry) {
        Json json = new Json()
                .put("what", entry.revocation().toString())
                .put("revision", entry.revision())
                .put("time", entry.time().toString());
        return switch (entry.revocation()) {
            case Revocation.Enclave(String mrEnclave) -> json.put("enclave", mrEnclave);
            case Revocation.Signer(String mrSigner) -> json.put("signer", mrSigner);
            case Revocation.Product(String mrSigner, int product, int belowSvn) ->
                json.put("signer", mrSigner).put("product", product).put("belowSvn", belowSvn);
            case Revocation.LaunchEnclave(String mrSigner) -> json.put("launchEnclave", mrSigner);
            case Revocation.LaunchEnclaveSvn(int belowSvn) -> json.put("leBelowSvn", belowSvn);
        };
    }

    private Answer revoke(Call call) throws LaunchException {
        Revocation revocation = read(call.body(true, Call.SMALL));
        RevocationReport report = revoker(call).revoke(revocation);
        return Answer.of(new Json()
                .put("revoked", revocation.toString())
                .put("revision", report.revision())
                .put(
                        "waitedFor",
                        report.waitedFor().stream().map(LaunchJson::entry).toList())
                .put("purged", counts(report.purged()))
                .put("running", running(revocation, report)));
    }

    private Answer preview(Call call) throws LaunchException {
        Revocation revocation = read(call.body(true, Call.SMALL));
        RevocationReport report = revoker(call).preview(revocation);
        return Answer.of(new Json()
                .put("what", revocation.toString())
                .put("revoked", file().read().contains(revocation))
                .put("running", running(revocation, report))
                .put("tokens", counts(report.purged())));
    }

    /** The enclaves of this host with the processes that have them; those of other processes of the folder as the folder knows them. */
    private List<Json> running(Revocation revocation, RevocationReport report) {
        long here = ProcessHandle.current().pid();
        Stream<Json> own = feed.running().values().stream()
                .filter(enclave ->
                        revocation.covers(enclave.mrEnclave(), enclave.mrSigner(), enclave.product(), enclave.svn()))
                .map(LaunchJson::entry);
        Stream<Json> others = report.running().stream()
                .filter((LaunchEntry entry) -> entry.pid() != here)
                .map(LaunchJson::entry);
        return Stream.concat(own, others).toList();
    }

    private static Json counts(Map<String, Long> counts) {
        Json json = new Json();
        counts.forEach(json::put);
        return json;
    }

    private Answer reinstate(Call call) throws LaunchException {
        Map<String, String> query = call.query(NAMES);
        Fields fields = Fields.parse(asJson(query).toString());
        Revocation revocation = read(fields);
        if (!file().read().contains(revocation)) {
            throw Problem.notFound(revocation + " is not revoked").advice("GET /v1/revocations lists what is");
        }
        long revision = revoker(call).reinstate(revocation);
        return Answer.of(new Json().put("what", revocation.toString()).put("revision", revision));
    }

    private static Json asJson(Map<String, String> query) {
        Json json = new Json();
        for (String name : query.keySet()) {
            if (Set.of("product", "belowSvn", "leBelowSvn").contains(name)) {
                json.put(name, Call.number(query, name, 0, 65536).orElseThrow());
            } else {
                json.put(name, query.get(name));
            }
        }
        return json;
    }

    private static Revocation read(Fields fields) {
        List<Revocation> named = new ArrayList<>();
        fields.hash("enclave").ifPresent(hash -> named.add(new Revocation.Enclave(hash)));
        OptionalLong product = fields.number("product", 0, 65535);
        OptionalLong belowSvn = fields.number("belowSvn", 1, 65536);
        fields.hash("signer").ifPresent(hash -> {
            if (product.isPresent() != belowSvn.isPresent()) {
                throw Problem.badRequest("product and belowSvn go together");
            }
            named.add(
                    product.isPresent()
                            ? new Revocation.Product(hash, (int) product.getAsLong(), (int) belowSvn.getAsLong())
                            : new Revocation.Signer(hash));
        });
        if ((product.isPresent() || belowSvn.isPresent()) && !fields.has("signer")) {
            throw Problem.badRequest("product and belowSvn go with signer").where("signer");
        }
        fields.hash("launchEnclave").ifPresent(hash -> named.add(new Revocation.LaunchEnclave(hash)));
        fields.number("leBelowSvn", 1, 65536).ifPresent(svn -> named.add(new Revocation.LaunchEnclaveSvn((int) svn)));
        fields.end();
        if (named.size() != 1) {
            throw Problem.badRequest("the request names %d things to revoke".formatted(named.size()))
                    .expected("one of enclave, signer, launchEnclave and leBelowSvn");
        }
        return named.getFirst();
    }
}

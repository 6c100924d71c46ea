package jsgx.host.admin;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import jsgx.host.admin.Operation.Answer;
import jsgx.host.service.HostContext;
import jsgx.image.SigstructCheck;
import jsgx.launch.LaunchException;
import jsgx.launch.governor.PolicyInstaller;
import jsgx.launch.governor.PolicySource;
import jsgx.launch.json.Json;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyExplanation;
import jsgx.launch.policy.PolicyExplanation.RuleTrace;
import jsgx.launch.policy.PolicyFile;
import jsgx.launch.policy.PolicyFolder;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;

/** The policy in force, another one in its place, and what it says to a launch. */
final class PolicyResource {

    /** The largest policy, with what it includes. */
    private static final int LARGEST = 64 << 20;

    private static final int MOST_FILES = 64;
    private static final int MOST_NEARLY = 32;

    private final HostContext context;

    PolicyResource(HostContext context) {
        this.context = context;
    }

    List<Operation> operations() {
        return List.of(
                new Operation("GET", "/v1/policy", call -> show()),
                new Operation("PUT", "/v1/policy", this::install),
                new Operation("POST", "/v1/policy/check", this::check),
                new Operation("POST", "/v1/policy/reload", this::reload),
                new Operation("POST", "/v1/policy/judge", this::judge));
    }

    /** A launch of an enclave of zeroes. */
    static PolicySubject nothing(Instant time) {
        return new PolicySubject(new byte[32], new byte[32], 0, 0, Attributes.NONE, 0, 0, "", time);
    }

    private PolicySource source() {
        return context.governance().options().policy();
    }

    private Answer show() throws IOException {
        // Has the governor look whether there is another policy.
        context.running().governor().judge(nothing(context.clock().instant()));
        String state = HostResource.policyState(context);
        Optional<Policy> policy = source().current();
        PolicyVerdict own = source().judge(nothing(context.clock().instant()));
        return Answer.of(new Json()
                .put("state", state)
                .put("reason", state.equals("unusable") ? own.reason() : "")
                .put("text", text())
                .put("file", context.state().resolve(PolicyFolder.POLICY).toString())
                .put("revision", HostResource.revision(context))
                .put("sequence", policy.map(Policy::sequence).orElse(0L))
                .put("signed", policy.map(Policy::signed).orElse(false))
                .put("mode", policy.map(each -> PolicyJson.word(each.mode())).orElse(null))
                .put(
                        "default",
                        policy.map(each -> PolicyJson.word(each.defaultEffect()))
                                .orElse(null))
                .put(
                        "rules",
                        policy.map(Policy::ruleHeads).orElse(List.of()).stream()
                                .map(rule -> new Json()
                                        .put("rule", rule.rule())
                                        .put("effect", PolicyJson.word(rule.effect()))
                                        .put("where", rule.where()))
                                .toList())
                .put("counts", policy.map(PolicyJson::counts).orElse(null))
                .put(
                        "quotas",
                        policy.map(each -> PolicyJson.quotas(each.quotas())).orElse(List.of())));
    }

    private @org.jspecify.annotations.Nullable String text() throws IOException {
        try {
            byte[] bytes = Files.readAllBytes(context.state().resolve(PolicyFolder.POLICY));
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private PolicyInstaller installer(Call call) {
        return new PolicyInstaller(
                PolicyFolder.in(context.state(), context.clock()),
                context.running().governor().revoker().by(call.who()),
                context.governance().options().audit(),
                context.clock(),
                context.governance().options().fleet());
    }

    private Answer install(Call call) throws LaunchException, PolicyException, IOException {
        Fields fields = call.body(true, LARGEST);
        Candidate candidate = Candidate.read(fields);
        boolean acceptRollback = fields.truth("acceptRollback").orElse(false);
        fields.end();
        return candidate.with(
                file -> installed(installer(call).install(file, acceptRollback, "a policy from the admin API")));
    }

    private Answer reload(Call call) throws LaunchException, PolicyException, IOException {
        Fields fields = call.body(false, Call.SMALL);
        boolean acceptRollback = fields.truth("acceptRollback").orElse(false);
        fields.end();
        Path file = context.state().resolve(PolicyFolder.POLICY);
        return installed(installer(call).install(file, acceptRollback));
    }

    private static Answer installed(PolicyInstaller.Change change) {
        Policy policy = change.policy();
        return Answer.of(new Json()
                .put("revision", change.revision())
                .put("rolledBackFrom", change.rolledBackFrom())
                .put("mode", PolicyJson.word(policy.mode()))
                .put("default", PolicyJson.word(policy.defaultEffect()))
                .put("sequence", policy.sequence())
                .put("signed", policy.signed())
                .put("counts", PolicyJson.counts(policy)));
    }

    private Answer check(Call call) throws LaunchException, PolicyException, IOException {
        Fields fields = call.body(true, LARGEST);
        Candidate candidate = Candidate.read(fields);
        fields.end();
        try {
            Policy policy = candidate.with(PolicyFile::load);
            return Answer.of(new Json()
                    .put("valid", true)
                    .put("errors", List.of())
                    .put("mode", PolicyJson.word(policy.mode()))
                    .put("default", PolicyJson.word(policy.defaultEffect()))
                    .put("sequence", policy.sequence())
                    .put("counts", PolicyJson.counts(policy)));
        } catch (PolicyException e) {
            return Answer.of(new Json()
                    .put("valid", false)
                    .put("errors", e.errors().stream().map(PolicyJson::error).toList()));
        }
    }

    private Answer judge(Call call) {
        Fields fields = call.body(true, Call.SMALL);
        PolicySubject subject = subject(fields);
        fields.matching("interface", "mainline|v5|isgx", "mainline, v5 or isgx");
        fields.end();
        PolicyVerdict verdict = context.running().governor().judge(subject);
        Optional<PolicyExplanation> why = source().current().map(policy -> policy.explain(subject));
        return Answer.of(new Json()
                .put("effect", PolicyJson.word(verdict.effect()))
                .put("code", verdict.effect().code())
                .put("rule", verdict.rule())
                .put("where", verdict.where())
                .put("reason", verdict.reason())
                .put("revision", verdict.revision())
                .put("subject", PolicyJson.subject(subject))
                .put("matching", traces(why.map(PolicyExplanation::matching).orElse(List.of())))
                .put(
                        "nearlyMatching",
                        traces(why.map(PolicyExplanation::nearlyMatching).orElse(List.of()))));
    }

    private static List<Json> traces(List<RuleTrace> rules) {
        return rules.stream().limit(MOST_NEARLY).map(PolicyJson::trace).toList();
    }

    private PolicySubject subject(Fields fields) {
        Sigstruct sigstruct =
                fields.string("sigstruct").map(PolicyResource::sigstruct).orElseGet(Sigstruct::allocate);
        boolean given = fields.has("sigstruct");
        HexFormat hex = HexFormat.of();
        Optional<byte[]> mrEnclave = fields.hash("mrenclave").map(hex::parseHex);
        Optional<byte[]> mrSigner = fields.hash("mrsigner").map(hex::parseHex);
        Attributes signed = sigstruct.attributes();
        return new PolicySubject(
                mrEnclave.orElseGet(() -> sigstruct.enclaveHash().toArray(Layouts.U8)),
                mrSigner.orElseGet(() -> given ? hex.parseHex(SigstructCheck.mrSigner(sigstruct)) : new byte[32]),
                (int) fields.number("product", 0, 65535).orElse(sigstruct.isvProdId()),
                (int) fields.number("svn", 0, 65535).orElse(sigstruct.isvSvn()),
                new Attributes(
                        fields.mask("attributes", 64).orElse(signed.flags()),
                        fields.mask("xfrm", 64).orElse(signed.xfrm())),
                (int) fields.mask("miscselect", 32).orElse(Integer.toUnsignedLong(sigstruct.miscSelect())),
                fields.number("size", 0, Json.LARGEST_WHOLE).orElse(0),
                fields.matching("workload", "(?s).{0,255}", "at most 255 characters")
                        .orElse(""),
                fields.time("time").orElseGet(() -> context.clock().instant()));
    }

    private static Sigstruct sigstruct(String base64) {
        byte[] bytes;
        try {
            bytes = Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest("the SIGSTRUCT is not in Base64").where("sigstruct");
        }
        if (bytes.length != Sigstruct.SIZE) {
            throw Problem.badRequest("the SIGSTRUCT has another size")
                    .where("sigstruct")
                    .expected("%d bytes".formatted(Sigstruct.SIZE))
                    .found("%d bytes".formatted(bytes.length));
        }
        return Sigstruct.of(bytes);
    }

    /** A policy of a request, with what it includes. */
    private record Candidate(String text, Map<String, byte[]> includes) {

        interface Work<T> {
            T on(Path file) throws LaunchException, PolicyException, IOException;
        }

        static Candidate read(Fields fields) {
            String text = fields.required("text");
            Map<String, byte[]> includes = new java.util.LinkedHashMap<>();
            fields.object("includes").orElse(Map.of()).forEach((key, value) -> {
                String name = String.valueOf(key);
                if (!name.matches("[^./\\x00][^/\\x00]{0,254}") || name.equals(PolicyFolder.POLICY)) {
                    throw Problem.badRequest("\"%s\" is no name of a file beside the policy".formatted(name))
                            .where("includes");
                }
                try {
                    includes.put(name, Base64.getDecoder().decode(String.valueOf(value)));
                } catch (IllegalArgumentException e) {
                    throw Problem.badRequest("\"%s\" is not in Base64".formatted(name))
                            .where("includes");
                }
            });
            if (includes.size() > MOST_FILES) {
                throw Problem.badRequest("%d files are included".formatted(includes.size()))
                        .where("includes")
                        .expected("at most %d".formatted(MOST_FILES));
            }
            return new Candidate(text, includes);
        }

        /** Does something with the policy as a file, in a folder of its own that nobody else can look into and that is gone after it. */
        <T> T with(Work<T> work) throws LaunchException, PolicyException, IOException {
            Path folder = Files.createTempDirectory("jsgx-policy");
            List<Path> written = new ArrayList<>();
            try {
                for (Map.Entry<String, byte[]> included : includes.entrySet()) {
                    written.add(Files.write(folder.resolve(included.getKey()), included.getValue()));
                }
                Path file = folder.resolve(PolicyFolder.POLICY);
                written.add(Files.writeString(file, text));
                return work.on(file);
            } finally {
                for (Path file : written) {
                    Files.deleteIfExists(file);
                }
                Files.deleteIfExists(folder);
            }
        }
    }
}

package jsgx.cli;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import jsgx.launch.governor.LaunchEntry;
import jsgx.launch.governor.Revocation;
import jsgx.launch.governor.RevocationReport;
import jsgx.launch.json.Json;

/** Revocations as a daemon's admin API writes them. */
final class RemoteRevocations {

    private RemoteRevocations() {}

    /** What is to be revoked. */
    static Json json(Revocation revocation) {
        return new Json().putAll(fields(revocation));
    }

    /** The same as the parameters of a query. */
    static String query(Revocation revocation) {
        return String.join(
                "&",
                fields(revocation).entrySet().stream()
                        .map(field -> field.getKey() + "=" + field.getValue())
                        .toList());
    }

    private static Map<String, Object> fields(Revocation revocation) {
        return new TreeMap<>(
                switch (revocation) {
                    case Revocation.Enclave(String mrEnclave) -> Map.of("enclave", mrEnclave);
                    case Revocation.Signer(String mrSigner) -> Map.of("signer", mrSigner);
                    case Revocation.Product(String mrSigner, int product, int belowSvn) ->
                        Map.<String, Object>of("signer", mrSigner, "product", product, "belowSvn", belowSvn);
                    case Revocation.LaunchEnclave(String mrSigner) -> Map.of("launchEnclave", mrSigner);
                    case Revocation.LaunchEnclaveSvn(int belowSvn) -> Map.<String, Object>of("leBelowSvn", belowSvn);
                });
    }

    /** What a revocation met, as the daemon tells it. */
    static RevocationReport report(Revocation revocation, Map<String, ?> document) {
        Map<String, Long> purged = new TreeMap<>();
        Documents.object(document, "purged").forEach((holder, count) -> {
            if (count instanceof Number number) {
                purged.put(String.valueOf(holder), number.longValue());
            }
        });
        return new RevocationReport(
                revocation,
                Documents.number(document, "revision"),
                entries(document, "waitedFor"),
                purged,
                entries(document, "running"));
    }

    private static List<LaunchEntry> entries(Map<String, ?> document, String name) {
        return Documents.objects(document, name).stream()
                .map(entry -> new LaunchEntry(
                        name.equals("running"),
                        Documents.number(entry, "pid"),
                        Documents.number(document, "revision"),
                        Documents.string(entry, "mrenclave"),
                        Documents.string(entry, "mrsigner"),
                        (int) Documents.number(entry, "product"),
                        (int) Documents.number(entry, "svn"),
                        Documents.string(entry, "workload")))
                .toList();
    }
}

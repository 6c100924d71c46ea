package jsgx.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import jsgx.arch.CpuFeatures;
import jsgx.cli.Screen.Fact;
import jsgx.launch.LaunchControl;
import jsgx.launch.OwnerEpoch;
import jsgx.launch.Platform;
import jsgx.launch.json.Json;

/** A platform as it is shown: everything but its secrets. */
final class PlatformReport {

    /** The processor models that have a name. */
    static final Map<String, CpuFeatures> MODELS = Map.of(
            "sgx1", CpuFeatures.SGX1,
            "sgx1-flc", CpuFeatures.SGX1_FLC,
            "sgx2", CpuFeatures.SGX2);

    private PlatformReport() {}

    static Json json(Path file, Platform platform) {
        CpuFeatures features = platform.features();
        LaunchControl control = platform.launchControl();
        return new Json()
                .put("file", file.toString())
                .put(
                        "features",
                        new Json()
                                .put("model", model(features))
                                .put("sgx2", features.sgx2())
                                .put("flc", features.flc())
                                .put("kss", features.kss())
                                .put("edeccssa", features.edeccssa())
                                .put("aexNotify", features.aexNotify())
                                .put("attributesMask", Text.mask(features.attributesMask()))
                                .put("xfrm", Text.mask(features.xfrm()))
                                .put("miscSelect", Text.mask(features.miscSelect())))
                .put("epc", platform.epcBytes())
                .put("epcSections", platform.epcSections())
                .put("cpusvn", platform.cpuSvn().toString())
                .put("ownerEpochId", id(platform.ownerEpoch()))
                .put(
                        "launchControl",
                        new Json()
                                .put("hashMsrs", control.writable() ? "unlocked" : "locked")
                                .put("lePubKeyHash", control.hash()))
                .put(
                        "launchEnclave",
                        new Json()
                                .put("mrsigner", platform.leMrSigner())
                                .put("profile", platform.leProfile().id()));
    }

    static void show(Screen screen, Path file, Platform platform) {
        CpuFeatures features = platform.features();
        LaunchControl control = platform.launchControl();
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact("features", model(features) + ": " + names(features)));
        facts.add(new Fact("EPC", epc(platform)));
        facts.add(new Fact("CPUSVN", platform.cpuSvn().toString()));
        facts.add(new Fact("owner epoch", "secret, known as " + id(platform.ownerEpoch())));
        facts.add(new Fact(
                "hash MSRs",
                (control.writable() ? "unlocked" : "locked") + ", after reset " + screen.hash(control.hash())
                        + (control.isIntel() ? ", Intel's" : "")
                        + (control.hash().equals(platform.leMrSigner()) ? ", this platform's launch enclave's" : "")));
        facts.add(new Fact(
                "launch enclave",
                "signed by " + screen.hash(platform.leMrSigner()) + ", profile "
                        + platform.leProfile().id()));
        facts.add(new Fact("kept in", file.toString()));
        screen.facts(facts);
    }

    private static String epc(Platform platform) {
        String all = Text.size(platform.epcBytes());
        List<Long> sections = platform.epcSections();
        return sections.size() == 1
                ? all
                : all + " in " + sections.size() + " sections of "
                        + String.join(", ", sections.stream().map(Text::size).toList());
    }

    /** The name of a processor model; {@code custom} where it has none. */
    static String model(CpuFeatures features) {
        return MODELS.entrySet().stream()
                .filter(model -> model.getValue().equals(features))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse("custom");
    }

    private static String names(CpuFeatures features) {
        List<String> names = new ArrayList<>(List.of("SGX1"));
        add(names, features.sgx2(), "SGX2");
        add(names, features.flc(), "launch control");
        add(names, features.kss(), "KSS");
        add(names, features.edeccssa(), "EDECCSSA");
        add(names, features.aexNotify(), "AEX-Notify");
        add(names, features.eupdatesvn(), "EUPDATESVN");
        add(names, features.cet(), "CET");
        return String.join(", ", names);
    }

    private static void add(List<String> names, boolean has, String name) {
        if (has) {
            names.add(name);
        }
    }

    /** What tells one owner epoch from another and says nothing of it. */
    static String id(OwnerEpoch epoch) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update("jsgx owner epoch".getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(digest.digest(epoch.bytes()), 0, 4);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}

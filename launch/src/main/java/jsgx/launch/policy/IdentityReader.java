package jsgx.launch.policy;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import jsgx.launch.file.FileReader;
import jsgx.launch.le.WhiteList;
import jsgx.launch.le.WhiteListCertificate;
import jsgx.launch.le.WhiteListException;
import jsgx.launch.yaml.Fields;
import jsgx.launch.yaml.Problems;
import jsgx.launch.yaml.YamlNode;

/** Reads what a rule says of MRENCLAVE or MRSIGNER: a hash, a list of them, a file with one a line, or Intel's white list. */
final class IdentityReader {

    private static final String HASH = "64 hexadecimal digits";

    private final Problems problems;
    private final Includes includes;
    private final WhiteListCertificate certificate;
    private final boolean pinned;

    /**
     * @param pinned whether an included file must be named with its SHA-256, so that the policy's signature covers it
     */
    IdentityReader(Problems problems, Includes includes, WhiteListCertificate certificate, boolean pinned) {
        this.problems = problems;
        this.includes = includes;
        this.certificate = certificate;
        this.pinned = pinned;
    }

    /**
     * Hashes, and where they come from.
     *
     * @param identities empty where a white list stands for all signers
     * @param whiteListed whether they come from a white list
     */
    record Named(Optional<Identities> identities, boolean whiteListed) {}

    /** Enclaves or signers; empty where they cannot be read, which is a problem. */
    Optional<Named> read(YamlNode node, boolean signers) {
        if (!(node instanceof YamlNode.Mapping mapping)) {
            return listed(node).map(identities -> new Named(Optional.of(identities), false));
        }
        Fields fields = Fields.of(
                mapping, signers ? Set.of("file", "whiteList", "sha256") : Set.of("file", "sha256"), problems);
        Optional<YamlNode> file = fields.node("file");
        Optional<YamlNode> whiteList = signers ? fields.node("whiteList") : Optional.empty();
        if (file.isPresent() == whiteList.isPresent()) {
            problems.add(
                    node,
                    signers
                            ? "expected either \"file\" or \"whiteList\""
                            : "there is no \"file\": expected the name of a file with one hash a line");
            return Optional.empty();
        }
        YamlNode name = file.or(() -> whiteList).orElseThrow();
        return Fields.scalar(name, "the name of a file", problems)
                .flatMap(scalar -> content(scalar, fields)
                        .flatMap(bytes -> file.isPresent() ? lines(scalar, bytes) : whiteList(scalar, bytes)));
    }

    private Optional<Identities> listed(YamlNode node) {
        Set<Hash256> hashes = new HashSet<>();
        List<YamlNode.Scalar> scalars = Fields.scalars(node, HASH, problems);
        for (YamlNode.Scalar scalar : scalars) {
            if (Hash256.isHash(scalar.value())) {
                hashes.add(Hash256.parse(scalar.value()));
            } else {
                problems.add(
                        scalar,
                        "expected %s, found %s, %d characters"
                                .formatted(HASH, scalar.kind(), scalar.value().length()));
            }
        }
        return hashes.isEmpty() ? Optional.empty() : Optional.of(new Identities(hashes, ""));
    }

    private Optional<byte[]> content(YamlNode.Scalar name, Fields fields) {
        byte[] content;
        if (name.value().indexOf('\0') >= 0) {
            problems.add(name, "expected the name of a file, found a zero character in it: write it without");
            return Optional.empty();
        }
        try {
            content = includes.read(name.value());
        } catch (IOException e) {
            problems.add(name, "%s: %s".formatted(name.value(), FileReader.reason(e)));
            return Optional.empty();
        }
        String hash = Hash256.digest(content).toString();
        Optional<YamlNode> expected = fields.node("sha256");
        if (expected.isEmpty()) {
            if (pinned) {
                problems.add(
                        fields.place(),
                        "a signed policy names each file with its \"sha256\": expected %s for %s as it is now"
                                .formatted(hash, name.value()));
                return Optional.empty();
            }
            return Optional.of(content);
        }
        Optional<YamlNode.Scalar> scalar = Fields.scalar(expected.get(), HASH, problems);
        if (scalar.isPresent() && !scalar.get().value().equalsIgnoreCase(hash)) {
            problems.add(
                    scalar.get(),
                    "%s is another file: expected SHA-256 %s, found %s"
                            .formatted(name.value(), scalar.get().value(), hash));
            return Optional.empty();
        }
        return scalar.map(matches -> content);
    }

    /** One hash a line; blank lines and what follows a # are not looked at. */
    private Optional<Named> lines(YamlNode.Scalar name, byte[] bytes) {
        Set<Hash256> hashes = new HashSet<>();
        String text;
        try {
            text = PolicyFile.text(name.value(), bytes);
        } catch (PolicyException e) {
            problems.addAll(e.errors());
            return Optional.empty();
        }
        Problems here = new Problems(name.value(), text);
        int number = 0;
        for (String line : (Iterable<String>) text.lines()::iterator) {
            number++;
            int comment = line.indexOf('#');
            String hash = (comment < 0 ? line : line.substring(0, comment)).strip();
            if (Hash256.isHash(hash)) {
                hashes.add(Hash256.parse(hash));
            } else if (!hash.isEmpty()) {
                here.add(
                        number,
                        1 + line.indexOf(hash),
                        "expected %s, found %d characters".formatted(HASH, hash.length()));
            }
        }
        if (hashes.isEmpty() && !here.any()) {
            here.add(0, 0, "no hash in this file: expected at least one line of " + HASH);
        }
        problems.addAll(here.errors());
        return here.any()
                ? Optional.empty()
                : Optional.of(new Named(Optional.of(new Identities(hashes, " in " + name.value())), false));
    }

    private Optional<Named> whiteList(YamlNode.Scalar name, byte[] bytes) {
        WhiteList list;
        try {
            list = certificate.accept(bytes, WhiteList.NONE);
        } catch (WhiteListException e) {
            problems.add(name, "%s: %s".formatted(name.value(), e.getMessage()));
            return Optional.empty();
        }
        Set<Hash256> hashes = new HashSet<>();
        list.signers().forEach(signer -> hashes.add(Hash256.parse(signer)));
        // A first entry of zeroes stands for every signer.
        if (Hash256.parse(list.signers().getFirst()).equals(Hash256.ZERO)) {
            return Optional.of(new Named(Optional.empty(), true));
        }
        String place =
                " of the white list %s, version %s".formatted(name.value(), Integer.toUnsignedString(list.version()));
        return Optional.of(new Named(Optional.of(new Identities(hashes, place)), true));
    }
}

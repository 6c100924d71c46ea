package jsgx.launch.policy;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.PublicKey;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import jsgx.launch.LaunchException;
import jsgx.launch.file.FileReader;
import jsgx.launch.file.LockFile;
import jsgx.launch.file.PrivateFile;
import jsgx.launch.pace.Pace;
import jsgx.launch.yaml.YamlError;
import jsgx.launch.yaml.YamlReader;
import org.jspecify.annotations.Nullable;

/**
 * The policy that is in force for a state folder: {@code policy.yaml}, where {@code policy.pub} lies beside it signed with that key, and with no
 * lower sequence number than the highest that was in force here, which {@code policy.sequence} keeps.
 */
public final class PolicyFolder {

    /** The policy. */
    public static final String POLICY = "policy.yaml";

    /** The pinned key, PEM. */
    public static final String KEY = "policy.pub";

    /** The highest sequence number that was in force. */
    public static final String SEQUENCE = "policy.sequence";

    private static final String LOCK = "policy.lock";
    private static final int SMALL = 16 << 10;

    /** File locks are a process's: its threads keep each other out. */
    private static final Object THREADS = new Object();

    /**
     * The policy that was read last in this process. Who puts one in force reads it first, and who launches then need neither wait until its file
     * has rested nor parse it again: the same bytes say the same.
     */
    private static volatile @Nullable Known known;

    private final Path folder;
    private final FileReader reader;
    private final boolean looking;

    private PolicyFolder(Path folder, FileReader reader, boolean looking) {
        this.folder = folder;
        this.reader = reader;
        this.looking = looking;
    }

    /** The policy of this state folder, which need not exist. */
    public static PolicyFolder in(Path folder, InstantSource clock) {
        return new PolicyFolder(folder, new FileReader(clock), false);
    }

    /** The policy of this state folder for a look: to load it leaves no trace. */
    public static PolicyFolder look(Path folder, InstantSource clock) {
        return new PolicyFolder(folder, new FileReader(clock), true);
    }

    /** Where the policy lies. */
    public Path file() {
        return folder.resolve(POLICY);
    }

    /**
     * The policy in force; empty where there is none and never was one that was pinned or numbered.
     *
     * @throws PolicyException with everything that is wrong with it; launches are to be refused then, or the policy before to be kept
     * @throws LaunchException where it cannot be read now, which says nothing of the policy
     */
    public Optional<Policy> load() throws PolicyException, LaunchException {
        synchronized (THREADS) {
            Optional<PublicKey> key = pinnedKey();
            long highest = highestSequence();
            if (!exists(file())) {
                if (key.isPresent() || highest > 0) {
                    throw failure(
                            POLICY,
                            "there is none, but %s says that there was: put it back"
                                    .formatted(key.isPresent() ? KEY : SEQUENCE));
                }
                return Optional.empty();
            }
            Read read = read(file(), key, Pace.atOnce());
            checkSequence(read.policy(), highest);
            if (!looking && read.policy().sequence() > highest) {
                keepSequence(read.policy().sequence(), false);
            }
            return Optional.of(read.policy());
        }
    }

    /**
     * What was put in force.
     *
     * @param rolledBackFrom the sequence number that the one before had; 0 where the new one is no lower
     * @param content the file, with its signature where it has one
     * @param included the files that it includes by plain names
     */
    public record Installed(Policy policy, long rolledBackFrom, byte[] content, Map<String, byte[]> included) {

        private static Installed of(Read read) {
            return new Installed(read.policy(), read.rolledBackFrom(), read.content(), Map.copyOf(read.included()));
        }
    }

    /**
     * Puts a policy in force, with the files that it includes; where that cannot be, all stays as it was. It may be the one that lies in the
     * folder already.
     *
     * @param acceptRollback whether it may have a lower sequence number than the one before
     */
    public Installed install(Path candidate, boolean acceptRollback) throws PolicyException, LaunchException {
        // To read it takes long, and who launches meanwhile waits for none of that.
        check(candidate, acceptRollback, Pace.yielding());
        synchronized (THREADS) {
            Read read = check(candidate, acceptRollback, Pace.atOnce());
            try {
                PrivateFile.ensureFolder(folder);
                if (read.rolledBackFrom() != 0) {
                    keepSequence(read.policy().sequence(), true);
                }
                if (!candidate
                        .toAbsolutePath()
                        .normalize()
                        .equals(file().toAbsolutePath().normalize())) {
                    for (Map.Entry<String, byte[]> included : read.included().entrySet()) {
                        PrivateFile.write(folder.resolve(included.getKey()), included.getValue());
                    }
                    PrivateFile.write(file(), read.content());
                }
            } catch (LaunchException e) {
                throw failure(POLICY, e);
            }
            keepSequence(read.policy().sequence(), false);
            Known installed = known;
            if (installed != null) {
                known = installed.inFile(POLICY);
            }
            return Installed.of(read);
        }
    }

    /** What {@link #install} would put in force; nothing is changed. */
    public Installed wouldInstall(Path candidate, boolean acceptRollback) throws PolicyException, LaunchException {
        return Installed.of(check(candidate, acceptRollback, Pace.yielding()));
    }

    private Read check(Path candidate, boolean acceptRollback, Pace pace) throws PolicyException, LaunchException {
        Read read = read(candidate, pinnedKey(), pace);
        long highest = highestSequence();
        if (!acceptRollback) {
            checkSequence(read.policy(), highest);
        }
        return read.policy().sequence() < highest ? read.rollingBackFrom(highest) : read;
    }

    /** Which policy file this is now; it changes when the file does. */
    Object stamp() {
        try {
            return FileReader.Stamp.of(file());
        } catch (IOException e) {
            return "";
        }
    }

    /** A policy as it was read, what it includes by plain names, and the higher sequence number before it; 0 where there is none. */
    private record Read(Policy policy, byte[] content, Map<String, byte[]> included, long rolledBackFrom) {

        Read rollingBackFrom(long highest) {
            return new Read(policy, content, included, highest);
        }
    }

    /**
     * A policy and all that it was read from.
     *
     * @param key that its signature was checked with; null where none was pinned
     * @param others the files that it includes, by the names that it has for them
     */
    private record Known(Read read, @Nullable PublicKey key, Map<String, byte[]> others) {

        boolean isStill(Path file, @Nullable PublicKey nowPinned) {
            return Objects.equals(key, nowPinned)
                    && has(file, read.content())
                    && others.entrySet().stream()
                            .allMatch(other -> has(file.resolveSibling(other.getKey()), other.getValue()));
        }

        private static boolean has(Path file, byte[] content) {
            try {
                if (FileReader.Stamp.of(file).size() != content.length) {
                    return false;
                }
                try (InputStream in = Files.newInputStream(file)) {
                    return Arrays.equals(in.readNBytes(content.length + 1), content);
                }
            } catch (IOException e) {
                return false;
            }
        }

        Known inFile(String name) {
            return read.policy().file().equals(name)
                    ? this
                    : new Known(new Read(read.policy().inFile(name), read.content(), read.included(), 0), key, others);
        }
    }

    private Read read(Path file, Optional<PublicKey> key, Pace pace) throws PolicyException, LaunchException {
        String name = String.valueOf(file.getFileName());
        Known last = known;
        if (last != null && last.isStill(file, key.orElse(null))) {
            return last.inFile(name).read();
        }
        byte[] content;
        try {
            content = reader.read(file, YamlReader.MAX_SIZE).bytes();
        } catch (IOException e) {
            throw unread(name, e);
        }
        if (content.length > 0 && content[content.length - 1] != '\n') {
            throw failure(name, "its last line does not end: it may be cut off; if it is not, end it with a newline");
        }
        if (key.isPresent()) {
            PolicySignature.verify(name, content, key.get());
        }
        Map<String, byte[]> included = new LinkedHashMap<>();
        Map<String, byte[]> others = new LinkedHashMap<>();
        Includes beside = PolicyFile.beside(file, reader);
        Includes kept = other -> {
            boolean absolute = Path.of(other).isAbsolute();
            if (!absolute && (Path.of(other).getNameCount() != 1 || other.startsWith("."))) {
                throw new IOException("expected a plain name, of a file beside the policy, or an absolute one");
            }
            byte[] bytes;
            try {
                bytes = beside.read(other);
            } catch (IOException e) {
                if (FileReader.mayPass(e)) {
                    throw new UncheckedIOException(other, e);
                }
                throw e;
            }
            others.put(other, bytes);
            if (!absolute) {
                included.put(other, bytes);
            }
            return bytes;
        };
        try {
            Read read = new Read(PolicyFile.parse(name, content, kept, key.isPresent(), pace), content, included, 0);
            known = new Known(read, key.orElse(null), others);
            return read;
        } catch (UncheckedIOException e) {
            throw unread(String.valueOf(e.getMessage()), Objects.requireNonNull(e.getCause()));
        }
    }

    private static void checkSequence(Policy policy, long highest) throws PolicyException {
        if (policy.sequence() < highest) {
            throw failure(
                    policy.file(),
                    ("an earlier policy than one that was in force: expected a sequence number of %d or more, found %s;"
                                    + " to go back nevertheless:  jsgx policy reload --accept-rollback")
                            .formatted(highest, policy.sequence() == 0 ? "none" : Long.toString(policy.sequence())));
        }
    }

    private Optional<PublicKey> pinnedKey() throws PolicyException, LaunchException {
        Path file = folder.resolve(KEY);
        if (!exists(file)) {
            return Optional.empty();
        }
        try {
            PrivateFile.checkFolder(folder);
            String pem = new String(reader.read(file, SMALL).bytes(), StandardCharsets.US_ASCII);
            return Optional.of(PolicySignature.publicKey(KEY, pem));
        } catch (LaunchException e) {
            throw failure(KEY, e);
        } catch (IOException e) {
            throw unread(KEY, e);
        }
    }

    private long highestSequence() throws PolicyException, LaunchException {
        if (!exists(folder.resolve(SEQUENCE))) {
            return 0;
        }
        try {
            return keptSequence();
        } catch (LaunchException e) {
            throw failure(SEQUENCE, e);
        }
    }

    private long keptSequence() throws LaunchException {
        Path file = folder.resolve(SEQUENCE);
        String text = new String(PrivateFile.read(file, SMALL), StandardCharsets.US_ASCII).strip();
        try {
            long sequence = Long.parseLong(text);
            if (text.equals(Long.toString(sequence)) && sequence >= 0) {
                return sequence;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new LaunchException(
                ("%s: expected one number from 0 to %d: remove it only if you know which policy was" + " in force last")
                        .formatted(file, Long.MAX_VALUE));
    }

    /** Another process may have raised it meanwhile. */
    private void keepSequence(long sequence, boolean lower) throws PolicyException, LaunchException {
        try {
            LockFile.locked(folder.resolve(LOCK), () -> {
                Path file = folder.resolve(SEQUENCE);
                long kept = Files.exists(file, LinkOption.NOFOLLOW_LINKS) ? keptSequence() : 0;
                if (sequence > kept || (lower && sequence < kept)) {
                    PrivateFile.write(file, (sequence + "\n").getBytes(StandardCharsets.US_ASCII));
                }
                return sequence;
            });
        } catch (LaunchException e) {
            throw failure(SEQUENCE, e);
        }
    }

    /** A link that leads nowhere exists, and what cannot be looked at is no reason to go on without it. */
    private static boolean exists(Path file) throws PolicyException, LaunchException {
        try {
            Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return true;
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            throw unread(String.valueOf(file.getFileName()), e);
        }
    }

    /** A file that cannot be read now is no wrong one. */
    private static PolicyException unread(String file, IOException e) throws LaunchException {
        String message = "cannot be read: " + FileReader.reason(e);
        if (FileReader.mayPass(e)) {
            throw new LaunchException(file + ": " + message, e);
        }
        return failure(file, message);
    }

    private static PolicyException failure(String file, LaunchException e) throws LaunchException {
        if (e.getCause() instanceof IOException cause && FileReader.mayPass(cause)) {
            throw e;
        }
        return failure(file, String.valueOf(e.getMessage()));
    }

    private static PolicyException failure(String file, String message) {
        return new PolicyException(YamlError.of(file, message));
    }
}

package jsgx.launch;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jsgx.launch.audit.AuditLog;
import jsgx.launch.audit.AuditOptions;
import jsgx.launch.audit.AuditTrail;
import jsgx.launch.audit.Durability;
import jsgx.launch.governor.Fleet;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.PolicyInstaller;
import jsgx.launch.governor.PolicySource;
import jsgx.launch.governor.RevocationFile;
import jsgx.launch.governor.Revocations;
import jsgx.launch.governor.Revoker;
import jsgx.launch.policy.PolicyFolder;
import jsgx.launch.policy.ReloadingPolicy;
import jsgx.launch.store.TokenStore;
import jsgx.launch.token.TokenSource;

/**
 * Launch control as it lies in a state folder: the policy, the revocations, the audit trail and the tokens of user space. What is there
 * and cannot be used does not stand in for nothing: then each launch is refused, with the reason.
 *
 * <pre>{@code
 * try (Governance governance = Governance.in(folder, InstantSource.system(), Durability.GROUP).withTokens();
 *         Launcher launcher = Launcher.on(platform, governance.options().withPlacement(Placement.USER))) {
 *     launcher.launch(image, sigstruct, LaunchOptions.through(InterfaceKind.ISGX));
 * }
 * }</pre>
 */
public final class Governance implements AutoCloseable {

    private interface Closing {
        void close() throws LaunchException;
    }

    private final Path folder;
    private final List<Closing> open = new ArrayList<>();
    private GovernorOptions options;

    /** Why nothing can be revoked, and nothing launches; empty where the revocations can be used. */
    private String broken = "";

    private Governance(Path folder, GovernorOptions options) {
        this.folder = folder;
        this.options = options;
    }

    /** Opens the launch control of a folder, all but the tokens. */
    public static Governance in(Path folder, InstantSource clock, Durability durability) {
        Governance governance =
                new Governance(folder, GovernorOptions.defaults().withClocks(clock, System::nanoTime));
        governance.openRevocations();
        governance.openPolicy(clock);
        governance.openAudit(clock, durability);
        return governance;
    }

    /**
     * With the store of user space's tokens.
     *
     * @throws LaunchException where it cannot be read or is damaged; what was opened is closed then
     */
    public Governance withTokens() throws LaunchException {
        try {
            TokenStore store = TokenStore.in(folder);
            open.add(store::close);
            options = options.withTokenStore(store);
            return this;
        } catch (LaunchException e) {
            close();
            throw e;
        }
    }

    /** As one of several hosts. */
    public Governance withFleet(Fleet fleet) {
        options = options.withFleet(fleet);
        return this;
    }

    /** What a governor goes by. */
    public GovernorOptions options() {
        return options;
    }

    /**
     * Who revokes in this folder. Its store of tokens is opened when something is to be purged, so that a damaged one keeps nobody from
     * revoking.
     *
     * @throws LaunchException where its revocations cannot be used
     */
    public Revoker revoker() throws LaunchException {
        if (!broken.isEmpty()) {
            throw new LaunchException(broken);
        }
        Revoker.Holder store = Revoker.Holder.of(
                which -> {
                    try (TokenStore tokens = TokenStore.in(folder)) {
                        return tokens.purge(token -> which.test(token.identity()))
                                .size();
                    }
                },
                which -> {
                    try (TokenStore tokens = TokenStore.in(folder)) {
                        return tokens.count(token -> which.test(token.identity()));
                    }
                });
        Map<String, Revoker.Holder> holders = Map.of(TokenSource.STORE.id(), store);
        return new Revoker(options.revocations(), options.audit(), options.clock(), holders, options.fleet());
    }

    /**
     * Who puts policies in force in this folder.
     *
     * @throws LaunchException where its revocations or its tokens cannot be used
     */
    public PolicyInstaller installer() throws LaunchException {
        return new PolicyInstaller(
                PolicyFolder.in(folder, options.clock()), revoker(), options.audit(), options.clock(), options.fleet());
    }

    /** The rules of a folder for a look without a trace. */
    public static GovernorOptions look(Path folder, InstantSource clock) {
        GovernorOptions looking = GovernorOptions.defaults().withClocks(clock, System::nanoTime);
        long revision = 0;
        try {
            Revocations present = RevocationFile.look(folder);
            revision = present.revision();
            looking = looking.withRevocations(RevocationFile.inMemory(present));
        } catch (LaunchException e) {
            looking = looking.withRevocations(RevocationFile.unavailable(String.valueOf(e.getMessage())));
        }
        ReloadingPolicy policy = ReloadingPolicy.of(PolicyFolder.look(folder, clock), revision);
        return looking.withPolicy(PolicySource.of(policy));
    }

    /** Closes what was opened, the platform that goes by it first. */
    @Override
    public void close() throws LaunchException {
        LaunchException failed = null;
        for (Closing part : open.reversed()) {
            try {
                part.close();
            } catch (LaunchException e) {
                failed = e;
            }
        }
        if (failed != null) {
            throw failed;
        }
    }

    private void openRevocations() {
        try {
            RevocationFile revocations = RevocationFile.in(folder);
            open.add(revocations::close);
            options = options.withRevocations(revocations);
        } catch (LaunchException e) {
            broken = String.valueOf(e.getMessage());
            options = options.withRevocations(RevocationFile.unavailable(broken));
        }
    }

    private void openPolicy(InstantSource clock) {
        long revision = options.revocations().revisions().revision();
        ReloadingPolicy policy = ReloadingPolicy.of(PolicyFolder.in(folder, clock), revision);
        options = options.withPolicy(PolicySource.of(policy));
    }

    private void openAudit(InstantSource clock, Durability durability) {
        try {
            AuditLog log = AuditLog.open(
                    folder.resolve("audit"), AuditOptions.defaults().withDurability(durability), clock);
            open.add(log::close);
            options = options.withAudit(log);
        } catch (LaunchException e) {
            String reason = "there is no audit trail: " + e.getMessage();
            AuditTrail none = event -> {
                throw new LaunchException(reason);
            };
            options = options.withAudit(none);
        }
    }
}

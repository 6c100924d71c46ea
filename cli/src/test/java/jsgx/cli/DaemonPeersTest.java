package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who is at the other end of a daemon's sockets decides what is charged, recorded and allowed. */
@Timeout(300)
class DaemonPeersTest {

    private static final String LAUNCH = "launch enclave.sgxs --sigstruct enclave.sigstruct --json";
    private static final String NOBODY = "uid:" + OtherUser.NOBODY.uid();

    /** A daemon whose sockets and sample files another user may reach. */
    private static Hosted open(String configuration) throws Exception {
        assumeThat(Hosted.uid()).as("only root can be another user too").isZero();
        Hosted hosted = Hosted.with(configuration);
        Files.setPosixFilePermissions(hosted.folder(), PosixFilePermissions.fromString("rwxr-xr-x"));
        return hosted;
    }

    private static List<String> audited(Hosted hosted, String query) {
        return hosted.user().line("audit query --json " + query).out().lines().toList();
    }

    @Test
    void quotasAndRecordsAreThoseOfWhoConnected() throws Exception {
        try (Hosted hosted = open("")) {
            assertThat(hosted.user().line(LAUNCH).json()).containsEntry("workload", "uid:0");
            hosted.policy("""
                    version: 1
                    default: allow
                    quotas:
                      workloads:
                        %s: {enclaves: 0}
                    """.formatted(NOBODY));

            Jsgx.Run other = OtherUser.NOBODY.does(() -> hosted.user().line(LAUNCH));
            assertThat(other.status()).as(other.err()).isEqualTo(ExitStatus.REFUSED);
            assertThat(other.json()).containsEntry("workload", NOBODY).containsEntry("code", "POLICY_QUOTA");
            assertThat(hosted.user().line(LAUNCH).status()).isZero();

            assertThat(audited(hosted, "--workload " + NOBODY))
                    .singleElement()
                    .asString()
                    .contains("POLICY_QUOTA");
            assertThat(audited(hosted, "--kind outcome --workload uid:0")).hasSize(2);
        }
    }

    @Test
    void aGrantIsTheKernelsUidAndNotTheNameThatIsClaimed() throws Exception {
        try (Hosted hosted = open("grants: [{uid: 0, may: [workload]}]\n")) {
            assertThat(hosted.user().line(LAUNCH + " --workload team-a").json()).containsEntry("workload", "team-a");
            Jsgx.Run other = OtherUser.NOBODY.does(() -> hosted.user().line(LAUNCH + " --workload uid:0"));
            assertThat(other.status()).isEqualTo(ExitStatus.WRONG_USAGE);
            assertThat(other.err()).contains("--workload is the host's to say: it is not granted to user 65534");
            assertThat(audited(hosted, "--workload uid:0 --kind outcome")).isEmpty();
        }
    }

    @Test
    void theAdminSocketIsItsOwnersAlone() throws Exception {
        try (Hosted hosted = open("")) {
            assertThat(permissions(hosted)).isEqualTo("rw-------");
            assertThat(hosted.user().line("host status").status()).isZero();
            Jsgx.Run other = OtherUser.NOBODY.does(() -> hosted.user().line("host status"));
            assertThat(other.status()).isEqualTo(ExitStatus.WRONG_USAGE);
            assertThat(other.err()).contains("admin.socket");
            assertThat(other.out()).isEmpty();
        }
    }

    @Test
    void theAdminSocketIsAGroupsWhereThatIsConfiguredAndTheirActsAreTheirOwn() throws Exception {
        try (Hosted hosted = open("admin: {group: nogroup}\n")) {
            assertThat(permissions(hosted)).isEqualTo("rw-rw----");
            assertThat(hosted.user().line("host status").status()).isZero();
            OtherUser stranger = new OtherUser(65533, 65533);
            assertThat(stranger.does(() -> hosted.user().line("host status")).status())
                    .isEqualTo(ExitStatus.WRONG_USAGE);
            String revoke = "policy revoke --enclave " + "ab".repeat(32);
            assertThat(stranger.does(() -> hosted.user().line(revoke)).status()).isEqualTo(ExitStatus.WRONG_USAGE);

            OtherUser member = new OtherUser(65532, OtherUser.NOBODY.gid());
            assertThat(member.does(() -> hosted.user().line("host status")).status())
                    .isZero();
            assertThat(member.does(() -> hosted.user().line(revoke)).status()).isZero();
            assertThat(audited(hosted, "--kind revocation"))
                    .singleElement()
                    .asString()
                    .contains("\"workload\":\"uid:65532\"");
        }
    }

    private static String permissions(Hosted hosted) throws Exception {
        Path socket = hosted.folder().resolve("run/admin.socket");
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(socket));
    }
}

package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "demo",
                "inspect",
                "measure",
                "sign",
                "launch",
                "run",
                "token",
                "token show",
                "token verify",
                "token get",
                "token pin",
                "token expire",
                "token discard",
                "token list",
                "token budget",
                "token import",
                "token export",
                "policy",
                "policy check",
                "policy test",
                "policy explain",
                "policy sign",
                "policy reload",
                "policy revoke",
                "audit",
                "audit tail",
                "audit query",
                "audit verify",
                "audit anchor",
                "audit export",
                "platform",
                "platform show",
                "platform new",
                "platform set",
                "host",
                "host status",
                "host enclaves",
                "host cache",
                "host launches",
                "host metrics",
                "fleet",
                "fleet status",
                "fleet audit",
                "fleet accept-rollback",
                "study",
                "study merge",
                "study calibrate",
                "study workloads",
                "study generate",
                "doctor"
            })
    void everyCommandHasHelpWithAnExampleAndJson(String command) {
        Jsgx.Run run = jsgx().line((command + " --help").strip());

        assertThat(run.status()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .startsWith("Usage: jsgx " + command)
                .contains("--json")
                .containsPattern("Examples?:\n  jsgx " + command);
        assertThat(run.out().lines())
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(116));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    ''                                   | which command?
                    inspcet x                            | there is no command "inspcet"; did you mean inspect?
                    --jsn                                | there is no option "--jsn"
                    inspect                              | missing required parameter: 'FILE'
                    inspect a b                          | there is no argument "b"
                    inspect --color=blue a               | expected one of
                    inspect --interface v6 a             | expected mainline, v5 or isgx
                    inspect no-such-file                 | no-such-file: no such file
                    inspect .                            | .: a folder: expected a file
                    inspect empty                        | empty: an empty file
                    inspect /dev/zero                    | /dev/zero: neither a file nor a link to one
                    measure empty/x                      | no such file
                    measure                              | missing required parameter: 'FILE'
                    launch --epc 1 empty                 | expected a multiple of a page, 4096 bytes
                    launch --epc 64MB empty              | write 64MiB
                    launch --epc -1 empty                | expected
                    launch --token t empty               | --token goes with --interface isgx
                    launch --token t --interface v5 x    | on v5 the driver gets the token
                    launch --token t --interface mainline x | mainline has no tokens
                    launch --save-token t x              | --save-token goes with --interface isgx
                    launch --attributes 0xz x            | is no number of 64 bits
                    launch --misc-select 0x100000000 x   | does not fit into 32 bits
                    launch --layout no-such-layout empty | an empty file
                    run                                  | missing required parameter: 'COMMAND'
                    run --bogus -- true                  | there is no option "--bogus"
                    run --epc 1 true                     | expected a multiple of a page, 4096 bytes
                    run --interfaces v6 true             | expected mainline, v5 or isgx
                    run --supervision slow true          | expected fast, traced or auto
                    run --trace --trace-events x true    | expected open, ioctl, map, enclu, aex, fault, reclaim, process
                    run --trace-events open true         | go with --trace
                    run --trace-pid x --trace true       | is no whole number
                    run --placement user true            | is not for a run
                    run --strict --supervision fast true | --strict takes a tracer
                    run --policy no-such-file true       | no such file
                    sign x                               | missing required options: '--key=PEM', '--out=OUT'
                    sign x --key k -o o                  | k: no such file
                    sign empty --key empty -o o          | an empty file
                    sign x --key k -o o --svn 65536      | does not fit into 16 bits
                    sign x --key k -o o --svn -1         | is no number of 16 bits
                    token                                | which command? One of show, verify
                    token shw                            | there is no command "shw"
                    token show                           | missing required parameter: 'FILE'
                    token show empty                     | an empty file
                    token verify x                       | missing required option: '--enclave=F'
                    token get loader                     | missing required parameter: 'FILE'
                    token get loader empty               | an empty file
                    token get loader empty --life 3      | is no span of time: expected a number with s, m, h, d, w or y
                    token pin                            | missing required parameter: 'LABEL'
                    token pin loader                     | no token with the label "loader"; see  jsgx token list
                    token expire loader                  | no token with the label "loader"
                    token expire loader --at noon        | is no time: expected for example 2027-01-31T12:00:00Z
                    token expire x --at 2027-01-31T12:00:00Z --in 3d | mutually exclusive
                    token discard                        | missing required parameter: 'LABEL'
                    token discard a b                    | no token with the label "a"
                    token budget -1                      | is no size
                    token budget 1.5                     | is no number of whole bytes
                    token budget 1MB                     | write 1MiB
                    token import loader empty            | an empty file
                    token export loader                  | missing required option: '--out=T'
                    token export loader -o t             | no token with the label "loader"
                    policy                               | which command? One of check, test, explain, sign, reload, revoke
                    policy chek                          | there is no command "chek"
                    policy check                         | there is no policy in force
                    policy check no-such-file            | no-such-file: no such file
                    policy test x                        | missing required parameter: 'CASES'
                    policy sign x                        | missing required option: '--key=PEM'
                    policy sign empty --key empty        | an empty file
                    policy explain --svn 65536           | does not fit into 16 bits
                    policy explain --mrsigner abc        | is no hash: expected 64 hexadecimal digits
                    policy explain --time today          | is no time
                    policy explain                       | there is no policy in force
                    policy reload                        | policy.yaml: no such file
                    policy revoke                        | expected one of --enclave, --signer
                    policy revoke --signer 12            | expected 64 lower-case hexadecimal digits
                    policy revoke --product 1            | --product and --below-svn go with --signer
                    audit                                | which command? One of tail, query, verify, anchor, export
                    audit tail                           | no audit trail yet
                    audit tail -n -1                     | expected 0 or more
                    audit query --since noon             | is no time
                    audit query --kind launch            | expected one of
                    audit verify                         | no audit trail yet
                    audit verify --anchor 12             | is no anchor: expected NUMBER:HASH
                    audit verify no-such-file            | no such file
                    audit anchor                         | no audit trail yet
                    audit export                         | no audit trail yet
                    launch --placement user --interface v5 x | v5, which hides the token from user space
                    launch --placement both --interface mainline x | add --token-extension
                    launch --placement here x            | expected none, kernel, user or both
                    launch --audit-durability never x    | expected each, group, async
                    host                                 | which command? One of status, enclaves, cache, launches, metrics
                    host status                          | no daemon runs here
                    fleet                                | which command? One of status, audit, accept-rollback
                    fleet status                         | no daemon runs here
                    fleet audit --since yesterday        | no daemon runs here
                    host cache --floor 1KiB              | --floor, --ceiling and --reset go with --workload
                    host cache --workload w --scheme lru | --workload goes with --floor, --ceiling, --reset and --flush
                    host launches -n 2000                | expected 0 to 1024
                    platform                             | which command? One of show, new, set
                    platform set                         | nothing to set
                    study --placement here               | "here" is no placement: expected none, kernel, user, both
                    study --scheme arc                   | "arc" is no scheme: expected lru, lfu, w-tinylfu
                    study --charging own                 | expected shared, floors, ceilings
                    study --limit 0                      | expected at least the 304 bytes of a token and at most 1TiB
                    study --limit 1MB                    | write 1MiB
                    study --seeds 0                      | --seeds 0: expected 1 to 1000
                    study --threads 0                    | --threads 0: expected 1 to 1024
                    study --scale 0                      | --scale 0.0: expected more than 0
                    study --shard 1/2                    | --shard goes with --costs
                    study --shard 3/2                    | is no shard: expected I/N
                    study --costs no-such-file           | no-such-file
                    study --workload no-such-workload    | there is no workload "no-such-workload"
                    study --workload vm-reboot           | vm-reboots
                    study --workload empty               | empty
                    study bogus                          | there is no command "bogus"
                    study merge                          | missing required
                    study merge empty --out x            | empty: line 1: an empty file
                    study merge nothing --out x          | nothing: no such file
                    study workloads no-such              | there is no workload "no-such"
                    study generate vm-reboots            | missing required option
                    study generate none -o x             | there is no workload "none"
                    study generate vm-reboots -o x --scale 0 | --scale 0.0: expected more than 0
                    doctor x                             | there is no argument "x"
                    """)
    void wrongUsageAndInputGetOneLineAndTheirStatus(String line, String message) {
        Jsgx jsgx = jsgx();
        jsgx.file("empty", new byte[0]);

        Jsgx.Run run = jsgx.line(line);

        // What jsgx run returns else is the program's.
        assertThat(run.status()).as(run.err()).isEqualTo(line.startsWith("run") ? 125 : 2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .startsWith("jsgx")
                .contains(message);
    }

    @Test
    void anErrorIsADocumentWhereJsonWasAskedFor() {
        Jsgx.Run run = jsgx().line("inspect no-such-file --json");

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.json())
                .containsEntry("error", "jsgx: no-such-file: no such file")
                .containsEntry("exitStatus", 2L);
        assertThat(run.err()).isEqualTo("jsgx: no-such-file: no such file\n");
    }

    @Test
    void standardOutputOfARunIsTheProgramsEvenWhereJsonWasAskedFor() {
        Jsgx.Run run = jsgx().line("run --json --supervision slow -- true");

        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .matches("\\{\"error\":\"jsgx run: .* expected fast, traced or auto.*\",\"exitStatus\":125}");
        assertThat(jsgx().line("run --supervision slow -- true --json").err()).startsWith("jsgx run: ");
    }

    @Test
    void aStackTraceIsShownOnlyWhereItWasAskedFor() {
        assertThat(jsgx().line("inspect x").err()).doesNotContain("\tat ");
        assertThat(jsgx().line("inspect x --stacktrace").err()).contains("\tat ");
        assertThat(jsgx().with("JSGX_STACKTRACE", "1").line("inspect x").err()).contains("\tat ");
    }

    @Test
    void aFileNameCannotSendCommandsToTheTerminal() {
        Jsgx.Run run = jsgx().run("inspect", "\u001b[2Jx\ny");

        assertThat(run.err()).isEqualTo("jsgx: ?[2Jx?y: no such file\n");
    }

    @Test
    void theVersionIsThatOfTheBuild() {
        assertThat(jsgx().line("--version").out()).matches("jsgx [0-9]+\\.[0-9]+\\S* on Java \\S+\n");
        assertThat(jsgx().line("--version --json").json()).containsKeys("version", "java");
    }

    @Test
    void anOptionMayStandBeforeTheCommand() {
        assertThat(jsgx().line("--json --color never token show no-such-file").json())
                .containsEntry("exitStatus", 2L);
    }

    private Jsgx jsgx() {
        return new Jsgx(folder);
    }
}

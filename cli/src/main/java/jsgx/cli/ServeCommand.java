package jsgx.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import jsgx.host.Daemon;
import jsgx.host.ServiceManager;
import jsgx.host.config.Configuration;
import jsgx.host.config.ConfigurationException;
import jsgx.host.config.ConfigurationSchema;
import jsgx.host.config.HostOptions;
import jsgx.host.config.Kind;
import jsgx.host.config.Setting;
import jsgx.host.log.Field;
import jsgx.host.log.Logging;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.host.service.Service;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.governor.Workloads;
import jsgx.launch.json.Json;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyFolder;
import jsgx.launch.yaml.YamlError;
import jsgx.machine.MachineException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code jsgx serve}. */
@Command(
        name = "serve",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx serve [--config FILE] [--run-folder FOLDER] [OPTION...]",
        description = {
            "Be this host's processor, driver and launch authority for every workload on it.",
            "",
            "It ends with SIGTERM or SIGINT, when the launches in flight have finished; a second one ends it at once. With SIGHUP it"
                    + " reads its configuration and policy again. What an option says is also said by an environment variable"
                    + " (--aesm-socket: JSGX_AESM_SOCKET) and by the configuration file (aesm.socket)."
        },
        footerHeading = "%nExample:%n",
        footer = "  jsgx serve --check-config")
final class ServeCommand extends Subcommand {

    private static final System.Logger LOG = System.getLogger("jsgx.host");

    /** The exit status of a process that SIGTERM ended. */
    private static final int ENDED_AT_ONCE = 128 + 15;

    @Option(
            order = 1,
            names = "--config",
            paramLabel = "FILE",
            description =
                    "The configuration file; /etc/jsgx/jsgx.yaml for root, else $$XDG_CONFIG_HOME/jsgx/jsgx.yaml.")
    private @Nullable String config;

    @Option(order = 2, names = "--check-config", description = "Say what is wrong with the configuration, and end.")
    private boolean check;

    @Option(
            order = 3,
            names = "--print-schema",
            description = "Print the JSON Schema of the configuration file, and end.")
    private boolean schema;

    @Option(
            order = 4,
            names = "--grace",
            paramLabel = "SECONDS",
            description = "How long launches in flight may take to finish at the end; 10.")
    private int grace = Math.toIntExact(Daemon.GRACE.toSeconds());

    @Spec
    private CommandSpec spec;

    private final boolean root = Workloads.ofThisProcess().name().equals("uid:0");

    /** What the process is asked to do. */
    private enum Request {
        RELOAD,
        STOP
    }

    ServeCommand(Run run) {
        super(run);
    }

    /** The command with an option for each setting. */
    static CommandLine of(Run run) {
        CommandLine line = new CommandLine(new ServeCommand(run));
        for (Setting setting : Setting.values()) {
            line.getCommandSpec()
                    .addOption(OptionSpec.builder(setting.option())
                            .order(10 + setting.ordinal())
                            .type(String.class)
                            .paramLabel(setting.kind() == Kind.FOLDER ? "FOLDER" : "VALUE")
                            .description(sentence(setting.meaning()))
                            .build());
        }
        return line;
    }

    private static String sentence(String meaning) {
        return Character.toUpperCase(meaning.charAt(0)) + meaning.substring(1).replace("$", "$$") + ".";
    }

    @Override
    int run() throws BadInput, LaunchException, MachineException, IOException {
        if (schema) {
            surroundings.out().print(ConfigurationSchema.text());
            return ExitStatus.DONE;
        }
        Configuration configuration = configuration();
        HostOptions options;
        try {
            options = configuration.load();
        } catch (ConfigurationException e) {
            return refused(e);
        }
        if (check) {
            checked(options, configuration);
            return ExitStatus.DONE;
        }
        try (Logging logging = Logging.to(
                surroundings.err(), options.log().json(), options.log().level())) {
            return serve(options, configuration, logging);
        } catch (HostException e) {
            throw new BadInput(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitStatus.INTERNAL_FAULT;
        }
    }

    private int refused(ConfigurationException e) {
        if (json()) {
            print(new Json().put("valid", false).put("errors", Policies.json(e.errors())));
        } else {
            Policies.refused(check ? screen() : screen(surroundings.err()), e.errors());
        }
        return check ? ExitStatus.REFUSED : ExitStatus.WRONG_USAGE;
    }

    private Configuration configuration() throws BadInput {
        Map<Setting, String> options = new EnumMap<>(Setting.class);
        for (Setting setting : Setting.values()) {
            String value = spec.commandLine().getParseResult().matchedOptionValue(setting.option(), null);
            if (value != null) {
                options.put(setting, isPath(setting, value) ? absolute(value).toString() : value);
            }
        }
        return new Configuration(config == null ? null : absolute(config), surroundings.environment(), options, root);
    }

    private static boolean isPath(Setting setting, String value) {
        return setting.kind() == Kind.FOLDER || (setting.kind() == Kind.PATH_OR_NONE && !value.equals("none"));
    }

    private Path absolute(String name) throws BadInput {
        return surroundings.file(name).toAbsolutePath().normalize();
    }

    private int serve(HostOptions options, Configuration configuration, Logging logging)
            throws HostException, LaunchException, MachineException, InterruptedException {
        BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
        AtomicBoolean stopping = new AtomicBoolean();
        for (String signal : List.of("TERM", "INT")) {
            ProcessSignals.handle(signal, () -> {
                if (stopping.getAndSet(true)) {
                    Runtime.getRuntime().halt(ENDED_AT_ONCE);
                }
                requests.add(Request.STOP);
            });
        }
        ProcessSignals.handle("HUP", () -> requests.add(Request.RELOAD));
        ServiceManager manager = ServiceManager.of(surroundings.environment());
        Daemon daemon = Daemon.start(options, surroundings.clock());
        try {
            report(daemon, configuration);
            manager.ready("serves");
            LOG.log(System.Logger.Level.INFO, "serves", Field.of("state", options.state()));
            while (requests.take() == Request.RELOAD) {
                // However many asked meanwhile, the configuration is the one that is there now.
                requests.removeIf(request -> request == Request.RELOAD);
                manager.reloading();
                reload(daemon, configuration, logging);
                manager.ready("serves");
            }
            manager.stopping("launches in flight finish");
            LOG.log(System.Logger.Level.INFO, "stops: launches in flight finish", Field.of("grace", grace + "s"));
        } finally {
            daemon.stop(Duration.ofSeconds(grace));
        }
        LOG.log(System.Logger.Level.INFO, "has ended");
        return ExitStatus.DONE;
    }

    private static void reload(Daemon daemon, Configuration configuration, Logging logging) {
        try {
            HostOptions next = configuration.load();
            if (daemon.reload(next)) {
                logging.set(next.log().json(), next.log().level());
            }
        } catch (ConfigurationException e) {
            for (YamlError error : e.errors()) {
                LOG.log(
                        System.Logger.Level.ERROR,
                        "the configuration cannot be used and stays as it was",
                        Field.of("where", error.place()),
                        Field.of("error", error.message()));
            }
        }
        daemon.reloadPolicy();
    }

    private void report(Daemon daemon, Configuration configuration) {
        HostOptions options = daemon.options();
        Platform platform = daemon.host().context().running().platform();
        String services = String.join(
                ", ", daemon.host().services().stream().map(Service::name).toList());
        long pid = ProcessHandle.current().pid();
        if (json()) {
            surroundings
                    .out()
                    .println(new Json()
                            .put("pid", pid)
                            .put("platform", platform.id())
                            .put("epcBytes", platform.epcBytes())
                            .put("policy", policy(daemon))
                            .putAll(json(options, configuration))
                            .line());
        } else {
            List<Screen.Fact> facts = new ArrayList<>();
            facts.add(new Screen.Fact("process", Long.toString(pid)));
            facts.add(new Screen.Fact("platform", platform.id() + ", EPC of " + Text.size(platform.epcBytes())));
            facts.addAll(facts(options, configuration));
            facts.add(new Screen.Fact("policy", policy(daemon)));
            facts.add(new Screen.Fact("services", services));
            screen().line(screen().bold("jsgx serves"));
            screen().blank();
            screen().facts(facts);
            screen().blank();
        }
        surroundings.out().flush();
    }

    private static String policy(Daemon daemon) {
        HostContext context = daemon.host().context();
        try {
            return PolicyFolder.look(context.state(), context.clock())
                    .load()
                    .map(policy -> policy.file() + ", " + Policies.summary(policy))
                    .orElse("none: everything may launch");
        } catch (PolicyException | LaunchException e) {
            return "cannot be used, so that nothing launches: " + Text.printable(String.valueOf(e.getMessage()));
        }
    }

    private void checked(HostOptions options, Configuration configuration) {
        if (json()) {
            print(new Json().put("valid", true).putAll(json(options, configuration)));
        } else {
            screen().line(screen().good("valid"));
            screen().blank();
            screen().facts(facts(options, configuration));
        }
    }

    private static String file(Configuration configuration) {
        return configuration.usedFile().map(Path::toString).orElse("none");
    }

    private static Json json(HostOptions options, Configuration configuration) {
        return new Json()
                .put("configuration", file(configuration))
                .put("state", options.state().toString())
                .put("runFolder", options.runFolder().toString())
                .put("driverSocket", options.driverSocket().toString())
                .put("adminSocket", options.adminSocket().toString())
                .put("aesmSocket", text(options.aesm().socket()))
                .put("console", text(options.console()))
                .put("metrics", text(options.metrics()))
                .put("placement", options.placement().id())
                .put("fleet", text(options.fleet().engine()));
    }

    private static List<Screen.Fact> facts(HostOptions options, Configuration configuration) {
        return List.of(
                new Screen.Fact("configuration", file(configuration)),
                new Screen.Fact("state", options.state().toString()),
                new Screen.Fact("front ends", options.driverSocket().toString()),
                new Screen.Fact("administrators", options.adminSocket().toString()),
                new Screen.Fact("AESM", text(options.aesm().socket())),
                new Screen.Fact("console", text(options.console())),
                new Screen.Fact("metrics on TCP", text(options.metrics())),
                new Screen.Fact("placement", options.placement().id()),
                new Screen.Fact("fleet", text(options.fleet().engine())));
    }

    private static String text(@Nullable Object value) {
        return switch (value) {
            case null -> "none";
            case InetSocketAddress address -> address.getAddress().getHostAddress() + ":" + address.getPort();
            default -> value.toString();
        };
    }
}

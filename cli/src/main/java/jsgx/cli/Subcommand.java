package jsgx.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import jsgx.image.ImageException;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import jsgx.machine.MachineException;

/** One command of {@code jsgx}. */
abstract class Subcommand implements Callable<Integer> {

    final Surroundings surroundings;
    private final CommonOptions common;

    Subcommand(Run run) {
        this.surroundings = run.surroundings();
        this.common = run.common();
    }

    /** One run of {@code jsgx}. */
    record Run(Surroundings surroundings, CommonOptions common) {}

    /**
     * Does what the command is for.
     *
     * @return an {@link ExitStatus}
     */
    abstract int run() throws BadInput, ImageException, LaunchException, MachineException, IOException;

    @Override
    public final Integer call() throws BadInput, ImageException, LaunchException, MachineException, IOException {
        return run();
    }

    final boolean json() {
        return common.json;
    }

    final Screen screen() {
        return common.screen(surroundings);
    }

    /** A screen over another stream than standard output; coloured only where that was asked for in so many words. */
    final Screen screen(PrintStream stream) {
        return common.screen(stream);
    }

    final void print(Json document) {
        surroundings.out().println(document.pretty());
    }
}

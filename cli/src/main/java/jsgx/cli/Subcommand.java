package jsgx.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import jsgx.image.ImageException;
import jsgx.launch.LaunchException;

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
    abstract int run() throws BadInput, ImageException, LaunchException, IOException;

    @Override
    public final Integer call() throws BadInput, ImageException, LaunchException, IOException {
        return run();
    }

    final boolean json() {
        return common.json;
    }

    final Screen screen() {
        return common.screen(surroundings);
    }

    final void print(Json document) {
        document.print(surroundings.out());
    }
}

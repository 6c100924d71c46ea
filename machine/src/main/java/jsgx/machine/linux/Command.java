package jsgx.machine.linux;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What is to be executed.
 *
 * @param path the program's file
 * @param arguments its arguments, its name first
 * @param environment its environment
 * @param directory its working directory
 * @param streams this process's descriptors of its standard input, output and error output; none is another's place
 */
public record Command(
        String path, List<String> arguments, Map<String, String> environment, Path directory, List<Integer> streams) {

    public Command {
        arguments = List.copyOf(arguments);
        environment = Map.copyOf(environment);
        streams = List.copyOf(streams);
    }
}

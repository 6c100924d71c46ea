package jsgx.cli;

import io.avaje.json.JsonDataException;
import io.avaje.json.mapper.JsonMapper;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import jsgx.host.client.AdminClient;
import jsgx.host.client.HostFolder;
import jsgx.host.service.HostException;

/** The daemon of this machine, as an administrator's commands ask it over its admin socket. */
final class Remote {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final AdminClient client;

    private Remote(HostFolder folder) {
        this.client = new AdminClient(folder.adminSocket());
    }

    /** What a daemon refuses: its problem document. */
    static final class Problem extends Exception {

        private static final long serialVersionUID = 1L;

        private final transient Map<String, Object> document;

        Problem(Map<String, Object> document) {
            super(String.valueOf(document.getOrDefault("detail", document.get("title"))));
            this.document = document;
        }

        /** The document, as the daemon sent it. */
        Map<String, Object> document() {
            return document;
        }

        /** What to do; empty where the daemon does not say. */
        String advice() {
            return String.valueOf(document.getOrDefault("advice", ""));
        }
    }

    /** The daemon that the environment leads to; empty where there is none, or the user wants none. */
    static Optional<Remote> find(Surroundings surroundings) {
        return HostFolder.find(surroundings.environment()).map(Remote::new);
    }

    /** The daemon of a command that means nothing without one. */
    static Remote needed(Surroundings surroundings) throws BadInput {
        return find(surroundings)
                .orElseThrow(
                        () -> new BadInput("no daemon runs here that JSGX_RUN, $XDG_RUNTIME_DIR/jsgx or /run/jsgx leads"
                                + " to: start one with  jsgx serve"));
    }

    /**
     * Asks for a document.
     *
     * @param body JSON; empty for none
     * @throws Problem where the daemon refuses
     */
    Map<String, Object> ask(String method, String path, String body) throws BadInput, IOException, Problem {
        try (AdminClient.Answer answer = client.ask(method, path, body)) {
            Map<String, Object> document = JSON.fromJsonObject(answer.text());
            if (answer.status() >= 400) {
                throw new Problem(document);
            }
            return document;
        } catch (HostException e) {
            throw new BadInput(String.valueOf(e.getMessage()));
        } catch (JsonDataException e) {
            throw new IOException(
                    "the daemon at %s answers with something that is no JSON: %s"
                            .formatted(client.socket(), e.getMessage()),
                    e);
        }
    }
}

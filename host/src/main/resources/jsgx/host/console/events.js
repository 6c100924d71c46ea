// Server-sent events out of the body of an answer: a browser's own EventSource sends no header.

/** Yields {event, data} for each event of a stream of bytes; comments and what is left at the end are none. */
export async function* events(body) {
  let event = "";
  let data = [];
  for await (const line of lines(body)) {
    if (line === "") {
      if (data.length > 0) {
        yield { event: event || "message", data: data.join("\n") };
      }
      event = "";
      data = [];
    } else if (line.startsWith("event:")) {
      event = value(line);
    } else if (line.startsWith("data:")) {
      data.push(value(line));
    }
  }
}

const value = (line) => line.slice(line.indexOf(":") + 1).replace(/^ /, "");

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = [];
  for (;;) {
    const { done, value: text } = await reader.read();
    if (done) {
      return;
    }
    const parts = text.split("\n");
    while (parts.length > 1) {
      yield [...rest, parts.shift()].join("").replace(/\r$/, "");
      rest = [];
    }
    rest.push(parts[0]);
  }
}

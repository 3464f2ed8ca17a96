// Server-sent events over fetch: unlike EventSource it is told why a stream cannot be had, and where it is taken up again.

/** Yield {id, event, data} for each event of a body, until it ends; throws what reading it throws. */
export async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = begin();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop();
      for (const line of lines) {
        if (line !== "") {
          take(event, line);
        } else {
          if (event.data.length || event.id !== null) yield { ...event, data: event.data.join("\n") };
          event = begin();
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

const begin = () => ({ id: null, event: "message", data: [] });

function take(event, line) {
  const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
  if (name === "data") event.data.push(value);
  else if (name === "event") event.event = value;
  else if (name === "id") event.id = value;
}

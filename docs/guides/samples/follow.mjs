// Copies the feed into a file, one event a line: each once, each customer's in order.
//
//     node follow.mjs https://crm.example.com events.jsonl <token> [crm.sales.* ...]
//
// Server-sent events by plain fetch, no dependency. The last line of the file knows where to go
// on, so event and place are saved in one write, and a line that a crash cut in two is dropped.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const REMEMBERED = 10_000; // a relay that starts again repeats what it sent last
const SILENCE_MS = 30_000; // a heartbeat comes every few seconds
const [url, file, token, ...types] = process.argv.slice(2);

/** What is in the file already: the place behind it, and the latest ids. */
function opened() {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole !== text) writeFileSync(file, whole);
  const lines = whole.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  const seen = new Set(lines.slice(-REMEMBERED).map(({ event }) => `${event.source} ${event.id}`));
  return { cursor: lines.at(-1)?.cursor ?? "", seen };
}

/** Messages of one connection; half a message, which a cut leaves behind, is none. */
async function* messages(cursor, signal, alive) {
  const query = new URLSearchParams(types.map((type) => ["types", type]));
  const headers = { Accept: "text/event-stream", Authorization: `Bearer ${token}` };
  if (cursor) headers["Last-Event-ID"] = cursor;
  const answer = await fetch(`${url}/v1/events/stream?${query}`, { headers, signal });
  if (!answer.ok) throw Object.assign(new Error(await answer.text()), { answer });
  let rest = "";
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    alive();
    const parts = (rest + piece).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const lines = part.split("\n").map((line) => /^(\w*): ?(.*)$/.exec(line) ?? []);
      const field = (name) => lines.find(([, found]) => found === name)?.[2];
      if (field("id")) yield { cursor: field("id"), data: field("data") };
    }
  }
}

const at = opened();
for (let tries = 0; ; tries++) {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    for await (const { cursor, data } of messages(at.cursor, silence.signal, () => timer.refresh())) {
      at.cursor = cursor;
      tries = 0;
      if (!data) continue; // only the place has moved
      const event = JSON.parse(data);
      const key = `${event.source} ${event.id}`;
      if (at.seen.has(key)) continue;
      appendFileSync(file, `${JSON.stringify({ cursor, event })}\n`);
      at.seen.add(key);
      if (at.seen.size > REMEMBERED) at.seen.delete(at.seen.values().next().value);
    }
  } catch (error) {
    const status = error.answer?.status;
    if (status && status !== 429 && status < 502) throw error; // no waiting helps
    console.error(`comes back: ${error.message}`);
  } finally {
    clearTimeout(timer);
  }
  await pause(Math.min(30_000, 200 * 2 ** tries) * (0.5 + Math.random() / 2));
}

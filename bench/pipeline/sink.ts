/**
 * Where an event's way ends: in the bot's handler, of whatever party. Counts the events of the run
 * that is measured and keeps their delays; tells the world so over a connection of its own, once in
 * a thousand events and four times a second, which costs the handler's process next to nothing.
 *
 * It imports nothing: it is copied beside a bot that runs under another tree.
 *
 * @module
 */

/** What the world asks a sink, a line of JSON each. */
export type SinkQuestion =
  /** From here on events of this run count, from 0; answered with the count. */
  | { readonly do: "begin"; readonly run: number }
  /** Answered with the count, at once. */
  | { readonly do: "count" }
  /** Answered with the delays of the run. */
  | { readonly do: "delays" };

/** What a sink tells the world, asked or not, a line of JSON each. */
export type SinkWord =
  | { readonly received: number; readonly run: number }
  | { readonly p50: number; readonly p99: number };

/** Takes an event's `d`, parsed. Those that the world did not stamp are left out. */
export type Sink = (d: unknown) => void;

const TELL_EVENTS = 1_000;
const TELL_MS = 250;

/** Connects to the world at this port of 127.0.0.1. */
export async function openSink(port: number): Promise<Sink> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  let run = 0;
  let received = 0;
  let told = 0;
  let delaysMs: number[] = [];

  function tell(): void {
    told = received;
    say({ received, run });
  }
  /** The world is gone at the end, and then nobody listens. */
  function say(word: SinkWord): void {
    conn.write(new TextEncoder().encode(`${JSON.stringify(word)}\n`)).catch(() => {});
  }
  function answer(question: SinkQuestion): void {
    switch (question.do) {
      case "begin":
        run = question.run;
        received = told = 0;
        delaysMs = [];
        return tell();
      case "count":
        return tell();
      case "delays": {
        const sorted = Float64Array.from(delaysMs).sort();
        const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? NaN;
        return say({ p50: at(0.5), p99: at(0.99) });
      }
    }
  }

  setInterval(() => {
    if (told !== received) tell();
  }, TELL_MS);
  listen(conn, answer).catch(() => {});
  return (d) => {
    const event = d as { run?: number; sentMs: number } | null;
    if (event?.run !== run) return;
    delaysMs.push(performance.timeOrigin + performance.now() - event.sentMs);
    if (++received - told >= TELL_EVENTS) tell();
  };
}

async function listen(conn: Deno.TcpConn, answer: (question: SinkQuestion) => void) {
  let rest = "";
  for await (const text of conn.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) answer(JSON.parse(line) as SinkQuestion);
  }
}

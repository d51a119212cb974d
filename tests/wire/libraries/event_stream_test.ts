/** A stranger reads the event stream: the program of docs/protocols.md, in Python. */

import assert from "node:assert/strict";
import { systemClock } from "../../../ports/clock.ts";
import { silentLog } from "../../../ports/log.ts";
import { type EventRecord, RECORD } from "../../../protocol/event_frame.ts";
import { EventSink } from "../../../unit/fleet/sink.ts";
import { LACKS_PYTHON, pythonBot } from "../../support/libraries/python.ts";
import { NATS_PROGRAMS, startNats, until } from "../../support/nats_server.ts";
import { eachLine } from "../../support/unit_process.ts";
import { BOT, openUpLine, settingsFor } from "../nats/lines.ts";

const DOC = await Deno.readTextFile("docs/protocols.md");
const [, PROGRAM] = /```python\n([\s\S]*?)```/.exec(DOC)!;
const LACKS = LACKS_PYTHON ?? (NATS_PROGRAMS.length === 0 ? "nats-server" : null);
const LARGE = 700_000;

Deno.test({
  name: `the reader of docs/protocols.md reads what a unit writes${LACKS ? ` (no ${LACKS})` : ""}`,
  ignore: LACKS !== null,
}, async () => {
  await using server = await startNats(NATS_PROGRAMS.at(-1)!);
  const { line } = await openUpLine(settingsFor(server.url));
  let deliver: ((record: EventRecord) => void) | null = null;
  let acknowledged = 0;
  const shards = {
    hold: () => Promise.resolve(),
    take: (_: unknown, take: (record: EventRecord) => void) => void (deliver = take),
    acknowledge: (_: unknown, cursor: number) => void (acknowledged = cursor),
  };
  const world = { clock: systemClock, log: silentLog };
  const sink = new EventSink({ ...world, stream: line.events, shards, numbering: () => "n" });
  sink.have([{ id: 1, total: 2 }]);
  await until(() => deliver !== null);
  const say = (cursor: number, kind: number, value: unknown) =>
    deliver!({
      shardId: 1,
      kind,
      cursor,
      body: new TextEncoder().encode(JSON.stringify(value)),
    });
  say(7, RECORD.DISPATCH, { op: 0, t: "MESSAGE_CREATE", s: 7, d: { content: "é\n" } });
  say(9, RECORD.GAP, { from: 8, to: 9, count: 2, reason: "the queue was full" });
  say(10, RECORD.DISPATCH, { op: 0, t: "GUILD_CREATE", s: 10, d: { name: "x".repeat(LARGE) } });
  await until(() => acknowledged === 10);

  const { program, env } = await pythonBot("none");
  await using file = await programFile(PROGRAM!);
  const child = new Deno.Command(program, {
    args: [file.path, server.url, BOT],
    env: env ?? {},
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines: string[] = [];
  await eachLine(child.stdout, (line) => {
    lines.push(line);
    if (lines.length === 3) child.kill();
  });
  await child.status;
  assert.deepEqual(lines, [
    "1/2 7 MESSAGE_CREATE",
    "1/2 9 missing: the queue was full",
    "1/2 10 GUILD_CREATE",
  ]);
  sink.stop();
  await line.close();
});

async function programFile(text: string) {
  const path = await Deno.makeTempFile({ suffix: ".py" });
  await Deno.writeTextFile(path, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

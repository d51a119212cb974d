import assert from "node:assert/strict";
import { createLog, type LogOptions } from "../../../app/terminal/log.ts";
import { messageOf } from "../../../protocol/errors.ts";

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 6);

async function logged(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = await createLog({
    level: "info",
    format: "json",
    color: false,
    secrets: [],
    clock: { wallMs: () => AT },
    write: (line) => lines.push(line),
    ...options,
  });
  return { log, lines };
}

Deno.test("createLog() writes one JSON object per line, with time, level, event and fields", async () => {
  const { log, lines } = await logged();
  log.warn("Shard closed", { shard: 3, reason: "line\nbreak" });
  assert.equal(lines.length, 1);
  assert(lines[0]!.endsWith("}\n") && !lines[0]!.trimEnd().includes("\n"));
  const { "@timestamp": time, level, message, fields } = JSON.parse(lines[0]!);
  assert.deepEqual([time, level, message], ["2026-01-02T03:04:05.006Z", "WARN", "Shard closed"]);
  assert.deepEqual(fields, { shard: 3, reason: "line\nbreak" });
});

Deno.test("createLog() leaves out what is below its level", async () => {
  const { log, lines } = await logged({ level: "warn" });
  for (const level of ["debug", "info", "warn", "error"] as const) log[level](level);
  assert.deepEqual(lines.map((line) => JSON.parse(line).message), ["warn", "error"]);
});

Deno.test("createLog() writes a line for a person, with fields behind the event", async () => {
  const { log, lines } = await logged({ format: "pretty" });
  log.info("Shard ready", { shard: 3, reason: "resumed it", nothing: undefined });
  assert.match(lines[0]!, /^\d\d:\d\d:05\.006 INFO Shard ready {2}shard=3 reason="resumed it"\n$/);
});

Deno.test("createLog() does not let an event break its line or steer the terminal", async () => {
  const { log, lines } = await logged({ format: "pretty" });
  log.info("a\nb\x1b[2J", { text: "\x9b2J\r\n" });
  assert.match(lines[0]!, /INFO a\\u000ab\\u001b\[2J {2}text="\\u009b2J\\r\\n"\n$/);
});

Deno.test("createLog() takes braces in an event for braces", async () => {
  const { log, lines } = await logged();
  log.info("what {is} this", { is: 1 });
  assert.equal(JSON.parse(lines[0]!).message, "what {is} this");
});

for (const format of ["json", "pretty"] as const) {
  Deno.test(`createLog() writes no secret as ${format}, by field or by text`, async () => {
    const { log, lines } = await logged({
      format,
      secrets: ["abc.def"],
      color: format === "pretty",
    });
    log.info("with abc.def in it", {
      token: "named",
      deep: [{ sessionCookie: "cookie" }],
      url: "wss://x/?t=abc.def",
      error: new Error("Bot abc.def was refused", { cause: new Error("abc.def") }),
    });
    const chain = new Error("fetch failed", {
      cause: new Error("x?t=abc.def", { cause: "abc.def" }),
    });
    log.warn(messageOf(chain), { error: messageOf(chain) });
    const text = lines.join("");
    for (const secret of ["abc.def", "named", '"cookie"']) assert(!text.includes(secret), text);
    assert(text.includes("[redacted]"));
  });
}

Deno.test("createLog() learns of secrets as they are made", async () => {
  const { log, lines } = await logged();
  log.info("before xyz");
  log.keepSecret("xyz");
  log.info("after xyz");
  assert.deepEqual(lines.map((line) => JSON.parse(line).message), [
    "before xyz",
    "after [redacted]",
  ]);
});

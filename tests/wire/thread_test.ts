/** What a cluster that is a thread says to its unit, and hears from it. */

import assert from "node:assert/strict";
import type { ToThread } from "../../clusters/inside/thread.ts";
import type { ClusterWord, LastWord } from "../../clusters/words.ts";
import { type FakeUnit, fakeUnit } from "../support/fake_unit.ts";
import { cluster } from "../support/peers.ts";

const THREAD = new URL("../../clusters/inside/thread.ts", import.meta.url).href;
const MOD = new URL("../../mod.ts", import.meta.url).href;

/** A thread whose bot is `definition`, in source. */
function spawn(definition: string) {
  const source = `import { defineBot } from ${JSON.stringify(MOD)};
import { runThread } from ${JSON.stringify(THREAD)};
runThread({ default: ${definition} });`;
  const worker = new Worker(`data:application/javascript,${encodeURIComponent(source)}`, {
    type: "module",
  });
  const said: ClusterWord[] = [];
  const waiting = new Set<() => void>();
  worker.onmessage = ({ data }: MessageEvent<ClusterWord>) => {
    said.push(data);
    for (const look of waiting) look();
  };
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => holds() && (waiting.delete(look), resolve());
      waiting.add(look);
      look();
    });
  const exit = async () => {
    await until(() => said.at(-1)?.type === "EXITED");
    worker.terminate();
    return said.at(-1);
  };
  const lines = () => said.flatMap((word) => word.type === "LOG" ? [word.line] : []);
  return { say: (word: ToThread) => worker.postMessage(word), said, lines, until, exit };
}

function start(unit: FakeUnit): ToThread {
  const settings = {
    peer: cluster(0),
    unitUrl: unit.url,
    credential: "credential",
    botModule: "file:///bot.ts",
  };
  return { type: "START", settings, isAlone: false };
}

Deno.test("a thread runs its bot from START to STOP, and its last word is EXITED", async () => {
  const unit = fakeUnit("credential");
  const thread = spawn(`defineBot({ events: {} })`);
  thread.say(start(unit));
  await unit.until(() => unit.links === 1);
  assert.equal(unit.hellos[0]!.clusterId, 0);
  assert.ok(unit.hellos[0]!.port! > 0);
  thread.say({ type: "STOP" });
  assert.deepEqual(await thread.exit(), { type: "EXITED", code: 0, reason: "asked to" });
  await unit.stop();
});

Deno.test("a thread's lines are cloned as text, whatever is in their fields", async () => {
  const unit = fakeUnit("credential");
  const thread = spawn(`defineBot({
    events: {},
    start: ({ log }) => log.info("words", { big: 12345678901234567890n, f() {}, n: 1 }),
  })`);
  thread.say(start(unit));
  await thread.until(() => thread.lines().length > 0);
  const fields = { big: "12345678901234567890", n: 1 };
  assert.deepEqual(thread.lines()[0], { level: "info", event: "words", fields });
  thread.say({ type: "STOP" });
  await thread.exit();
  await unit.stop();
});

Deno.test("a thread survives its author's mistakes, and tells them", async () => {
  const unit = fakeUnit("credential");
  const thread = spawn(`defineBot({
    events: {},
    start() {
      void Promise.reject(new Error("forgotten"));
      setTimeout(() => { throw new TypeError("thrown into the air"); });
    },
  })`);
  thread.say(start(unit));
  const errors = () => thread.lines().filter(({ level }) => level === "error");
  await thread.until(() => errors().length === 2);
  assert.deepEqual(errors().map(({ event, fields }) => [event, fields.error]), [
    ["uncaught error", "forgotten"],
    ["uncaught error", "thrown into the air"],
  ]);
  await unit.until(() => unit.links === 1);
  thread.say({ type: "STOP" });
  assert.equal((await thread.exit() as { code: number }).code, 0);
  await unit.stop();
});

const QUITS: Record<string, [statement: string, code: number]> = {
  "Deno.exit()": ["Deno.exit(7)", 7],
  "self.close()": ["self.close()", 0],
};

for (const [call, [statement, code]] of Object.entries(QUITS)) {
  Deno.test(`a thread whose bot calls ${call} ends with a word, as a process does`, async () => {
    const unit = fakeUnit("credential");
    const thread = spawn(`defineBot({ events: {}, start() { ${statement}; } })`);
    thread.say(start(unit));
    assert.deepEqual(await thread.exit(), {
      type: "EXITED",
      code,
      reason: `ended with code ${code}`,
    });
    await unit.stop();
  });
}

const ENDS: Record<string, [definition: string, code: number, reason: RegExp]> = {
  "that holds no bot": ["{}", 1, /^Cannot run file:\/\/\/bot\.ts: /],
  "whose start() fails": [
    `defineBot({ events: {}, start: () => Promise.reject(new Error("no database")) })`,
    1,
    /^no database$/,
  ],
  "whose shutdown() fails": [
    `defineBot({ events: {}, shutdown: () => Promise.reject(new Error("gone")) })`,
    0,
    /^shutdown failed: gone$/,
  ],
};

for (const [what, [definition, code, reason]] of Object.entries(ENDS)) {
  Deno.test(`a thread ${what} ends with code ${code}, and says why`, async () => {
    const unit = fakeUnit("credential");
    const thread = spawn(definition);
    thread.say(start(unit));
    if (code === 0) thread.say({ type: "STOP" });
    const exit = await thread.exit() as LastWord;
    assert.equal(exit.code, code);
    assert.match(exit.reason, reason);
    await unit.stop();
  });
}

/** The program of a cluster that is a process: what starts it, and what ends it. */

import assert from "node:assert/strict";
import { parseLogLine } from "../../clusters/log.ts";
import { type LastWord, parseWord } from "../../clusters/words.ts";
import { type FakeUnit, fakeUnit } from "../support/fake_unit.ts";
import { until } from "../support/unit_process.ts";

const ENTRY = new URL("../../clusters/inside/entry.ts", import.meta.url).href;
const MOD = new URL("../../mod.ts", import.meta.url).href;
const BOT = `{ default: defineBot({ events: {}, shutdown: () => console.log("shutdown") }) }`;

/** A process whose main module runs what `load` gives, in source. */
function spawn(env: Record<string, string>, load: string = `async () => (${BOT})`) {
  const source = `import { defineBot } from ${JSON.stringify(MOD)};
import { runProcess } from ${JSON.stringify(ENTRY)};
await runProcess(${load});`;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      "--allow-net=127.0.0.1",
      "--allow-env",
      `data:application/javascript,${encodeURIComponent(source)}`,
    ],
    clearEnv: true,
    env: { HOME: Deno.env.get("HOME") ?? "", NO_COLOR: "1", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let printed = "";
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) printed += text;
  })();
  return {
    child,
    printed: () => printed,
    lines: () => printed.split("\n").flatMap((text) => parseLogLine(text) ?? []),
    /** Its code, once all that it printed is here. */
    async exit() {
      const { code } = await child.status;
      await reading;
      await child.stdin.close().catch(() => {});
      return code;
    },
  };
}

function settings(unit: FakeUnit) {
  return {
    GATEHOUSE_URL: unit.url,
    GATEHOUSE_CREDENTIAL: "credential",
    BOT_MODULE: "file:///bot.ts",
  };
}

Deno.test("a process is the cluster of CLUSTER_ID, or the service of SERVICE_NAME", async () => {
  const unit = fakeUnit("credential");
  const both = [{ CLUSTER_ID: "2" }, { SERVICE_NAME: "api" }]
    .map((who) => spawn({ ...settings(unit), ...who } as Record<string, string>));
  await unit.until(() => unit.hellos.length === 2);
  const who = unit.hellos.map(({ clusterId, service }) => clusterId ?? service);
  assert.deepEqual(who.map(String).sort(), ["2", "api"]);
  for (const { child } of both) child.kill("SIGTERM");
  assert.deepEqual(await Promise.all(both.map(({ exit }) => exit())), [0, 0]);
  await unit.stop();
});

Deno.test("SIGTERM stops a process in good order, and SIGINT of a terminal does not", async () => {
  const unit = fakeUnit("credential");
  const process = spawn({ ...settings(unit), CLUSTER_ID: "0" });
  await unit.until(() => unit.links === 1);
  process.child.kill("SIGINT");
  unit.send(0, 1, "X", null);
  await unit.until(() => unit.acked.get(0) === 1);
  process.child.kill("SIGTERM");
  process.child.kill("SIGTERM");
  assert.equal(await process.exit(), 0);
  const stops = process.lines().filter(({ event }) => event === "cluster stops");
  assert.deepEqual(stops.map(({ fields }) => fields.reason), ["asked to"]);
  assert.equal(process.printed().split("shutdown").length, 2, "shutdown() is called once");
  await unit.stop();
});

Deno.test("a process whose unit is gone, however that ended, stops by itself", async () => {
  const unit = fakeUnit("credential");
  const process = spawn({ ...settings(unit), CLUSTER_ID: "0" });
  await unit.until(() => unit.links === 1);
  await process.child.stdin.close();
  assert.equal(await process.exit(), 0);
  assert.match(process.printed(), /the unit is gone/);
  assert.match(process.printed(), /^shutdown$/m);
  await unit.stop();
});

Deno.test("a process whose shutdown() fails says so, and ends all the same", async () => {
  const unit = fakeUnit("credential");
  const shutdown = `() => Promise.reject(new Error("database is gone"))`;
  const load = `async () => ({ default: defineBot({ events: {}, shutdown: ${shutdown} }) })`;
  const process = spawn({ ...settings(unit), CLUSTER_ID: "0" }, load);
  await unit.until(() => unit.links === 1);
  process.child.kill("SIGTERM");
  assert.equal(await process.exit(), 0);
  const failed = process.lines().find(({ event }) => event === "shutdown failed");
  assert.deepEqual(failed?.fields, { error: "database is gone" });
  await unit.stop();
});

Deno.test("a rejection that nobody waits for, and an error thrown into the air, end no process", async () => {
  const unit = fakeUnit("credential");
  const load = `async () => {
    setTimeout(() => {
      void Promise.reject(new Error("forgotten"));
      setTimeout(() => { throw new TypeError("thrown into the air"); });
    }, 500);
    return ${BOT};
  }`;
  const process = spawn({ ...settings(unit), CLUSTER_ID: "0" }, load);
  const errors = () => process.lines().filter(({ level }) => level === "error");
  await until(() => errors().length === 2, 20_000, process.printed);
  assert.deepEqual(errors().map(({ event }) => event), [
    "rejection without a handler",
    "uncaught error",
  ]);
  assert.match(String(errors()[0]!.fields.stack), /forgotten/);
  process.child.kill("SIGTERM");
  assert.equal(await process.exit(), 0);
  await unit.stop();
});

const BEFORE: Record<string, [env: Record<string, string>, load: string | undefined, RegExp]> = {
  "that is told nothing of itself": [{}, undefined, /CLUSTER_ID is not set/],
  "that is not told of its unit": [{ CLUSTER_ID: "0" }, undefined, /GATEHOUSE_URL is not set/],
  "whose bot cannot be loaded": [
    {
      CLUSTER_ID: "0",
      GATEHOUSE_URL: "http://127.0.0.1:1",
      GATEHOUSE_CREDENTIAL: "c",
      BOT_MODULE: "b",
    },
    `() => Promise.reject(new Error("Module not found"))`,
    /Module not found/,
  ],
};

for (const [what, [env, load, error]] of Object.entries(BEFORE)) {
  Deno.test(`a process ${what} ends with code 1, and says why`, async () => {
    const process = spawn(env, load);
    assert.equal(await process.exit(), 1);
    const words = process.printed().trim().split("\n").map(parseWord);
    assert.equal(words.length, 1);
    const { code, reason, stack } = words[0] as LastWord;
    assert.equal(code, 1);
    assert.match(reason, error);
    assert.match(stack!, error);
  });
}

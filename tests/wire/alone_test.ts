/** A cluster of a compiled Gatehouse: a process of the executable itself, with the bot in a thread. */

import assert from "node:assert/strict";
import { compiledCommand } from "../../clusters/command.ts";
import type { RunningCluster, StartClusterOptions } from "../../clusters/place.ts";
import { startProcess } from "../../clusters/process.ts";
import { type ClusterBench, CREDENTIAL, LEAST, withUnit } from "../support/cluster_bench.ts";
import { standIn } from "../support/compiled.ts";

async function withCompiled(
  body: (start: (options: StartClusterOptions) => RunningCluster, bench: ClusterBench) => unknown,
): Promise<void> {
  const dir = Deno.realPathSync(Deno.makeTempDirSync());
  const { args } = standIn(dir);
  const start = (options: StartClusterOptions) => {
    const command = compiledCommand(options);
    return startProcess(options, { ...command, args: [...args, ...command.args] });
  };
  try {
    await withUnit(async (bench) => void await body(start, bench));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("a bot alone has what CLUSTER_PERMISSIONS gives, and nothing that the executable may", () =>
  withCompiled(async (start, { options, ...bench }) => {
    const cluster = start({ ...options, permissions: ["--allow-env=PASSED,WS_NO_BUFFER_UTIL"] });
    assert.deepEqual(await bench.permissions(), { ...LEAST, passed: "passed on" });
    await cluster.stop(10_000);
  }));

Deno.test("a bot alone finishes what it handles when it is asked to stop, then shuts down", () =>
  withCompiled(async (start, { options, reports, say, unit, lines }) => {
    const cluster = start(options);
    await cluster.loaded;
    say(1, "hello");
    await unit.until(() => unit.acked.get(1) === 1);
    await cluster.stop(10_000);
    assert.deepEqual(reports(), ["hello", "shutdown"]);
    assert.deepEqual(await cluster.exited, { code: 0, reason: "ended with code 0" });
    assert.ok(lines.includes('info cluster stops {"reason":"asked to","clusterId":0}'));
  }));

Deno.test("a bot alone that is busy is killed with its process", () =>
  withCompiled(async (start, { options, reports, say, unit }) => {
    const cluster = start(options);
    say(1, "spin");
    await unit.until(() => reports().includes("spinning"));
    await cluster.stop(300);
    assert.deepEqual(await cluster.exited, { code: null, reason: "ended by SIGKILL" });
  }));

Deno.test("a bot alone stops when its unit is gone", () =>
  withCompiled(async (_, { options, reports, say, unit }) => {
    const dir = Deno.realPathSync(Deno.makeTempDirSync());
    const command = compiledCommand(options);
    const child = new Deno.Command(Deno.execPath(), {
      args: [...standIn(dir).args, ...command.args],
      env: command.env,
      clearEnv: true,
      stdin: "piped",
      stdout: "null",
    }).spawn();
    say(1, "hello");
    await unit.until(() => unit.acked.get(1) === 1);
    await child.stdin.close();
    assert.equal((await child.status).code, 0);
    assert.deepEqual(reports(), ["hello", "shutdown"]);
    Deno.removeSync(dir, { recursive: true });
  }));

Deno.test("a bot alone that ends its process, or is none, is told with its code and why", () =>
  withCompiled(async (start, { options, say }) => {
    const crashing = start(options);
    say(1, "crash");
    assert.deepEqual(await crashing.exited, { code: 7, reason: "ended with code 7" });
    const noBot = new URL("../../protocol/ids.ts", import.meta.url).href;
    const exit = await start({ ...options, botModule: noBot }).exited;
    assert.equal(exit.code, 1);
    assert.match(exit.reason, /^ended with code 1: Cannot run file:.*it has no default export/);
    const missing = new URL("missing.ts", import.meta.url).href;
    const { code, reason } = await start({ ...options, botModule: missing }).exited;
    assert.equal(code, 1);
    assert.match(reason, /Cannot load .*missing\.ts: .*Module not found/);
  }));

Deno.test("what a bot alone logs, prints and forgets to catch reaches the unit's log", () =>
  withCompiled(async (start, { lines, options, say, unit }) => {
    const cluster = start(options);
    say(1, "log");
    say(2, "forget a rejection");
    await unit.until(() => unit.acked.get(1) === 2);
    await cluster.stop(10_000);
    const found = (text: string) => lines.find((line) => line.includes(text)) ?? lines.join("\n");
    assert.match(found("words of a bot"), /^info words of a bot {"shardId":1,"clusterId":0}/);
    assert.match(found("plain words"), /^info cluster prints {"clusterId":0,"text":"plain words"}/);
    assert.match(found("forgotten"), /^error uncaught error/);
    assert.ok(!lines.join().includes(CREDENTIAL));
  }));

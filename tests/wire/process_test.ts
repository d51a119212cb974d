import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { systemClock } from "../../ports/clock.ts";
import { clusterCommand } from "../../clusters/command.ts";
import { startProcess } from "../../clusters/process.ts";
import { ClusterPlace, type PlaceSnapshot } from "../../clusters/place.ts";
import { CREDENTIAL, LEAST, withUnit } from "../support/cluster_bench.ts";

const EXAMPLES = ["bot.ts", "discordeno_bot.ts"];

for (const example of EXAMPLES) {
  Deno.test(`examples/${example} answers a message and an interaction through the unit`, () =>
    withUnit(async ({ unit, options }) => {
      const botModule = new URL(`../../examples/${example}`, import.meta.url).href;
      const cluster = startProcess({ ...options, botModule });
      const author = { id: "8", username: "somebody", discriminator: "0" };
      unit.send(0, 1, "MESSAGE_CREATE", {
        ...{ id: "9", channel_id: "5", content: "!ping", author, type: 0, attachments: [] },
        ...{ mentions: [], mention_roles: [], embeds: [], timestamp: "2026-01-01T00:00:00Z" },
      });
      unit.send(1, 1, "INTERACTION_CREATE", {
        ...{ id: "11", application_id: "4242", type: 2, token: "itoken", version: 1, user: author },
        ...{ channel_id: "5", data: { id: "3", name: "ping", type: 1 } },
      });
      await unit.until(() => unit.acked.get(0) === 1 && unit.acked.get(1) === 1);
      const answers = unit.calls.filter(({ method }) => method === "POST");
      assert.deepEqual(answers.map(({ path, body }) => [path, body]).sort(), [
        ["/channels/5/messages", { content: "pong" }],
        ["/interactions/11/itoken/callback", { type: 4, data: { content: "pong" } }],
      ]);
      assert.ok(answers.every(({ authorization }) => authorization === `Bot ${CREDENTIAL}`));
      await cluster.stop(10_000);
      assert.equal((await cluster.exited).code, 0);
    }));
}

Deno.test("a cluster's process has no token and nothing but the unit's address, and a port to listen at", () =>
  withUnit(async ({ options, ...bench }) => {
    const permissions = ["--allow-env=PASSED,WS_NO_BUFFER_UTIL"];
    Deno.env.set("WS_NO_BUFFER_UTIL", "inherited");
    const cluster = startProcess({ ...options, permissions });
    Deno.env.delete("WS_NO_BUFFER_UTIL");
    assert.deepEqual(await bench.permissions(), { ...LEAST, passed: "passed on" });
    await cluster.stop(10_000);
  }));

Deno.test("SIGTERM lets handlers finish, then runs shutdown()", () =>
  withUnit(async ({ options, reports, say, unit }) => {
    const cluster = startProcess(options);
    say(1, "hello");
    await unit.until(() => unit.acked.get(1) === 1);
    await cluster.stop(10_000);
    assert.deepEqual(reports(), ["hello", "shutdown"]);
    assert.deepEqual(await cluster.exited, { code: 0, reason: "ended with code 0" });
  }));

Deno.test("a cluster that does not stop in time is killed", () =>
  withUnit(async ({ lines, options, reports, say, unit }) => {
    const cluster = startProcess(options);
    say(1, "spin");
    await unit.until(() => reports().includes("spinning"));
    await cluster.stop(300);
    assert.deepEqual(await cluster.exited, { code: null, reason: "ended by SIGKILL" });
    assert.ok(lines.some((line) => line.startsWith("warn cluster is killed")));
  }));

Deno.test("what was not acknowledged before a kill -9 is handled by the next process", () =>
  withUnit(async ({ options, reports, say, unit }) => {
    const first = startProcess(options);
    say(1, "before");
    await unit.until(() => unit.acked.get(1) === 1);
    say(2, "hang");
    say(3, "meanwhile");
    await unit.until(() => reports().includes("meanwhile"));
    await first.stop(0);
    assert.equal((await first.exited).reason, "ended by SIGKILL");
    assert.equal(unit.acked.get(1), 1);
    const second = startProcess(options);
    say(4, "after");
    await unit.until(() => reports().includes("after"));
    assert.deepEqual(reports().sort(), ["after", "before", "meanwhile", "meanwhile"]);
    await second.stop(0);
  }));

Deno.test("a cluster whose unit has died stops by itself", () =>
  withUnit(async ({ options, reports, say, unit }) => {
    const child = new Deno.Command(Deno.execPath(), {
      ...clusterCommand(options, existsSync),
      clearEnv: true,
      stdin: "piped",
      stdout: "null",
    }).spawn();
    say(1, "hello");
    await unit.until(() => unit.acked.get(1) === 1);
    await child.stdin.close();
    assert.equal((await child.status).code, 0);
    assert.deepEqual(reports(), ["hello", "shutdown"]);
  }));

Deno.test("a crash is told with its code and restarted, at once and then with growing delays", () =>
  withUnit(async ({ options, reports, say, unit }) => {
    const changes: PlaceSnapshot[] = [];
    const changed = Promise.withResolvers<void>();
    const place = new ClusterPlace({
      peer: { kind: "cluster", id: 0 },
      setting: "BOT_MODULE",
      refused: () => assert.fail("it was loaded"),
      start: () => startProcess(options),
      clock: systemClock,
      log: options.log,
      onChange(snapshot) {
        changes.push(snapshot);
        if (snapshot.state === "backing off" && snapshot.restarts === 1) changed.resolve();
      },
    });
    place.spawn();
    say(1, "crash");
    await changed.promise;
    assert.match(changes.find(({ state }) => state === "backing off")!.reason, /code 7/);
    // The same event comes again, so this process dies too; the next one finds it acknowledged.
    unit.acked.set(1, 1);
    say(2, "alive");
    await unit.until(() => reports().includes("alive"));
    assert.equal(place.snapshot.restarts, 2);
    await place.kill(10_000);
    assert.equal(place.snapshot.state, "stopped");
  }));

Deno.test("a bot's lines and what it prints reach the unit's log; a forgotten rejection is one", () =>
  withUnit(async ({ lines, options, say, unit }) => {
    const cluster = startProcess(options);
    say(1, "log");
    say(2, "forget a rejection");
    await unit.until(() => unit.acked.get(1) === 2);
    await cluster.stop(10_000);
    const found = (text: string) => lines.find((line) => line.includes(text)) ?? lines.join("\n");
    assert.match(found("words of a bot"), /^info words of a bot {"shardId":1,"clusterId":0}/);
    assert.match(found("plain words"), /^info cluster prints {"clusterId":0,"text":"plain words"}/);
    assert.match(found("forgotten"), /^error rejection without a handler/);
  }));

Deno.test("a module that is no bot ends the cluster with a clear reason", () =>
  withUnit(async ({ options }) => {
    const noBot = new URL("../../protocol/ids.ts", import.meta.url).href;
    const { code, reason } = await startProcess({ ...options, botModule: noBot }).exited;
    assert.equal(code, 1);
    assert.match(reason, /ended with code 1: Cannot run file:.*ids\.ts: it has no default export/);
    const missing = new URL("missing.ts", import.meta.url).href;
    const exit = await startProcess({ ...options, botModule: missing }).exited;
    assert.equal(exit.code, 1);
    assert.match(exit.reason, /Module not found/);
  }));

Deno.test("a bot whose module starts a timer runs, and ends when it is asked to", () =>
  withUnit(async ({ options, reports, say, unit }) => {
    const botModule = new URL("../support/ticking_bot.ts", import.meta.url).href;
    const cluster = startProcess({ ...options, botModule });
    say(1, "hello");
    await unit.until(() => unit.acked.get(1) === 1);
    assert.deepEqual(reports(), ["hello, it ticks"]);
    await cluster.stop(10_000);
    assert.deepEqual(await cluster.exited, { code: 0, reason: "ended with code 0" });
  }));

import assert from "node:assert/strict";
import type { BotContext } from "../../../bot/bot.ts";
import { defineBot } from "../../../bot/define_bot.ts";
import { checkOptions, runRemote } from "../../../clusters/inside/remote.ts";
import { integer } from "../../../config/readers.ts";
import { silentLog } from "../../../ports/log.ts";

Deno.test("checkOptions() names everything that is wrong, and what cannot be done", () => {
  const options = { unitUrl: "nowhere", clusterId: -1, port: 70_000, windowBytes: undefined };
  const port = integer("a port", 0, 65_535);
  const check = () => checkOptions(options, "serve events", ["secretKey"], { port });
  assert.throws(check, (error: Error) => {
    assert.match(error.message, /^Cannot serve events: secretKey: expected .*received nothing/);
    for (const name of ["unitUrl", "clusterId", "port"]) assert.ok(error.message.includes(name));
    return !error.message.includes("windowBytes");
  });
  checkOptions({ unitUrl: "https://unit.example.com", secretKey: "s" }, "serve", ["secretKey"]);
});

Deno.test("runRemote() is cluster 0 of a unit on this machine, unless it is told otherwise", async () => {
  const started: BotContext[] = [];
  const bot = defineBot({ events: {}, start: (context) => void started.push(context) });
  const runs = [
    await runRemote({ log: silentLog }, bot),
    await runRemote({ log: silentLog, clusterId: 3, unitUrl: "https://unit.example.com" }, bot),
  ];
  assert.deepEqual(started.map(({ cluster, rest }) => [cluster.id, rest.baseUrl]), [
    [0, "http://127.0.0.1:8787/api/v10"],
    [3, "https://unit.example.com/api/v10"],
  ]);
  assert.equal(runs[0]!.restAuthorization, "remote-cluster");
  for (const run of runs) await run.stop();
});

/** Servers that are there, and cannot do what they should. */

import assert from "node:assert/strict";
import { loadJetStream } from "../../../deps.ts";
import { dialNats } from "../../../ports/nats/dial.ts";
import { namesOf } from "../../../ports/nats/line.ts";
import { openBucket, writeTo } from "../../../ports/nats/bucket.ts";
import { ofEachNats, startNats, startNatsCluster, until } from "../../support/nats_server.ts";
import { BOT, openUpLine, settingsFor } from "./lines.ts";

const MUCH = "x".repeat(300_000);
const { jetstreamManager } = await loadJetStream();
const { bucket } = namesOf({ natsPrefix: "gatehouse" }, BOT);
const US = { name: "other", inbox: "inbox" };

ofEachNats("a line to NATS", (program, title) => {
  Deno.test(`${title} is not up while the disk is full, and says so`, async () => {
    await using server = await startNats(program, "", { jetstream: "max_file: 1MB" });
    const { line } = await openUpLine(settingsFor(server.url));
    const told: (string | null)[] = [];
    line.keys.watch("unit.", (key) => told.push(key));
    // Somebody else's.
    const connection = await dialNats(settingsFor(server.url), server.url, US);
    const other = await openBucket(connection, "other");
    await assert.rejects(async () => {
      for (let n = 0; n < 10; n++) await writeTo(other, `k${n}`, MUCH);
    });
    await assert.rejects(line.keys.put("unit.a", 1), { code: "away" });
    assert.equal(line.isUp, false);
    await until(
      () => /insufficient|exceeded/.test(line.warnings.join()),
      () => line.warnings.join(),
    );
    await other.streams.delete(other.stream);
    await until(() => line.isUp);
    await line.keys.put("unit.a", 1);
    await until(() => told.includes("unit.a"));
    await connection.close();
    await line.close();
  });

  Deno.test(`${title} goes on when the one of three servers dies that leads`, async () => {
    const servers = await startNatsCluster(program);
    const settings = settingsFor(servers.map(({ url }) => url));
    const { line, lines } = await openUpLine(settings);
    assert.doesNotMatch(line.warnings.join(), /one server alone/);
    const told: string[] = [];
    line.keys.watch("leader", (key, entry) => told.push(key === null ? "all" : `${entry?.value}`));
    for (let n = 0; n < 20; n++) await line.keys.put("leader", n);
    const revision = (await line.keys.get("leader"))!.revision;
    const connection = await dialNats(settings, servers[0]!.url, US);
    const { cluster } = await (await jetstreamManager(connection)).streams.info(`KV_${bucket}`);
    await connection.close();
    await servers[Number(cluster!.leader!.slice(1))]!.kill();
    const put = () => line.keys.put("leader", "last").then(() => true, () => false);
    const why = () => lines.map((each) => JSON.stringify(each)).join("\n");
    await until(put, why, 30_000);
    assert.ok((await line.keys.get("leader"))!.revision > revision);
    // Who told us may have died with it, which the line sees in good time.
    await until(() => told.includes("last"), why, 10_000);
    await line.close();
    for (const server of servers) await server[Symbol.asyncDispose]();
  });
});

/** What a unit with workers, clusters and Discord in processes of their own tells of its events. */

import assert from "node:assert/strict";
import type { Stats } from "../../protocol/status.ts";
import { startSociety } from "../support/society.ts";
import { until } from "../support/unit_process.ts";

Deno.test("stats tell of events by type, how long they wait, the bot's lag and the identifies left", async () => {
  await using society = await startSociety({
    STATS_INTERVAL_MS: "300",
    INTENTS: "GUILDS,GUILD_MESSAGES",
  });
  const { sim, unit, post, command } = society;
  const stats = async (): Promise<Stats> => await (await unit.control("GET", "/stats")).json();
  const guild = [...sim.world.guilds.values()].find(({ id }) => (BigInt(id) >> 22n) % 4n === 0n)!;
  const say = () =>
    sim.world.emit("MESSAGE_CREATE", guild.id, {
      id: sim.world.nextId(),
      guild_id: guild.id,
      channel_id: guild.channels[0]!.id,
      content: "hello",
    });
  for (let i = 0; i < 20; i++) say();
  await until(async () => (await stats())?.events.byType.MESSAGE_CREATE! > 0, 10_000);
  await until(async () => (await command({ clusterId: 0 }, { do: "heard" })).length === 20, 10_000);
  const isAcknowledged = async () => {
    const { ackLagMs, queueAgeMs } = (await stats()).manager.discord!;
    return ackLagMs[0] !== null && queueAgeMs[0] === 0;
  };
  await until(isAcknowledged, 10_000, () => "nothing is acknowledged");
  const { manager, events } = await stats();
  assert.equal(manager.identifiesLeft, sim.settings.startLimit.total - 4);
  assert.deepEqual(events.byShard, manager.discord!.eventsPerSecond);

  await post("/clusters/0/kill?timeout=1000");
  say();
  const ageMs = async () => (await stats()).clusters[0]!.discord!.queueAgeMs[0]!;
  await until(async () => await ageMs() > 0, 10_000, () => "nothing waits");
  const first = await ageMs();
  await until(async () => await ageMs() > first, 10_000, () => "it grows no older");
  const metrics = await (await fetch(`${await unit.url()}/metrics`)).text();
  assert.match(metrics, /^gatehouse_events_by_type_total\{type="MESSAGE_CREATE"\} 21$/m);
  assert.match(metrics, /^gatehouse_shard_queue_age_seconds\{shard="0"\} \d/m);
  assert.match(metrics, /^gatehouse_shard_ack_lag_seconds\{shard="0"\} \d/m);
});

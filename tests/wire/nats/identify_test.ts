import assert from "node:assert/strict";
import { IdentifyAuthority } from "../../../gateway/identify/fleet/authority.ts";
import { FleetGate } from "../../../gateway/identify/fleet/gate.ts";
import { systemClock as clock } from "../../../ports/clock.ts";
import { silentLog } from "../../../ports/log.ts";
import { identifyKey, shardRange } from "../../../protocol/ids.ts";
import { ofEachNats, startNats, until } from "../../support/nats_server.ts";
import { openUpLine, settingsFor } from "./lines.ts";

const SHARDS = 18;
const KEYS = 2;
/** Discord's would make the test long. */
const SPACING_MS = 400;
const NAMES = ["a", "b", "c"];

/** Units over one server, of which `leads()` leads. */
async function setUp(url: string, leads: () => string) {
  const watching = new Set<() => void>();
  const sent: { readonly id: number; readonly atMs: number }[] = [];
  const units = await Promise.all(NAMES.map(async (self) => {
    const { line } = await openUpLine(settingsFor(url));
    const view = {
      self,
      get members() {
        return NAMES.slice(NAMES.indexOf(leads()));
      },
      get leader() {
        return leads();
      },
      get term() {
        return leads() === self ? 1 + NAMES.indexOf(self) : null;
      },
      watch(changed: () => void) {
        watching.add(changed);
        return () => watching.delete(changed);
      },
    };
    const budget = { total: 1000, remaining: 1000, resetAtMs: clock.epochMs() + 86_400_000 };
    const common = { clock, line, view, life: `life-of-${self}` };
    const limits = { maxConcurrency: KEYS, reserve: 0, budget };
    const gate: FleetGate = new FleetGate({
      ...common,
      limits,
      allow(shard, permit) {
        sent.push({ id: shard.id, atMs: clock.now() });
        gate.sent(shard, permit);
      },
      known() {},
    });
    const authority = new IdentifyAuthority({
      ...common,
      ...limits,
      log: silentLog,
      spacingMs: SPACING_MS,
      budget: () => gate.budget,
    });
    const end = async () => {
      gate.stop();
      authority.stop();
      await line.close();
    };
    return { gate, end };
  }));
  for (const id of shardRange(0, SHARDS - 1)) {
    units[Math.floor(id / (SHARDS / NAMES.length))]!.gate.request({ total: SHARDS, id });
  }
  return { units, sent, changed: () => watching.forEach((changed) => changed()) };
}

ofEachNats("the identifies of three units over NATS", (program, title) => {
  Deno.test(`${title} keep the pace when the server loses all and the leader dies`, async () => {
    await using server = await startNats(program);
    let leader = "a";
    const waits = () => units.map(({ gate }) => gate.snapshot.held?.away);
    const soon = (isSo: () => boolean) => until(isSo, () => `${sent.length} ${waits()}`, 60_000);
    const { units, sent, changed } = await setUp(server.url, () => leader);
    await soon(() => sent.length >= 4);
    await server.kill();
    await server.lose();
    await server.start();
    // All that is a's, and that is written: else its permits would keep their keys for 45 s.
    await soon(() => sent.length >= 8);
    const [first, ...others] = units;
    await first!.end();
    leader = "b";
    changed();
    await soon(() => sent.length === SHARDS);
    for (const key of shardRange(0, KEYS - 1)) {
      const times = sent.filter(({ id }) => identifyKey(id, KEYS) === key).map(({ atMs }) => atMs);
      const pauses = times.slice(1).map((atMs, at) => atMs - times[at]!);
      assert.ok(Math.min(...pauses) >= SPACING_MS, pauses.join());
    }
    assert.deepEqual(new Set(sent.map(({ id }) => id)).size, SHARDS);
    await soon(() => others.every(({ gate }) => gate.snapshot.waiting === 0));
    for (const { gate } of others) {
      const more = 1000 - gate.snapshot.remaining - SHARDS;
      // Never fewer than were sent. When a leader dies, of each key one may count once more that was used and of
      // which its unit has not heard that it was counted, and one whose permit was out.
      assert.ok(more >= 0 && more <= 2 * KEYS, `${more} more than were sent`);
    }
    await Promise.all(others.map(({ end }) => end()));
  });
});

import assert from "node:assert/strict";
import { NO_ESTATE } from "../../../../protocol/estate.ts";
import type { LotPhase } from "../../../../protocol/reshard.ts";
import type { ShardState } from "../../../../protocol/status.ts";
import { NO_IDENTIFIES } from "../../../../unit/blank.ts";
import { LotShard } from "../../../../unit/reshard/lots/lot_shard.ts";
import { beginLots, isRisen, lotNeed } from "../../../../unit/reshard/lots/turns.ts";

const gate = { ...NO_IDENTIFIES, maxConcurrency: 1, remaining: 1000, total: 1000 };

/** A lot whose new shards are in these states; with `*` they have a session. */
function lot(phase: LotPhase, ...shards: string[]) {
  const newShards = shards.map((text, id) =>
    new LotShard({ id, total: 4 }, {
      statusOf: () => {
        const state = text.replace("*", "") as ShardState;
        return { shardId: id, state, reason: "", sinceMs: 0, connection: 1 };
      },
      estateOf: () => {
        const point = { shardId: id, totalShards: 4, intents: 1, sessionId: "s", resumeUrl: null };
        return text.endsWith("*")
          ? { ...NO_ESTATE, session: { ...point, seq: 0, base: 0 } }
          : NO_ESTATE;
      },
    })
  );
  const made = { phase, newShards, begin: () => void (made.phase = "rising") };
  return made;
}

Deno.test("beginLots() begins the first that may, and no other before it", () => {
  const lots = [
    lot("moved", "ready*"),
    lot("waiting", "idle", "idle"),
    lot("waiting", "idle", "idle"),
  ];
  assert.equal(beginLots(lots, gate), null);
  assert.deepEqual(lots.map(({ phase }) => phase), ["moved", "rising", "waiting"]);
});

Deno.test("beginLots() begins those first that an earlier life has left with sessions", () => {
  const lots = [lot("waiting", "idle", "idle", "idle"), lot("waiting", "idle*", "idle*")];
  beginLots(lots, { ...gate, remaining: 0 });
  assert.deepEqual(lots.map(({ phase }) => phase), ["waiting", "rising"]);
});

Deno.test("beginLots() says what a lot waits for when the day's identifies are too few for it", () => {
  const lots = [lot("waiting", "idle", "idle*")];
  const text = beginLots(lots, { ...gate, remaining: 9, reserve: 9, resetAfterMs: 59_000 });
  assert.equal(
    text,
    "the next guilds take 1 identifies, 0 are left today beside the reserve: it goes on in 1 minutes",
  );
  assert.equal(lots[0]!.phase, "waiting");
});

Deno.test("lotNeed() counts shards that have spent their identify no more", () => {
  const need = lotNeed(lot("rising", "queued", "identifying", "ready", "backing off*"));
  assert.deepEqual(need, { shards: 4, identifies: 1 });
});

Deno.test("isRisen() holds from the first identify until it is written down who serves", () => {
  const phases = [
    "waiting",
    "rising",
    "comparing",
    "holding",
    "writing",
    "ending",
    "moved",
  ] as const;
  assert.deepEqual(phases.filter((phase) => isRisen({ phase })), [
    "rising",
    "comparing",
    "holding",
    "writing",
  ]);
});

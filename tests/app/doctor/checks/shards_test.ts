import assert from "node:assert/strict";
import { checkIdentifies, checkShards } from "../../../../app/doctor/checks/shards.ts";
import type { GatewayInfo } from "../../../../gateway/gateway_info.ts";
import { settledRecord } from "../../../../unit/reshard/record.ts";
import {
  type FactsGiven,
  factsOf,
  GOOD_APPLICATION,
  GOOD_INFO,
  told,
} from "../../../support/doctor_facts.ts";

const shards = (given: FactsGiven) => told(checkShards(factsOf(given))).join("\n");
const identifies = (given: FactsGiven) => told(checkIdentifies(factsOf(given))).join("\n");
const gateway = (shards: number, limit: Partial<GatewayInfo["sessionStartLimit"]> = {}) => {
  const sessionStartLimit = { ...GOOD_INFO.sessionStartLimit, ...limit };
  return { gateway: { is: { ...GOOD_INFO, shards, sessionStartLimit } } };
};
const guilds = (guilds: number | null) => ({
  application: { is: { ...GOOD_APPLICATION, guilds } },
});

Deno.test("shards: guilds per shard against 2,500, and RESHARD_AT", () => {
  assert.match(shards({}), /^ok: 4 shards, 1,000 of 2,500 guilds each; Discord recommends 4$/);
  assert.match(
    shards({ config: { totalShards: 2, reshardCheckMs: 0 } }),
    /^warn: 2 shards, 2,000 .* → set TOTAL_SHARDS=4, or unset it$/,
  );
  assert.match(shards({ config: { totalShards: 2 } }), /the unit reshards once it runs$/);
  assert.match(
    shards({ config: { totalShards: 1 } }),
    /^fail: 1 shard, 4,000 .*: Discord would close them \(4011\) → set TOTAL_SHARDS=4/,
  );
});

Deno.test("shards: where Discord does not count guilds, its recommendation is gone by", () => {
  assert.match(shards({ discord: guilds(null) }), /^ok: 4 shards, about 1,000 of 2,500/);
});

Deno.test("shards: a unit that was resharded starts with what it was resharded to", () => {
  const state = { record: settledRecord(8, null) };
  assert.match(shards({ state }), /^ok: 8 shards, 500 of/);
});

Deno.test("shards: a range beyond the total, and a total that a large bot may not have", () => {
  assert.match(shards({ config: { firstShardId: 4, lastShardId: 5 } }), /fail: FIRST_SHARD_ID/);
  const discord = { ...gateway(32, { maxConcurrency: 16 }), ...guilds(30_000) };
  assert.match(
    shards({ config: { totalShards: 40 }, discord }),
    /warn: .*multiple of 16 .* → set TOTAL_SHARDS=48/,
  );
  assert.doesNotMatch(shards({ config: { totalShards: 48 }, discord }), /multiple/);
});

Deno.test("identifies: the day's, less the reserve, against the shards that have to begin", () => {
  assert.match(identifies({}), /^ok: 1,000 of 1,000 left, 100 .*; 4 shards; 20 s until all/);
  const few = { discord: gateway(4, { remaining: 102 }) };
  assert.match(
    identifies(few),
    /^fail: 102 of 1,000 left.*: 2 would wait → wait: in 2 h there are 1,000 again/,
  );
  const kept = { ...few, state: { sessions: new Map([[4, 4]]) } };
  assert.match(identifies(kept), /^warn: .*4 of which may resume: should they not, 2 would wait/);
  assert.match(identifies({ ...few, state: { sessions: new Map([[8, 8]]) } }), /^fail/);
});

Deno.test("identifies: who needs more than a day has, less the reserve, is not told to wait", () => {
  const of = (shards: number) =>
    identifies({ discord: { ...gateway(shards), ...guilds(shards * 1_000) } });
  assert.match(of(950), /^fail: .*: 50 would wait → set IDENTIFY_RESERVE=5 for the first start/);
  assert.match(of(1_000), /: 100 would wait → set IDENTIFY_RESERVE=0 /);
  assert.match(of(1_001), /: 101 would wait → spread the first start over several days/);
});

Deno.test("identifies: a unit counts its own shards", () => {
  const part = { config: { totalShards: 4, firstShardId: 1, lastShardId: 2 } };
  assert.match(identifies(part), /; 2 shards; 10 s/);
});

Deno.test("shards and identifies: nothing is made up where Discord has not answered", () => {
  assert.match(shards({ discord: { gateway: null } }), /^skipped: the token comes first$/);
  const failed = { failed: "GET /gateway/bot was answered 503", status: 503, isOurs: false };
  assert.match(identifies({ discord: { gateway: failed } }), /^warn: .*503 → Discord is ill/);
});

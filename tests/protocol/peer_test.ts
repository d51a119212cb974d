import assert from "node:assert/strict";
import { isPeer, isReader, peerFields, type PeerKey, peerText } from "../../protocol/peer.ts";

const KINDS: PeerKey[] = [
  { kind: "cluster", id: 0 },
  { kind: "cluster", id: 1 },
  { kind: "service", name: "api" },
  { kind: "service", name: "0" },
  { kind: "consumer", shard: { id: 0, total: 4 } },
  { kind: "consumer", shard: { id: 0, total: 8 } },
  { kind: "consumer", shard: { id: 0, total: 8 }, reader: "logger" },
];

Deno.test("peerText() names each peer, and no two alike", () => {
  assert.deepEqual(KINDS.map(peerText), [
    "cluster 0",
    "cluster 1",
    "service api",
    "service 0",
    "consumer 0/4",
    "consumer 0/8",
    "consumer 0/8 logger",
  ]);
});

Deno.test("isPeer() compares what peers are, also with nobody", () => {
  for (const [i, one] of KINDS.entries()) {
    KINDS.forEach((other, j) => assert.equal(isPeer(one, structuredClone(other)), i === j));
    assert.deepEqual([isPeer(one, null), isPeer(null, one)], [false, false]);
  }
  assert.equal(isPeer(null, null), true);
});

Deno.test("peerFields() numbers a cluster, names a service, and tells a consumer by its shard and name", () => {
  assert.deepEqual([0, 2, 4, 6].map((i) => peerFields(KINDS[i]!)), [
    { clusterId: 0 },
    { service: "api" },
    { shardId: 0 },
    { shardId: 0, reader: "logger" },
  ]);
});

Deno.test("isReader() tells who reads beside the bot from the bot", () => {
  assert.deepEqual(KINDS.filter(isReader), [KINDS[6]]);
});

import assert from "node:assert/strict";
import { Lives } from "../../../unit/peers/lives.ts";

function livesOf() {
  const exits: (() => void)[] = [];
  const ended: string[] = [];
  const lives = new Lives({
    config: { eventHandlerUrls: [], eventHandlerSecretKey: null },
    startCluster: () => ({
      exited: new Promise((resolve) => exits.push(() => resolve({ code: 0, reason: "" } as never))),
      loaded: Promise.resolve(),
      stop: () => Promise.resolve(),
    }),
    ended: (peer) => ended.push(peer.kind),
  });
  return { lives, exits, ended };
}

const CLUSTER = { kind: "cluster", id: 0 } as const;

Deno.test("each life of a cluster has a credential of its own, for as long as it lives", async () => {
  const { lives, exits, ended } = livesOf();
  lives.start({ peer: CLUSTER, module: "bot.ts" });
  const [first] = lives.credentials.keys();
  lives.start({ peer: CLUSTER, module: "bot.ts" });
  assert.equal(lives.credentials.size, 2);
  exits[0]!();
  await new Promise((resolve) => queueMicrotask(() => resolve(null)));
  assert.equal(lives.credentials.has(first!), false);
  assert.deepEqual(ended, ["cluster"]);
});

Deno.test("workers dial a built-in cluster where its newest life listens, with the credential of that", () => {
  const { lives } = livesOf();
  const greeting = { windowBytes: 1, port: 4000, isDialled: false };
  assert.equal(lives.addressOf(CLUSTER, greeting), null);
  lives.start({ peer: CLUSTER, module: "bot.ts" });
  const [secretKey] = lives.credentials.keys();
  assert.deepEqual(lives.addressOf(CLUSTER, greeting), { url: "ws://127.0.0.1:4000/", secretKey });
  assert.equal(lives.addressOf(CLUSTER, { ...greeting, port: null }), null);
  assert.equal(lives.addressOf({ kind: "service", name: "api" }, greeting), null);
});

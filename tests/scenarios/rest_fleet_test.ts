import assert from "node:assert/strict";
import { fleetStage } from "../rest/fleet_stage.ts";
import { firstOutOfOrder, loadOn, PLACES } from "../rest/load.ts";

/** Longest that anything may wait in here: nothing is refused for its patience. */
const HOURS_MS = 10 * 3_600_000;

interface Load {
  readonly perSecond: number;
  readonly seconds: number;
  /** Whether channels are renamed, which takes hours. */
  readonly renames?: boolean;
}

/** Four times what Discord takes, for so long that everybody has been where he was before. */
const LONG: Load = { perSecond: 200, seconds: 45 };

async function overload(
  { seconds, ...load }: Load,
  at: (second: number, scene: ReturnType<typeof fleetStage>) => void,
) {
  const scene = fleetStage({
    ...PLACES,
    proxy: { patienceMs: HOURS_MS },
    latencyMs: 40,
    jitterMs: 60,
  });
  const all = [...scene.units.values()];
  await scene.clock.advance(1_100);
  const asks = ["a", "b", "c"].map((name): ReturnType<typeof scene.unit>["ask"] => (...said) => {
    // The callers of a dead unit go to another.
    const unit = scene.units.get(name) ?? scene.unit("a");
    return unit.ask(...said);
  });
  const { minute, places, soon } = await loadOn({ ...scene, asks, renames: false, ...load });
  // That two routes share a bucket is learnt from the first answers, with luck before a refusal.
  const [{ channel, message }] = places as [typeof places[0]];
  const reaction = `/channels/${channel.id}/messages/${message}/reactions/%F0%9F%94%A5/@me`;
  for (const method of ["PUT", "DELETE"]) {
    await soon(asks[0]!(method, reaction));
    await scene.clock.advance(500);
  }
  const before = scene.refused().length;
  const { got, callbacks } = await minute((second) => at(second, scene), seconds);
  const refused = scene.refused().slice(before);
  const unanswered = got.filter(({ status }) => ![200, 204, 404].includes(status));
  for (const { network, proxy } of all) {
    const { waiting, inFlight } = proxy.snapshot;
    if (!network.broken) assert.deepEqual({ waiting, inFlight }, { waiting: 0, inFlight: 0 });
  }
  assert.deepEqual(new Set(callbacks.map(({ status }) => status)), new Set([204]));
  // One who keeps to the limits gets no 429 that is held against it.
  const global = refused.filter(({ scope }) => scope === "global");
  assert.deepEqual(global, []);
  /** By the unit that had them, whatever the others did meanwhile. */
  for (const { sent, network } of all) {
    if (!network.broken) assert.equal(firstOutOfOrder(sent, null), null);
  }
  return { ...scene, all, got, unanswered, refused, places };
}

Deno.test("three proxies ten times overloaded are refused no more than one is, and keep the order of each bucket", async () => {
  const { got, unanswered, refused, ledger, places, all } = await overload(
    { perSecond: 500, seconds: 60, renames: true },
    (second, { rest: { limiter } }) => {
      if (second === 20) limiter.rehash("typing", "another");
      if (second === 30) limiter.rehash("message_read", "in turn", "by turns");
      if (second === 40) limiter.saturate("pins", { forMs: 5000 });
    },
  );
  assert.equal(got.length, 30_000);
  assert.deepEqual(unanswered, []);
  const routes = refused.map(({ method, route, scope }) => `${method} ${route} ${scope}`);
  assert.deepEqual(new Set(routes), new Set(["PATCH /channels/:channel_id user"]));
  assert.equal(routes.length, 2 * places.length, "as many as one proxy alone");
  assert.deepEqual(ledger.violations, []);
  const sent = all.flatMap(({ sent }) => sent).sort((a, b) => a.atMs - b.atMs);
  assert.equal(firstOutOfOrder(sent, places.length), null);
});

Deno.test("a member that dies takes its callers' requests with it, and holds up no others", async () => {
  const { unanswered, refused, logged } = await overload(LONG, (second, scene) => {
    if (second === 10) scene.kill("b");
  });
  assert.deepEqual(new Set(unanswered.map(({ status }) => status)), new Set([502]));
  // Two who keep one bucket without hearing of each other may meet in it; in a second of none they are one again.
  assert.ok(refused.length <= 10, `${refused.length}`);
  assert.ok(logged.some((line) => / [ac] a unit does not answer .*"b"/.test(line)), `${logged}`);
});

Deno.test("a member that is cut off goes on with its share, and is one with the others again when it is back", async () => {
  const { unanswered, refused, logged } = await overload(LONG, (second, scene) => {
    if (second === 10) scene.cutOff("b");
    if (second === 35) scene.rejoin("b");
  });
  assert.deepEqual(unanswered, []);
  assert.ok(refused.length <= 40, `${refused.length}`);
  assert.ok(logged.some((line) => / b a unit answers .* again/.test(line)), `${logged}`);
});

Deno.test("a line that is down for five seconds is five seconds of even shares", async () => {
  const { unanswered, refused } = await overload(LONG, (second, { state }) => {
    if (second === 10) { for (const name of ["a", "b", "c"]) state.cut.add(name); }
    if (second === 15) state.cut.clear();
  });
  assert.deepEqual(unanswered, []);
  assert.ok(refused.length <= 40, `${refused.length}`);
});

Deno.test("a member that leaves, and one that comes, cost nobody anything", async () => {
  const { unanswered, refused, logged } = await overload(
    { ...LONG, perSecond: 60 },
    (second, scene) => {
      if (second === 5) scene.leave("b");
      if (second === 30) scene.join("b");
    },
  );
  assert.deepEqual(unanswered, []);
  assert.deepEqual(refused, []);
  assert.deepEqual(logged, []);
});

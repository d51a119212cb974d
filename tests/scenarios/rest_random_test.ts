import assert from "node:assert/strict";
import fc from "fast-check";
import type { Window } from "../../sim/rest/bucket.ts";
import type { LimitName } from "../../sim/rest/limits.ts";
import { type Got, type Said, stage } from "../rest/stage.ts";

const PATIENCE_MS = 3_600_000;
const CHANNELS = 3;

/** What a caller does, `afterMs` after the one before it. */
interface Act {
  readonly afterMs: number;
  readonly kind: Kind;
  readonly channel: number;
  readonly lane: "high" | "normal" | "low";
  /** Goes away so long after asking; `null`: stays. */
  readonly leavesMs: number | null;
  /** What happens to the network while it is sent. */
  readonly network: null | "before" | "after";
}

const KINDS = ["post", "edit", "react", "unreact", "typing", "read", "free", "member"] as const;
type Kind = typeof KINDS[number];

const act: fc.Arbitrary<Act> = fc.record({
  afterMs: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 900 })),
  kind: fc.constantFrom(...KINDS),
  channel: fc.nat(CHANNELS - 1),
  lane: fc.constantFrom("high", "normal", "normal", "low"),
  leavesMs: fc.option(fc.integer({ min: 0, max: 4000 }), { freq: 9 }),
  network: fc.oneof(
    { weight: 20, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom("before" as const, "after" as const) },
  ),
});

const window: fc.Arbitrary<Window> = fc.record({
  limit: fc.integer({ min: 1, max: 8 }),
  windowMs: fc.integer({ min: 200, max: 6000 }),
  kind: fc.constantFrom("sliding", "fixed"),
});

/** Limits that one route counts under; a change of name is learnt by that route alone. */
const OWN: readonly LimitName[] = ["typing", "message_read", "member_edit"];

const plan = fc.record({
  acts: fc.array(act, { minLength: 20, maxLength: 120 }),
  seed: fc.nat(),
  latencyMs: fc.integer({ min: 1, max: 120 }),
  jitterMs: fc.integer({ min: 0, max: 200 }),
  globalPerSecond: fc.integer({ min: 5, max: 50 }),
  windows: fc.array(window, { minLength: 6, maxLength: 6 }),
  rehash: fc.option(fc.record({
    limit: fc.constantFrom(...OWN),
    hashes: fc.constantFrom<[string, ...string[]]>(["x"], ["x", "y"]),
  })),
});
type Plan = typeof plan extends fc.Arbitrary<infer Value> ? Value : never;

/** A network that breaks at one request strikes another, which waited until then, too. */
const STRUCK: Plan = {
  acts: [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0].map((afterMs, i) => ({
    afterMs,
    kind: "post",
    channel: 0,
    lane: "high",
    leavesMs: null,
    network: i === 0 || i === 10 ? "before" : null,
  })),
  seed: 285721472,
  latencyMs: 97,
  jitterMs: 6,
  globalPerSecond: 7,
  windows: Array.from({ length: 6 }, (_, i) => ({
    limit: i === 2 ? 2 : 1,
    windowMs: 200,
    kind: "sliding",
  })),
  rehash: null,
};

async function play({ acts, windows, globalPerSecond, rehash, ...network }: Plan) {
  const scene = stage({
    sim: { guilds: CHANNELS, channelsPerGuild: 1, restGlobalPerSecond: globalPerSecond },
    proxy: { patienceMs: PATIENCE_MS, perSecond: () => globalPerSecond },
    ...network,
  });
  const { clock, ask, world, rest: { limiter } } = scene;
  const limits: LimitName[] = ["message_create", "message_edit", "reaction_write", ...OWN];
  limits.forEach((name, i) => limiter.set(name, { window: windows[i]! }));
  const guilds = [...world.guilds.values()];
  let asked = 0;
  let over = 0;

  function one({ kind, channel, lane }: Act, message: string, signal?: AbortSignal) {
    const guild = guilds[channel]!;
    const at = `/channels/${guild.channels[0]!.id}`;
    const say = (json?: unknown): Said => ({
      json,
      headers: { "x-gatehouse-priority": lane },
      ...(signal && { signal }),
    });
    const reaction = `${at}/messages/${message}/reactions/%F0%9F%94%A5/@me`;
    switch (kind) {
      case "post":
        return ask("POST", `${at}/messages`, say({ content: `${asked} ${lane}` }));
      case "edit":
        return ask("PATCH", `${at}/messages/${message}`, say({ content: `edit ${asked}` }));
      case "react":
        return ask("PUT", reaction, say());
      case "unreact":
        return ask("DELETE", reaction, say());
      case "typing":
        return ask("POST", `${at}/typing`, say());
      case "read":
        return ask("GET", `${at}/messages`, say());
      case "free":
        return ask("GET", at, say());
      case "member": {
        const [member] = guild.members.keys();
        return ask("PUT", `/guilds/${guild.id}/members/${member}/roles/${guild.id}`, say());
      }
    }
  }

  async function soon<T>(answer: Promise<T>): Promise<T> {
    let done = false;
    answer.then(() => done = true, () => done = true);
    await clock.runUntil(() => done, PATIENCE_MS * 2);
    return answer;
  }

  // Each route has answered once, one after the other, so that all names are known.
  const messages: string[] = [];
  const still = { afterMs: 0, lane: "normal", leavesMs: null, network: null } as const;
  for (let channel = 0; channel < CHANNELS; channel++) {
    const { text } = await soon(one({ ...still, kind: "post", channel }, ""));
    messages.push(JSON.parse(text).id);
    for (const kind of KINDS.slice(1)) {
      await soon(one({ ...still, kind, channel }, messages[channel]!));
    }
  }
  if (rehash) limiter.rehash(rehash.limit, ...rehash.hashes);
  const before = scene.refused().length;
  scene.sent.length = 0;
  const got: Promise<Got>[] = [];
  for (const each of acts) {
    await clock.advance(each.afterMs);
    asked++;
    scene.network.broken = each.network;
    const leaving = new AbortController();
    if (each.leavesMs !== null) clock.after(each.leavesMs, () => leaving.abort(new Error("left")));
    const answer = one(each, messages[each.channel]!, leaving.signal);
    answer.finally(() => over++);
    got.push(answer);
    if (each.network !== null) await clock.advance(1);
    scene.network.broken = null;
  }
  await clock.runUntil(() => over === acts.length, PATIENCE_MS * 2);
  return { ...scene, got: await Promise.all(got), refused: scene.refused().slice(before) };
}

Deno.test("whatever is asked when, nothing is refused, nothing is stuck, and the order of a lane is kept", async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (planned) => {
      const { got, refused, proxy, sent } = await play(planned);
      const mayLearn = planned.rehash === null ? 0 : CHANNELS * planned.rehash.hashes.length;
      assert.ok(refused.length <= mayLearn, `${JSON.stringify(refused)}`);
      const { waiting, inFlight } = proxy.snapshot;
      assert.deepEqual({ waiting, inFlight }, { waiting: 0, inFlight: 0 });
      // A network that breaks strikes whatever arrives at that moment.
      const isBroken = planned.acts.some(({ network }) => network === "after");
      got.forEach(({ status }, i) => {
        if (planned.acts[i]!.leavesMs !== null) return;
        assert.ok([200, 204, ...isBroken ? [502] : []].includes(status), `${status}`);
      });
      const last = new Map<string, number>();
      const times = Map.groupBy(sent, ({ text }) => text);
      for (const { method, path, text } of sent) {
        const [, number, lane] = /^POST {"content":"(\d+) (\w+)"}/.exec(`${method} ${text}`) ?? [];
        // What did not get through the first time goes again, after others.
        if (number === undefined || times.get(text)!.length > 1) continue;
        const line = `${path} ${lane}`;
        assert.ok(Number(number) > (last.get(line) ?? 0), `${number} was overtaken`);
        last.set(line, Number(number));
      }
    }),
    { numRuns: 100, examples: [[STRUCK]] },
  );
});

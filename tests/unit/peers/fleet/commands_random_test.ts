/** Commands in a fleet in which everything goes wrong: each settles once, in time, with its own answer. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { CommandResults } from "../../../../protocol/command.ts";
import type { CommandTarget } from "../../../../protocol/link_call.ts";
import { sleep } from "../../../../ports/clock.ts";
import { createPeersFleet, UNITS } from "../../../support/fleet/peers_fleet.ts";
import { cluster, service } from "../../../support/peers.ts";

const NAMES = fc.constantFrom(...UNITS);
const CLUSTERS = [0, 1, 2, 3, 4, 5];

const MOVE = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("command" as const),
      from: NAMES,
      to: fc.constantFrom<CommandTarget>(
        { all: true },
        ...CLUSTERS.map((clusterId) => ({ clusterId })),
        { clusterId: 9 },
        ...CLUSTERS.map((shardId) => ({ guildId: String(shardId << 22) })),
        { service: "api" },
        { service: "nobody" },
      ),
      timeout: fc.integer({ min: 10, max: 5_000 }),
      act: fc.constantFrom("answer", "fail", "hang", "late", "large"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(3_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("owners" as const),
      owners: fc.tuple(...CLUSTERS.map(() => fc.constantFrom("a", "b", "c", null))),
      api: NAMES,
      seenBy: fc.subarray([...UNITS]),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("freeze" as const, "thaw" as const, "relink" as const),
      unit: NAMES,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("line" as const),
      groups: fc.constantFrom<(readonly string[])[] | null>(
        [["a", "b"]],
        [["a"], ["b", "c"]],
        null,
      ),
      drop: fc.constantFrom(0, 0, 0.2),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("members" as const),
      living: fc.subarray([...UNITS]),
    }),
  },
);

type Move = typeof MOVE extends fc.Arbitrary<infer It> ? It : never;

/** Who asks waits a second longer than who answers. */
const GRACE_MS = 1_010;
const LARGE = "x".repeat(300_000);

interface Sent {
  readonly token: number;
  readonly move: Extract<Move, { kind: "command" }>;
  readonly sentMs: number;
  readonly outcomes: {
    atMs: number;
    value?: unknown;
    error?: { code?: string; message?: string };
  }[];
}

Deno.test("whatever befalls units and their line, every command settles once, in time, with its own answer", async () => {
  await fc.assert(fc.asyncProperty(fc.array(MOVE, { maxLength: 40, size: "max" }), check), {
    numRuns: 200,
  });
});

async function check(moves: readonly Move[]): Promise<void> {
  const { three, clock, bus, set, owned } = createPeersFleet();
  const units = new Map((await three()).map((unit) => [unit.name, unit]));
  const sent: Sent[] = [];
  const handled = new Map<number, string[]>();
  const frozen = new Set<string>();
  const link = (name: typeof UNITS[number]) => {
    const unit = units.get(name)!;
    for (const peer of [...unit.clusters.ids.map(cluster), service("api")]) {
      unit.link(peer, async (_, value) => {
        const { token, act } = value as { token: number; act: string };
        const who = `${peer.kind === "cluster" ? peer.id : "api"} of ${name}`;
        handled.set(token, [...handled.get(token) ?? [], who]);
        if (act === "fail") throw new RangeError(`failed ${token}`);
        if (act === "hang") await new Promise(() => {});
        if (act === "late") await sleep(unit.line.clock, 2_000);
        return { token, who, ...(act === "large" && { LARGE }) };
      });
    }
  };
  for (const name of UNITS) link(name);
  let isLineWell = true;
  /** Units that stood still for a while: their timers were late, and what they were asked was. */
  const late = new Set<string>();
  for (const move of moves) {
    if (move.kind === "wait") await clock.advance(move.ms);
    if (move.kind === "owners") {
      set({ ...owned(move.owners), services: { api: move.api } }, undefined, move.seenBy);
    }
    if (move.kind === "members") {
      set({}, move.living);
    }
    if (move.kind === "relink") link(move.unit);
    if (move.kind === "freeze") {
      frozen.add(move.unit);
      late.add(move.unit);
      units.get(move.unit)!.line.freeze();
    }
    if (move.kind === "thaw") {
      frozen.delete(move.unit);
      units.get(move.unit)!.line.thaw();
    }
    if (move.kind === "line") {
      bus.part(move.groups);
      for (const { line } of units.values()) line.drop(move.drop);
      isLineWell &&= move.groups === null && move.drop === 0;
    }
    if (move.kind === "command" && !frozen.has(move.from)) {
      const token = sent.length;
      const one: Sent = { token, move, sentMs: clock.now(), outcomes: [] };
      sent.push(one);
      const { timeout, act, to, from } = move;
      units.get(from)!.peers.command(to, { token, act }, { receptive: true, timeout }).then(
        (value) => one.outcomes.push({ atMs: clock.now(), value }),
        (error) => one.outcomes.push({ atMs: clock.now(), error }),
      );
    }
  }
  for (const { line } of units.values()) line.thaw();
  await clock.advance(20_000);
  for (const one of sent) {
    judge(one, handled.get(one.token) ?? [], isLineWell && late.size === 0);
    const { move: { from, timeout }, sentMs, outcomes } = one;
    const tookMs = outcomes[0]!.atMs - sentMs;
    assert.ok(late.has(from) || tookMs <= timeout + GRACE_MS, `it took ${tookMs} of ${timeout} ms`);
  }
}

function judge(
  { token, move: { to, act }, outcomes }: Sent,
  handled: readonly string[],
  isWell: boolean,
) {
  assert.equal(outcomes.length, 1, "it settles once");
  const [{ value, error }] = outcomes as [Sent["outcomes"][number]];
  assert.equal(new Set(handled).size, handled.length, "nobody is asked twice");
  if ("all" in to) {
    assert.equal(error, undefined, "a command to all never rejects");
    const { results, errors } = value as CommandResults;
    for (const result of results) assert.equal((result as { token: number }).token, token);
    for (const each of errors) assert.ok(typeof each.clusterId === "number");
    return;
  }
  assert.ok(handled.length <= 1, `one is asked: ${handled}`);
  if (value !== undefined) {
    const answer = value as { token: number; who: string };
    assert.deepEqual([answer.token, answer.who], [token, handled[0]]);
    if ("clusterId" in to) assert.ok(answer.who.startsWith(`${to.clusterId} of`));
    if ("service" in to) assert.ok(answer.who.startsWith(`${to.service} of`));
    assert.notEqual(act, "fail");
    return;
  }
  const codes = [undefined, "away", "deadline", "no_target"];
  assert.ok(codes.includes(error?.code), `${error?.code}: ${error?.message}`);
  if (error?.code === undefined) assert.match(error!.message!, new RegExp(`failed ${token}$`));
  const isUnknown = JSON.stringify(to) === '{"clusterId":9}' ||
    JSON.stringify(to).includes("nobody");
  if (isUnknown) assert.equal(error?.code, "no_target");
  if (isWell && handled.length === 0) {
    assert.ok(["away", "no_target"].includes(error!.code!), String(error!.code));
  }
}

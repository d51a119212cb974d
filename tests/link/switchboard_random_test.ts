/** Commands under random schedules of links, cuts, answers and silence: what must hold whatever happens. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Bot } from "../../bot/bot.ts";
import type { CommandResults } from "../../protocol/command.ts";
import { sleep } from "../../ports/clock.ts";
import type { CommandTarget } from "../../protocol/link_call.ts";
import { COUNTER, createExchange, type End, type Who } from "../support/exchange.ts";

/** A stranger, who replies to whatever number comes to its mind. */
const SLOPPY = 2;
const OURS = [0, 1, COUNTER] as const;
const TARGETS: CommandTarget[] = [
  { all: true },
  { clusterId: 0 },
  { clusterId: 1 },
  { clusterId: SLOPPY },
  { clusterId: 9 },
  { guildId: "11" },
  { guildId: "99" },
  { service: "counter" },
  { service: "nobody" },
];

const MOVE = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("command" as const),
      from: fc.constantFrom("unit" as const, ...OURS),
      to: fc.constantFrom(...TARGETS),
      act: fc.constantFrom("answer", "fail", "hang", "later", "unsendable"),
      afterMs: fc.nat(3000),
      timeoutMs: fc.nat(4000),
      receptive: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("link" as const, "cut" as const),
      id: fc.constantFrom(...OURS, SLOPPY),
      first: fc.constantFrom<End>("both", "bot", "unit"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(2500) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("stray" as const), id: fc.nat(5) }) },
);

type Move = typeof MOVE extends fc.Arbitrary<infer It> ? It : never;

/** A cut is heard a second later at the latest, and a message takes a few milliseconds. */
const HEARD_MS = 1010;
const PROMPT_MS = 10;

interface Sent {
  readonly token: number;
  readonly move: Extract<Move, { kind: "command" }>;
  readonly sentMs: number;
  readonly lossesBefore: number;
  /** Who has to stay linked for it; `null`: somebody was not when it was sent. */
  readonly through: readonly Who[] | null;
  readonly outcomes: { atMs: number; value?: unknown; error?: unknown }[];
  readonly handled: { by: Who; atMs: number }[];
}

/** Which links there are, and when one was lost. */
interface Links {
  readonly up: Set<Who>;
  readonly losses: { id: Who; atMs: number }[];
}

Deno.test("whatever links and peers do, every receptive command settles once, in time, with its own answer", async () => {
  await fc.assert(fc.asyncProperty(fc.array(MOVE, { maxLength: 60, size: "max" }), check), {
    numRuns: 300,
  });
});

async function check(moves: readonly Move[]): Promise<void> {
  const exchange = createExchange();
  const { clock, switchboard } = exchange;
  const sent: Sent[] = [];
  const definition = (id: Who): Partial<Bot> => ({
    async handleCommand(data, _, { asResponse, asError }) {
      const { token, act, afterMs } = data as { token: number; act: string; afterMs: number };
      sent[token]!.handled.push({ by: id, atMs: clock.now() });
      if (act === "fail") return asError(new RangeError(`${token}`));
      if (act === "hang") return await new Promise(() => {});
      if (act === "later") await sleep(clock, afterMs);
      return asResponse(act === "unsendable" ? () => {} : token);
    },
  });
  const bots = new Map(OURS.map((id) => [id, exchange.bot(id, definition(id))]));
  let stranger: ReturnType<typeof exchange.stranger> | undefined;
  const links: Links = { up: new Set(), losses: [] };
  const lose = (id: Who) => {
    if (links.up.delete(id)) links.losses.push({ id, atMs: clock.now() });
  };

  const play = {
    command(move: Extract<Move, { kind: "command" }>) {
      const { from, to, act, afterMs, timeoutMs, receptive } = move;
      const token = sent.length;
      const outcomes: Sent["outcomes"] = [];
      const ends = [...from === "unit" ? [] : [from], ...targetsOf(to)];
      const through = ends.every((id) => links.up.has(id)) ? ends : null;
      const lossesBefore = links.losses.length;
      sent.push({ token, move, sentMs: clock.now(), lossesBefore, through, outcomes, handled: [] });
      const options = { receptive, timeout: timeoutMs };
      const data = { token, act, afterMs };
      const bot = bots.get(from as 0);
      const command = bot === undefined
        ? switchboard.command(to, data, options)
        : "service" in to
        ? bot.ipc.sendServiceCommand(to.service, data, options)
        : bot.ipc.sendClusterCommand(to, data, options);
      command.then(
        (value) => outcomes.push({ atMs: clock.now(), value }),
        (error) => outcomes.push({ atMs: clock.now(), error }),
      );
    },
    link({ id }: { id: Who }) {
      lose(id);
      links.up.add(id);
      if (id === SLOPPY) stranger = exchange.stranger(SLOPPY, "json");
      else bots.get(id as 0)!.link();
    },
    cut({ id, first }: { id: Who; first: End }) {
      lose(id);
      if (id === SLOPPY) stranger?.cut(first);
      else bots.get(id as 0)!.cut(first);
    },
    stray: ({ id }: { id: number }) =>
      stranger?.say({ op: "reply", id, value: { json: "whatever" } }),
    wait: ({ ms }: { ms: number }) => clock.advance(ms),
  };
  for (const move of moves) {
    await play[move.kind](move as never);
    await clock.advance(0);
  }
  await clock.advance(20_000);
  for (const one of sent) {
    checkTime(one, links);
    checkOutcome(one);
  }
  assert.equal(clock.timers.size, 0, "something still waits");
}

/** Whose answers a command needs. */
function targetsOf(to: CommandTarget): Who[] {
  if ("all" in to) return [0, 1, SLOPPY];
  if ("service" in to) return to.service === "counter" ? [COUNTER] : [];
  if ("guildId" in to) return to.guildId === "11" ? [1] : [];
  return to.clusterId < 3 ? [to.clusterId] : [];
}

function checkTime(
  { token, move, sentMs, lossesBefore, through, outcomes, handled }: Sent,
  { losses }: Links,
): void {
  const { from, to, act, timeoutMs, receptive } = move;
  assert.equal(outcomes.length, 1, `${token} to ${JSON.stringify(to)} has not settled`);
  const { atMs } = outcomes[0]!;
  const within = (limitMs: number, why: string) =>
    assert.ok(atMs - sentMs <= limitMs, `${token} took ${atMs - sentMs} ms: ${why}`);
  within(timeoutMs + (from === "unit" ? 0 : 1000), "its deadline");
  for (const { by, atMs: handledMs } of receptive ? handled : []) {
    assert.ok(handledMs <= atMs + PROMPT_MS, `${token} was done by ${by} when nobody wanted it`);
  }
  const lost = losses.slice(lossesBefore).filter(({ id }) => through?.includes(id));
  // On its way to the unit a command does not know its target's link yet.
  const lostMs = lost.find(({ id, atMs }) => id === from || atMs > sentMs + 2)?.atMs;
  // Of all clusters the others are waited for.
  if (lostMs !== undefined && !("all" in to)) within(lostMs - sentMs + HEARD_MS, "a link was lost");
  const isQuick = ["answer", "fail", "unsendable"].includes(act) && !targetsOf(to).includes(SLOPPY);
  if (through && lost.length === 0 && isQuick) within(PROMPT_MS, "nothing kept it");
}

function checkOutcome({ token, move: { to, receptive }, outcomes, handled }: Sent): void {
  const doers = handled.map(({ by }) => by);
  assert.equal(new Set(doers).size, doers.length, `${token} was done twice: ${doers}`);
  const { value, error } = outcomes[0]!;
  if (error !== undefined) {
    assert.ok(error instanceof Error, "a rejection that is no error");
    if (error.name === "RangeError") assert.equal(error.message, `${token}`, "another's error");
    return;
  }
  if (!receptive) return assert.equal(value, undefined);
  const isOwn = (it: unknown) => it === token || it === "whatever";
  if (!("all" in to)) return assert.ok(isOwn(value), `${token} got ${value}`);
  const { results, errors } = value as CommandResults;
  assert.equal(results.length + errors.length, 3, "a cluster is missing");
  assert.ok(results.every(isOwn), `${token} got ${results}`);
  const ids = errors.map(({ clusterId }) => clusterId!);
  assert.deepEqual(ids, [...new Set(ids)].sort(), "not in the order of the clusters");
}

/**
 * Bots of libraries that know nothing of us live through restarts of the unit, each in a process of its
 * own and with a shard of its own, while Discord goes on sending.
 */

import assert from "node:assert/strict";
import { systemClock } from "../../../ports/clock.ts";
import type { Bot, Said } from "../../support/libraries/bot.ts";
import { LACKS_NODE, npmBot } from "../../support/libraries/npm.ts";
import { LACKS_PYTHON, pythonBot } from "../../support/libraries/python.ts";
import { openStage, type Stage } from "../../support/libraries/stage.ts";
import { type HeldPort, holdPort } from "../../support/held_port.ts";
import { until } from "../../support/unit_process.ts";

/** Those that come back within seconds when they are refused. The place of each is its shard. */
const PROMPT = ["discord.js", "@discordjs/ws", "Eris", "Oceanic"];
/**
 * Where nobody is refused, these too: one tries without any pause, the other's pauses grow to minutes.
 * Seyfert takes nobody without TLS, and who ends that in front of us would hold the socket.
 */
const ALL = [...PROMPT, "@discordeno/bot", ...LACKS_PYTHON === null ? ["discord.py"] : []];
/** Of all shards. */
const MESSAGES_PER_SECOND = 100;
/** Longer than from a heartbeat that is asked for to the next, and until that is written down. */
const UNKNOWN_MS = 2_000;

interface Player {
  readonly library: string;
  readonly shard: number;
  readonly bot: Bot;
}

/** What Discord has sent to a player's shard. */
function sentTo({ sim }: Stage, { shard }: Player): string[] {
  return sim.ledger.events.filter((it) => it.t === "MESSAGE_CREATE" && it.shardId === shard)
    .map(({ key }) => key);
}

function missing(stage: Stage, player: Player): number {
  const came = new Set(player.bot.all("numbered").map(({ id }) => id));
  return new Set(sentTo(stage, player)).difference(came).size;
}

const NO_MARK: Said["repeat"] = { from: Infinity, to: -Infinity };

/**
 * How many messages came twice. Each of them came under a mark, and before those that came for the first
 * time; all others came in Discord's order, and none is missing.
 */
function repeats(stage: Stage, player: Player): number {
  const had = new Set<string>();
  let count = 0;
  let last = Infinity;
  let [told, mark] = [NO_MARK, NO_MARK];
  let isNew = false;
  for (const said of player.bot.said) {
    if (said.is === "repeat") told = said as unknown as Said["repeat"];
    if (said.is !== "numbered") continue;
    const { id, s } = said as unknown as Said["numbered"];
    // Another session: some libraries show its READY after what comes with it.
    if (s < last) [mark, told, isNew] = [told, NO_MARK, false];
    last = s;
    if (had.has(id)) {
      count++;
      const about = `${player.library}: ${s}, marked ${mark.from} to ${mark.to}`;
      assert.ok(s >= mark.from && s <= mark.to, `a repeat without a mark, ${about}`);
      assert.ok(!isNew, `a repeat after what is new, ${about}`);
    } else isNew = true;
    had.add(id);
  }
  assert.deepEqual([...had], sentTo(stage, player), player.library);
  return count;
}

const pause = (ms: number) => new Promise<void>((resolve) => void systemClock.after(ms, resolve));

/**
 * Stops the unit by each signal, and starts it again after each time; `look` is called after each, with how
 * much was sent to each player in the {@linkcode UNKNOWN_MS} before the signal.
 */
async function restarts(
  libraries: readonly string[],
  held: HeldPort | undefined,
  look: (stage: Stage, signal: string, player: Player, late: number) => void,
): Promise<void> {
  const total = libraries.length;
  await using stage = await openStage({ shards: total, held });
  const { sim } = stage;
  sim.traffic.setMix({ MESSAGE_CREATE: 1 });
  const players = await Promise.all(libraries.map(async (library, shard): Promise<Player> => {
    const isPython = library === "discord.py";
    const command = await (isPython ? pythonBot("one_shard.py") : npmBot("one_shard.cjs"));
    const env = { ...command.env, LIBRARY: library, SHARD: String(shard), TOTAL: String(total) };
    return { library, shard, bot: stage.bot({ ...command, env }) };
  }));
  await Promise.all(players.map(({ bot }) => bot.hears("session")));
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (const downMs of [0, 1_000, 5_000]) {
      sim.traffic.setRate(MESSAGES_PER_SECOND);
      await pause(1_000);
      const before = players.map((player) => sentTo(stage, player).length);
      await pause(UNKNOWN_MS);
      const late = players.map((player, at) => sentTo(stage, player).length - before[at]!);
      await stage.restart(signal, downMs);
      await pause(500);
      sim.traffic.setRate(0);
      await until(
        () => players.every((player) => missing(stage, player) === 0),
        30_000,
        () =>
          `after ${signal} and ${downMs} ms they lack ${players.map((it) => missing(stage, it))}`,
      );
      for (const [at, player] of players.entries()) look(stage, signal, player, late[at]!);
    }
  }
  assert.equal(sim.ledger.identifies.length, total, "an identify was spent at Discord");
  assert.deepEqual(sim.ledger.violations, []);
}

const SKIPPED = LACKS_NODE === null ? "" : `: SKIPPED, there is no ${LACKS_NODE} here`;

Deno.test({
  name:
    `libraries see each message once over restarts, and after a kill the last ones again, marked${SKIPPED}`,
  ignore: LACKS_NODE !== null,
  fn: async () => {
    const before = new Map<string, number>();
    await restarts(PROMPT, undefined, (stage, signal, player, late) => {
      const { library } = player;
      const count = repeats(stage, player);
      const again = count - (before.get(library) ?? 0);
      before.set(library, count);
      const most = signal === "SIGTERM" ? 0 : late;
      assert.ok(again <= most, `${library}: ${again} of ${late} came again after ${signal}`);
    });
  },
});

Deno.test({
  name:
    `libraries keep their sessions over restarts and kills, and see each message once, where the socket is held${SKIPPED}`,
  // How a socket is handed on we know of Linux.
  ignore: LACKS_NODE !== null || Deno.build.os !== "linux",
  fn: async () => {
    using held = holdPort();
    await restarts(ALL, held, (stage, signal, player) => {
      assert.equal(repeats(stage, player), 0, `${player.library} after ${signal}`);
      const sessions = player.bot.all("session").length;
      assert.equal(sessions, 1, `${player.library} lost its session by ${signal}`);
    });
  },
});

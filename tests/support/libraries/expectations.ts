/**
 * What a bot author may expect of any library behind Gatehouse, as one test with a step for each: the
 * library is as its registry has it, and is told of Gatehouse by its base URLs and nothing else.
 *
 * @module
 */

import assert from "node:assert/strict";
import { until } from "../unit_process.ts";
import { postMessage } from "../../../sim/mod.ts";
import { voiceStatesOf } from "../../../sim/world/guilds.ts";
import type { Bot, BotCommand, SeenGuild } from "./bot.ts";
import { openStage, SHARDS, type Stage, type StageOptions } from "./stage.ts";

/** A library, and the bot that is made with it. */
export interface Library {
  /** As its registry has it, with its version. */
  readonly name: string;
  /** Installs what it needs, once, and gives the bot; or says what this machine lacks. */
  readonly bot: () => BotCommand | Promise<BotCommand>;
  /** What this machine lacks for it, in words; `null`: nothing. */
  readonly lacks?: string | null;
  /** What it does not do, and why, by the name of the step. */
  readonly except?: Readonly<Partial<Record<Step, string>>>;
  /** How the unit is set up for it. */
  readonly stage?: StageOptions;
}

/** Each has its own bots; what one leaves behind the next one finds. */
const STEPS = {
  "sees every guild with its channels, roles and members": seesGuilds,
  "answers through REST": answers,
  "gets members that it asks for": getsMembers,
  "joins voice as far as the gateway goes": joinsVoice,
  "gets each message once, though Gatehouse is stopped and started": (stage, play) =>
    survives(stage, play, "SIGTERM"),
  "gets each message once, though Gatehouse is killed and started": (stage, play) =>
    survives(stage, play, "SIGKILL"),
  "gets each message once and every guild again, though it is stopped and started itself": restarts,
  "misses nothing and gets every guild again, though it dies and is started itself": dies,
} satisfies Record<string, (stage: Stage, play: Play) => Promise<void>>;

/** The name of an expectation. */
export type Step = keyof typeof STEPS;

/** The bot that is on, and those that were. */
interface Play {
  readonly command: BotCommand;
  bot: Bot;
}

/** Registers the test of a library. Where the machine lacks something it is skipped, and says so. */
export function expectations(library: Library): void {
  const { name, lacks = null, except = {} } = library;
  const title = lacks === null ? name : `${name}: SKIPPED, there is no ${lacks} here`;
  Deno.test({ name: title, ignore: lacks !== null }, async (test) => {
    const command = await library.bot();
    await using stage = await openStage(library.stage);
    const play: Play = { command, bot: stage.bot(command) };
    await play.bot.hears("ready");
    for (const [step, run] of Object.entries(STEPS)) {
      const reason = except[step as Step];
      const told = reason === undefined ? step : `${step}: not, because ${reason}`;
      const ignore = reason !== undefined;
      if (!await test.step({ name: told, ignore, fn: () => run(stage, play) }) && !ignore) break;
    }
    const { violations, identifies } = stage.sim.ledger;
    assert.deepEqual(violations, []);
    assert.equal(identifies.length, SHARDS, "an identify was spent");
    assert.deepEqual(play.bot.all("error"), []);
  });
}

async function seesGuilds({ sim }: Stage, { bot }: Play): Promise<void> {
  const wanted = [...sim.world.guilds.values()].map((guild): Required<SeenGuild> => ({
    id: guild.id,
    name: guild.name,
    channels: guild.channels.map(({ id }) => id),
    roles: guild.roles.map(({ id }) => id),
    members: [...guild.members.keys()],
    threads: guild.threads.map(({ id }) => id),
    emojis: guild.emojis.map(({ id }) => id),
    voice: voiceStatesOf(guild).map(({ user_id }) => user_id),
  }));
  let seen: readonly SeenGuild[] = [];
  const asked = async () => {
    seen = (await bot.asks("guilds", {})).guilds;
    return seen.length >= wanted.length;
  };
  await until(asked, 10_000, () => `${seen.length} of ${wanted.length} guilds came`);
  // Of what a bot does not say nothing is expected.
  const told = (guild: SeenGuild) =>
    Object.fromEntries(
      Object.entries(guild).filter(([field]) => field in seen[0]!)
        .map(([field, ids]) => [field, typeof ids === "string" ? ids : [...ids].sort()]),
    );
  assert.deepEqual(seen.toSorted(byId).map(told), wanted.toSorted(byId).map(told));
}

async function answers({ sim }: Stage, { bot }: Play): Promise<void> {
  const channel = someChannel(sim);
  const id = await bot.says({ channel, content: "an answer" });
  assert.ok(sim.ledger.rest.some(({ method, status }) => method === "POST" && status === 200));
  await until(() => bot.all("message").some((message) => message.id === id), 10_000);
}

async function getsMembers({ sim }: Stage, { bot }: Play): Promise<void> {
  for (const { id, members } of sim.world.guilds.values()) {
    const { ids } = await bot.asks("members", { guild: id });
    assert.deepEqual([...ids].sort(), [...members.keys()].sort());
  }
}

async function joinsVoice({ sim }: Stage, { bot }: Play): Promise<void> {
  for (const { id, channels } of sim.world.guilds.values()) {
    const voice = await bot.asks("voice", { guild: id, channel: channels.at(-1)!.id });
    assert.deepEqual({ ...voice, session: typeof voice.session }, {
      is: "voice",
      session: "string",
      token: `voice-${channels.at(-1)!.id}`,
      endpoint: voice.endpoint,
    });
    assert.match(voice.endpoint, /^voice\.sim/);
  }
}

/** The unit is restarted between messages, and while some come. */
async function survives(
  stage: Stage,
  { bot }: Play,
  signal: "SIGTERM" | "SIGKILL",
): Promise<void> {
  const before = heard(stage, bot);
  post(stage, 20);
  await before.all();
  // What was not acknowledged before may come again, marked, where the library begins anew.
  if (signal === "SIGKILL") await pause(ACKNOWLEDGED_MS);
  const restarted = stage.restart(signal);
  for (let i = 0; i < 10; i++) {
    await pause();
    post(stage, 2);
  }
  await restarted;
  post(stage, 20);
  await before.all();
}

/** The bot logs out, misses some, and logs in again. */
async function restarts(stage: Stage, play: Play): Promise<void> {
  const before = heard(stage, play.bot);
  post(stage, 20);
  await before.all();
  await play.bot.ends("stop");
  post(stage, 20);
  await startsAgain(stage, play);
  const after = heard(stage, play.bot, 20);
  post(stage, 20);
  await after.all();
}

/** The bot ends without a word. What it had not acknowledged it may get once more. */
async function dies(stage: Stage, play: Play): Promise<void> {
  const before = heard(stage, play.bot);
  post(stage, 20);
  await before.all();
  const ended = play.bot;
  await ended.ends("die");
  post(stage, 20);
  await startsAgain(stage, play);
  const after = heard(stage, play.bot, 20);
  post(stage, 20);
  await after.allAfter(ended);
}

/** A new life of the bot, which knows nothing: it is told of every guild. */
async function startsAgain(stage: Stage, play: Play): Promise<void> {
  play.bot = stage.bot(play.command);
  await play.bot.hears("ready");
  await seesGuilds(stage, play);
}

/** What a bot hears from here on, against what Discord sends. */
function heard({ sim }: Stage, bot: Bot, missed = 0) {
  const from = bot.all("message").length;
  const isMessage = ({ t }: { t: string }) => t === "MESSAGE_CREATE";
  const sentFrom = sim.ledger.events.filter(isMessage).length - missed;
  const came = () => bot.all("message").slice(missed > 0 ? 0 : from).map(({ id }) => id);
  const sent = () => sim.ledger.events.filter(isMessage).slice(sentFrom).map(({ key }) => key!);
  return {
    /** Waits until all have come, and looks whether each came once; libraries start handlers in any order. */
    async all(): Promise<void> {
      const enough = () => new Set(came()).size >= new Set(sent()).size;
      await until(
        enough,
        30_000,
        () => `${came().length} of ${sent().length} messages came; ${bot.story()}`,
      );
      // One that comes twice comes late.
      await pause();
      assert.deepEqual(came().sort(), sent().sort());
    },
    /** As `all`; what an earlier life has had may come again, once. */
    async allAfter(earlier: Bot): Promise<void> {
      const missing = () => sent().filter((id) => !came().includes(id));
      await until(() => missing().length === 0, 30_000, () => `${missing().length} are missing`);
      await pause();
      assert.equal(new Set(came()).size, came().length, "a message came twice in one life");
      const known = new Set([...sent(), ...earlier.all("message").map(({ id }) => id)]);
      assert.deepEqual(came().filter((id) => !known.has(id)), []);
    },
  };
}

/** The members of all guilds in turn post something. */
function post({ sim }: Stage, count: number): void {
  const guilds = [...sim.world.guilds.values()];
  for (let i = 0; i < count; i++) postMessage(sim, guilds[i % guilds.length]!, `${i}`, i);
}

function someChannel(sim: Stage["sim"]): string {
  return [...sim.world.guilds.values()][0]!.channels[0]!.id;
}

function byId(one: { id: string }, other: { id: string }): number {
  return one.id < other.id ? -1 : 1;
}

const PAUSE_MS = 100;
/** Within this time what came has been acknowledged, and that is on disk. */
const ACKNOWLEDGED_MS = 2_000;

async function pause(ms = PAUSE_MS): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  await promise;
}

/**
 * Live traffic: events of a real bot's kinds and sizes, at a rate that may change at any time. What
 * varies (ids, guild, channel) is written per event; the rest is serialised once.
 *
 * @module
 */

import { type Cancel, type Clock, every } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { SimGuild } from "./guilds.ts";
import { createBodies, type TrafficEvent } from "./traffic_bodies.ts";
import type { World } from "./world.ts";

/** How often each event comes, in proportion. */
export type TrafficMix = Partial<Record<TrafficEvent, number>>;

/** The traffic of one simulator. Off until a rate is set. */
export interface Traffic {
  /** Events per second from now on; 0 stops it. */
  setRate(eventsPerSecond: number): void;
  /** Kinds from now on; a kind that is left out does not come. */
  setMix(mix: TrafficMix): void;
  /** Bytes of a MESSAGE_CREATE's body, about, from now on. Default 1200. */
  setMessageBytes(bytes: number): void;
  /** Sends `count` events now, of the mix or of one kind. */
  burst(count: number, t?: TrafficEvent): void;
  /** Events sent so far. */
  readonly sent: number;
}

/** A busy bot's mix. */
export const USUAL_MIX: Readonly<Record<TrafficEvent, number>> = {
  PRESENCE_UPDATE: 30,
  MESSAGE_CREATE: 28,
  TYPING_START: 15,
  MESSAGE_REACTION_ADD: 9,
  MESSAGE_UPDATE: 8,
  GUILD_MEMBER_UPDATE: 5,
  VOICE_STATE_UPDATE: 4,
  INTERACTION_CREATE: 1,
};

/** Traffic in the guilds of a world. Every 200th event, where its kind has it, is a direct message. */
export function createTraffic(
  { clock, random, world }: {
    readonly clock: Clock;
    readonly random: Random;
    readonly world: World;
  },
): Traffic {
  const guilds = [...world.guilds.values()];
  let bodies = createBodies(world, 1200);
  let pick = chooser(USUAL_MIX);
  let cancel: Cancel = () => {};
  let sent = 0;

  function send(t: TrafficEvent): void {
    const isDirect = sent % 200 === 0 && DIRECT.has(t);
    const guild = isDirect ? null : anyUp(guilds, random);
    if (guild === null && !isDirect) return;
    sent += 1;
    world.publish(t, guild?.id ?? null, bodies[t](guild));
  }

  return {
    setRate(eventsPerSecond) {
      cancel();
      cancel = atRate(clock, eventsPerSecond, () => send(pick(random())));
    },
    setMix(mix) {
      pick = chooser(mix);
    },
    setMessageBytes(bytes) {
      bodies = createBodies(world, bytes);
    },
    burst(count, t) {
      for (let i = 0; i < count; i++) send(t ?? pick(random()));
    },
    get sent() {
      return sent;
    },
  };
}

const STEP_MS = 10;

/** Runs `task` so often per second; a late timer is caught up with, up to a second's worth. */
function atRate(clock: Clock, perSecond: number, task: () => void): Cancel {
  if (perSecond <= 0) return () => {};
  let lastMs = clock.now();
  let owed = 0;
  return every(clock, STEP_MS, () => {
    owed += perSecond * Math.min(1000, clock.now() - lastMs) / 1000;
    lastMs = clock.now();
    for (; owed >= 1; owed -= 1) task();
  });
}

const DIRECT = new Set<TrafficEvent>(["MESSAGE_CREATE", "TYPING_START"]);

/** A guild by chance; the next one that is up where that one is not. */
function anyUp(guilds: readonly SimGuild[], random: Random): SimGuild | null {
  const start = Math.floor(random() * guilds.length);
  for (let i = 0; i < guilds.length; i++) {
    const guild = guilds[(start + i) % guilds.length]!;
    if (guild.state === "up") return guild;
  }
  return null;
}

/** Turns a number from 0 to 1 into a kind, by a table of 1000 entries. */
function chooser(mix: TrafficMix): (chance: number) => TrafficEvent {
  const kinds = Object.entries(mix) as [TrafficEvent, number][];
  const total = kinds.reduce((sum, [, weight]) => sum + weight, 0);
  if (!(total > 0)) throw new RangeError("Cannot mix traffic: no kind has a weight above 0");
  const table: TrafficEvent[] = [];
  let upTo = 0;
  for (const [kind, weight] of kinds) {
    upTo += weight / total * 1000;
    while (table.length < Math.round(upTo)) table.push(kind);
  }
  return (chance) => table[Math.floor(chance * table.length)]!;
}

/**
 * When the events of a type have stopped: sessions that are open, get events, and get none of one type any
 * more were seen on all shards of many bots at once, where neither a comparison of the shards nor a RESUME
 * helped ([discord-api-docs#8162](https://github.com/discord/discord-api-docs/issues/8162)). Pure.
 *
 * A type is compared with its own past on this bot, in minutes in which the shards were there to hear it.
 * It counts as deaf when all of this holds:
 *
 * - The silence is {@linkcode PATIENCE} times as long as every one before, and `DEAF_AFTER_MS` at least.
 *   Were the silences alike, one that is `k` times the longest of `n` would come with a chance of
 *   `n! k! / (n + k)!`: for `k = 5` one in 100,000 after 24 of them, one in 80 million after 100. Nights,
 *   weekends and bursts make them unlike; but then the longest of them is remembered, and that is what
 *   counts. It fades by half in two weeks, so that a week is seen with its weekend.
 * - Measured in events of other types, the silence is as much longer than every one before. A bot that
 *   is quiet as a whole, by night or because Discord is down, raises no alarm: nothing flows that it could
 *   be compared with.
 * - Enough is known. Either a week and more, with its nights and its weekend, in 24 different hours of
 *   which the type came: a burst of it is no habit, and the time before it is one of its silences. Or two
 *   hours, in all but 1 % of whose minutes it came: what comes so densely thins out for hours before it
 *   stops for the night, and each of its silences on the way is remembered.
 *
 * What follows: the rarer a type, the later it is missed, and one that takes more than two days of patience
 * never is. What is known survives a restart; the time of the restart counts as nothing. What the bot
 * itself asks for is not watched. When a type stays away for a day more, that is how it is from now on: the
 * bot may have lost a command.
 *
 * @module
 */

import { isCount, isRecord } from "../protocol/record.ts";

/** How many times longer than all before a silence has to be. */
export const PATIENCE = 5;
/** Events of other types without which nothing is said. */
export const LEAST_OTHERS = 30;
/** A type that takes more patience than so many minutes is too rare to be missed. */
export const MOST_PATIENCE = 2 * 24 * 60;
/** Minutes after which a type that comes all the time is known, and one that does not. */
export const KNOWN_AFTER = { dense: 120, other: 7 * 24 * 60 } as const;
/** A type that is deaf for so many minutes more has gone. */
export const GONE_AFTER = 24 * 60;

/** Hours in which a type that is not dense has to have come. */
const LEAST_HOURS = 24;
/** Part of the minutes in which a dense type comes. */
const DENSE = 0.99;
/** What is left after a minute: of the longest silence, half in two weeks; of rates, half in an hour. */
const FADE = { longest: 0.5 ** (1 / (14 * 24 * 60)), rate: 0.5 ** (1 / 60) } as const;
/** How long nothing came of a type: in minutes, and in events of the other types. */
export interface Silence {
  readonly minutes: number;
  readonly others: number;
}

/** What is known of a type. */
export interface TypeTrack {
  /** Minutes in which it came, and those in which it should have come: of silences that were deafness. */
  readonly heard: number;
  readonly missed: number;
  /** Different hours in which it came, and the last of them. */
  readonly hours: number;
  readonly lastHour: number;
  /** Events per minute before the silence: its own, and those of the other types. */
  readonly own: number;
  readonly others: number;
  /** Since it came last. */
  readonly silence: Silence;
  /** The longest before that. */
  readonly longest: Silence;
  /** Minutes since it has been called deaf; `null`: it is not. */
  readonly deafFor: number | null;
}

/** One minute, as one type sees it. */
export interface Minute {
  /** Its number among those that count. */
  readonly index: number;
  readonly own: number;
  readonly others: number;
}

/** A type of which nothing was known; the time before it came is its first silence. */
export function newTrack(before: Silence): TypeTrack {
  return {
    heard: 0,
    missed: 0,
    hours: 0,
    lastHour: -1,
    own: 0,
    others: 0,
    silence: before,
    longest: NO_SILENCE,
    deafFor: null,
  };
}

/** None. */
export const NO_SILENCE: Silence = { minutes: 0, others: 0 };

/** A silence read from outside; `null` where it is none. */
export function parseSilence(value: unknown): Silence | null {
  const { minutes, others } = isRecord(value) ? value : {};
  return isAmount(minutes) && isAmount(others) ? { minutes, others } : null;
}

/** A track read from outside; `null` where a part of it is missing, or is not what it should be. */
export function parseTrack(value: unknown): TypeTrack | null {
  if (!isRecord(value)) return null;
  const { heard, missed, hours, lastHour, own, others, deafFor } = value;
  const [silence, longest] = [parseSilence(value.silence), parseSilence(value.longest)];
  if (!silence || !longest || ![heard, missed, hours].every(isCount)) return null;
  if (!isAmount(own) || !isAmount(others) || !Number.isSafeInteger(lastHour)) return null;
  if (deafFor !== null && !isCount(deafFor)) return null;
  return { heard, missed, hours, lastHour, own, others, silence, longest, deafFor } as TypeTrack;
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

/** Takes a minute into account in which the shards were there. */
export function follow(track: TypeTrack, { index, own, others }: Minute): TypeTrack {
  const { heard, hours, lastHour, deafFor } = track;
  const silence = {
    minutes: track.silence.minutes + 1,
    others: track.silence.others + others,
  };
  if (own === 0) return { ...track, silence, deafFor: deafFor === null ? null : deafFor + 1 };
  const hour = Math.floor(index / 60);
  const kept = heard === 0 ? 0 : FADE.rate ** silence.minutes;
  return {
    // Not while nothing comes: patience must not run out by itself.
    ...ended({ ...track, longest: faded(track.longest, silence.minutes) }),
    heard: heard + 1,
    hours: hours + (hour === lastHour ? 0 : 1),
    lastHour: hour,
    own: track.own * kept + (own / silence.minutes) * (1 - kept),
    others: track.others * kept + (silence.others / silence.minutes) * (1 - kept),
  };
}

/** The type came while some of the shards were away: its silence is over, and nothing else is learnt. */
export function ended(track: TypeTrack): TypeTrack {
  const { silence, longest, missed, deafFor } = track;
  const after = { ...track, silence: NO_SILENCE, deafFor: null };
  // A silence that was none of the type's own is not to be expected again.
  return deafFor === null
    ? { ...after, longest: longer(longest, silence) }
    : { ...after, missed: missed + silence.minutes };
}

/** How long a silence has to be before anybody is told of it. */
export function patienceOf({ longest, others }: TypeTrack, leastMinutes: number): Silence {
  return {
    minutes: Math.max(leastMinutes, Math.ceil(PATIENCE * (longest.minutes + 1))),
    others: Math.max(LEAST_OTHERS, PATIENCE * (longest.others + others)),
  };
}

/**
 * Whether a type has stopped though its events should come.
 *
 * @param known Minutes that have counted so far.
 * @param leastMinutes `DEAF_AFTER_MS`.
 */
export function isDeaf(track: TypeTrack, known: number, leastMinutes: number): boolean {
  const { silence } = track;
  const patience = patienceOf(track, leastMinutes);
  return patience.minutes <= MOST_PATIENCE &&
    silence.minutes >= patience.minutes && silence.others >= patience.others &&
    isKnown(track, known - silence.minutes);
}

function isKnown({ heard, missed, hours }: TypeTrack, before: number): boolean {
  return before >= KNOWN_AFTER.dense && heard >= DENSE * (before - missed) ||
    before >= KNOWN_AFTER.other && hours >= LEAST_HOURS;
}

function longer(a: Silence, b: Silence): Silence {
  return { minutes: Math.max(a.minutes, b.minutes), others: Math.max(a.others, b.others) };
}

function faded({ minutes, others }: Silence, after: number): Silence {
  const kept = FADE.longest ** after;
  return { minutes: minutes * kept, others: others * kept };
}

/**
 * Lines of the unit's log as incidents.
 *
 * @module
 */

import type { LogFields, LogLevel } from "../ports/log.ts";
import { duration } from "../protocol/rounded.ts";
import type { Told } from "./incidents.ts";
import type { Incident } from "./words.ts";

/**
 * What is for readers of the log only: what the bot itself prints, what anybody can make us write, what the
 * dashboard tells in words of its own.
 */
const NOT_TOLD: ReadonlySet<string> = new Set([
  "cluster prints",
  "dashboard action failed",
  "dashboard login refused",
  "request refused",
  "rest request refused",
]);

/** Fields that say what it is about, the most telling first. */
const SUBJECTS: readonly (readonly [field: string, about: Incident["about"]])[] = [
  ["shardId", "shard"],
  ["clusterId", "cluster"],
  ["service", "service"],
  ["workerId", "worker"],
];

/** Words that say what it is about where no field does. */
const TOPICS: readonly (readonly [words: RegExp, about: Incident["about"]])[] = [
  [/reshard|guilds have moved|serve which guilds|serve in place of/i, "reshard"],
  [/fleet|NATS|shards are dealt|unit is dead|unit leads|assignment|card of/i, "fleet"],
  [/rest request|invalid requests|discord (cannot|did not answer|has refused)|permits/i, "rest"],
];

/** Fields that say why, and what to do. */
const WHY = ["reason", "error", "why", "problem"];
const ADVICE = ["advice", "remedy", "until"];
const MOST_FACTS = 6;

/** Whether a line of the unit's log is worth an incident. */
export function isTold(level: LogLevel, event: string): level is "warn" | "error" {
  return (level === "warn" || level === "error") && !NOT_TOLD.has(event);
}

/**
 * A line as an incident.
 *
 * @param fields Redacted already.
 * @param keyOf The key of the shard of this id that serves.
 *
 * @example
 * ```ts
 * import { lineWords } from "./log_words.ts";
 * const fields = { clusterId: 0, reason: "exit code 1", restartInMs: 1000 };
 * const told = lineWords("error", "cluster has ended", fields, String);
 * console.assert(told.text === "cluster 0 has ended: exit code 1 (restart in 1 s)");
 * ```
 */
export function lineWords(
  level: Told["level"],
  event: string,
  fields: LogFields,
  keyOf: (shardId: number) => string,
): Told {
  const subject = subjectOf(fields);
  const text = [
    subject ? named(event, subject.about, subject.of) : event,
    ...saidIn(fields, WHY, ": "),
    ...saidIn(fields, ADVICE, "; "),
    factsIn(fields, subject?.field),
  ].join("");
  if (!subject) {
    const about = TOPICS.find(([words]) => words.test(event))?.[1] ?? "unit";
    return { level, text, about };
  }
  const { about, of } = subject;
  return { level, text, about, of: about === "shard" ? keyOf(Number(of)) : of };
}

interface Subject {
  readonly field: string;
  readonly about: Incident["about"];
  readonly of: string;
}

function subjectOf(fields: LogFields): Subject | null {
  const found = SUBJECTS.find(([field]) => fields[field] !== undefined);
  return found ? { field: found[0], about: found[1], of: String(fields[found[0]]) } : null;
}

/** `shard stopped for good` of shard 3 is `shard 3 stopped for good`; else its name stands behind. */
function named(event: string, about: string, of: string): string {
  const [, article = "", rest] = new RegExp(`^(an? |the )?${about}\\b(.*)$`).exec(event) ?? [];
  if (rest === undefined) return `${event} (${about} ${of})`;
  return article === "" || !rest.startsWith("'") ? `${about} ${of}${rest}` : event;
}

function saidIn(fields: LogFields, names: readonly string[], before: string): string[] {
  const name = names.find((name) => isSaid(fields[name]));
  return name === undefined ? [] : [`${before}${fields[name]}`];
}

/** What else is known, in brackets. */
function factsIn(fields: LogFields, subject?: string): string {
  const left = new Set([...WHY, ...ADVICE, "stack", "workerId", "totalShards", subject]);
  const facts = Object.entries(fields)
    .filter(([name, value]) => !left.has(name) && isSaid(value))
    .slice(0, MOST_FACTS)
    .map(([name, value]) => factText(name, value as string | number | boolean));
  return facts.length === 0 ? "" : ` (${facts.join(", ")})`;
}

function factText(name: string, value: string | number | boolean): string {
  const words = (text: string) => text.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  if (typeof value === "number" && name.endsWith("Ms")) {
    return `${words(name.slice(0, -2))} ${duration(value)}`;
  }
  return `${words(name)} ${value}`;
}

function isSaid(value: unknown): boolean {
  return ["string", "number", "boolean"].includes(typeof value) && value !== "";
}

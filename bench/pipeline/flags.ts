/**
 * What is to be measured: from the command line, or a selection that takes about six minutes.
 *
 * @module
 */

import { type Payload, PAYLOADS } from "./load.ts";
import type { Compression } from "./party.ts";
import type { Rate } from "./stage.ts";

/** Every combination of these is measured. */
export interface Selection {
  /** By name. */
  readonly parties: readonly string[];
  readonly rates: readonly Rate[];
  readonly shards: readonly number[];
  readonly payloads: readonly Payload[];
  readonly compressions: readonly Compression[];
  /** In each round every party has its turn. */
  readonly rounds: number;
  /** How long a run takes. */
  readonly seconds: number;
}

/** How to choose. */
export const USAGE = `deno task bench pipeline [flags]

  --rates 100,1000,5000,20000,max     events per second; max: as fast as they come back
  --shards 1,16,256
  --payload 300,1200,mix              bytes of an event, or the usual mix
  --compression zlib-stream,none
  --parties gatehouse,base,discordeno,discordeno-ws,guide,discordjs,floor
  --rounds 3                          of all parties in turn
  --seconds 1.5                       of each run

Without any flag: all parties at all rates with 1.2 KB, zlib-stream and 16 shards, some for the rest.
With flags: what they leave out is as in the first of these.`;

/** What is measured where no flag is given, in this order, of these parties. */
export function usualSelections(parties: readonly string[]): readonly Selection[] {
  const main: Selection = {
    parties,
    rates: [100, 1_000, 5_000, 20_000, "max"],
    shards: [16],
    payloads: ["1200"],
    compressions: ["zlib-stream"],
    rounds: 3,
    seconds: 1.5,
  };
  const some = (...names: string[]) => parties.filter((name) => names.includes(name));
  return [
    main,
    {
      ...main,
      parties: some("gatehouse", "base"),
      rates: [1_000, 5_000, "max"],
      shards: [1, 16, 256],
      rounds: 1,
    },
    {
      ...main,
      parties: some("gatehouse", "base", "discordeno"),
      rates: [5_000, "max"],
      payloads: ["300", "mix"],
      rounds: 1,
    },
    {
      ...main,
      parties: some("gatehouse", "base"),
      rates: [5_000, "max"],
      compressions: ["none"],
      rounds: 1,
    },
  ];
}

/** The selections that `args` ask for, or all that is wrong with them. */
export function readFlags(
  args: readonly string[],
  parties: readonly string[],
): readonly Selection[] | { readonly problems: readonly string[] } {
  const usual = usualSelections(parties);
  if (args.length === 0) return usual;
  const problems: string[] = [];
  const chosen: Record<string, unknown> = {};
  for (let i = 0; i < args.length; i += 2) {
    const [name, text = ""] = [args[i]!, args[i + 1]];
    const flag = FLAGS[name];
    if (!flag) {
      problems.push(`${name}: no such flag`);
      continue;
    }
    const values = text.split(",").map((part) => flag.read(part, parties));
    const isRight = values.every((value) => value !== undefined) &&
      (flag.takes === "list" || values.length === 1);
    if (isRight) chosen[flag.field] = flag.takes === "list" ? values : values[0];
    else problems.push(`${name}: expected ${flag.expected}, received ${JSON.stringify(text)}`);
  }
  return problems.length > 0 ? { problems } : [{ ...usual[0]!, ...chosen }];
}

interface Flag {
  readonly field: keyof Selection;
  readonly takes: "list" | "one";
  readonly expected: string;
  /** The value of one part; `undefined` where it is none. */
  read(text: string, parties: readonly string[]): unknown;
}

const whole = (text: string) => /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
const oneOf = (choices: readonly string[]) => (text: string) =>
  choices.find((choice) => choice === text);

const FLAGS: Readonly<Record<string, Flag>> = {
  "--rates": {
    field: "rates",
    takes: "list",
    expected: "events per second or max, separated by commas",
    read: (text) => text === "max" ? text : whole(text),
  },
  "--shards": {
    field: "shards",
    takes: "list",
    expected: "whole numbers from 1, separated by commas",
    read: whole,
  },
  "--payload": {
    field: "payloads",
    takes: "list",
    expected: `of ${Object.keys(PAYLOADS)}, separated by commas`,
    read: oneOf(Object.keys(PAYLOADS)),
  },
  "--compression": {
    field: "compressions",
    takes: "list",
    expected: "zlib-stream, none or both, separated by a comma",
    read: oneOf(["zlib-stream", "none"]),
  },
  "--parties": {
    field: "parties",
    takes: "list",
    expected: "names of parties, separated by commas",
    read: (text, parties) => oneOf(parties)(text),
  },
  "--rounds": { field: "rounds", takes: "one", expected: "a whole number from 1", read: whole },
  "--seconds": {
    field: "seconds",
    takes: "one",
    expected: "a number above 0",
    read: (text) => Number(text) > 0 ? Number(text) : undefined,
  },
};

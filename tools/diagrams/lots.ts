/**
 * Draws the phases of a lot in `docs/resharding.md` by running the table of lots.
 *
 * @module
 */

import { LOT_PHASES, type LotPhase } from "../../protocol/reshard.ts";
import { step } from "../../unit/reshard/lots/step.ts";
import { CELLS } from "../../unit/reshard/lots/table.ts";
import type { Effect, Input, State } from "../../unit/reshard/lots/words.ts";

/** What is drawn stands between these lines. */
const [BEGIN, END] = [
  "<!-- Drawn by `deno task diagrams` from unit/reshard/lots/table.ts. Do not edit. -->",
  "<!-- So far drawn. -->",
];

/** Every kind of input, under the words of the picture. */
const INPUTS: readonly (readonly [string, Input])[] = [
  ["its turn", { kind: "begin" }],
  ["all ready and loaded", { kind: "whole" }],
  ["a shard breaks", { kind: "broken", reason: "" }],
  ["old ones stopped for good", { kind: "alone" }],
  ["compared long enough", { kind: "armed" }],
  ["not long enough after all", { kind: "doubted" }],
  ["cut and acknowledged", { kind: "cut" }],
  ["written", { kind: "written" }],
  ["not written", { kind: "unwritten", reason: "" }],
  ["surely not written", { kind: "shut", reason: "" }],
  ["ended", { kind: "ended" }],
  ["not ended", { kind: "unended", reason: "" }],
  ["turned", { kind: "turn" }],
  ["another unit's", { kind: "left" }],
];

/** What is to be done, under the words of the picture. */
const EFFECTS: Readonly<Record<Effect["do"], string>> = {
  raise: "bring the new ones up",
  compare: "compare",
  "stop comparing": "compare no more",
  hold: "hold the old ones",
  lift: "let the old ones go on",
  write: "write it down",
  serve: "new ones serve",
  end: "end the old ones",
};

/** The file with its picture as the table has it. */
export function drawLots(file: string): string {
  const [begin, end] = [file.indexOf(BEGIN), file.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`There is no place to draw: ${BEGIN} … ${END}`);
  return `${file.slice(0, begin)}${BEGIN}\n\n${picture()}\n\n${file.slice(end)}`;
}

function picture(): string {
  return ["```mermaid", "stateDiagram-v2", ...arrows(), "```", "", ...table()].join("\n");
}

function arrows(): string[] {
  const labels = new Map<string, Set<string>>();
  for (const phase of LOT_PHASES) {
    for (const [label, input] of INPUTS) {
      const next = nextOf(phase, input);
      if (!next || next[0].kind === phase) continue;
      const arrow = `${phase} --> ${next[0].kind}`;
      labels.set(arrow, (labels.get(arrow) ?? new Set()).add(label));
    }
  }
  const lines = [...labels].map(([arrow, words]) => `    ${arrow}: ${[...words].join(", ")}`);
  return ["    [*] --> waiting", ...lines];
}

function table(): string[] {
  const cell = (phase: LotPhase, input: Input): string => {
    const next = nextOf(phase, input);
    if (!next) return "";
    const [{ kind, way, isTurned }, ...effects] = next;
    const where = isTurned ? "· (goes back afterwards)" : kind === phase ? "·" : kind;
    const whither = way === "back" ? `${where}, other way` : where;
    // Those that end are the old ones of the way that it goes from here on.
    const done = effects.map((effect) =>
      way === "back" && effect.do === "end" ? "end the new ones" : EFFECTS[effect.do]
    ).join(", ");
    return done === "" ? whither : `${whither}: ${done}`;
  };
  return [
    `| | ${LOT_PHASES.join(" | ")} |`,
    `|---|${LOT_PHASES.map(() => "---").join("|")}|`,
    ...INPUTS.map(([label, input]) =>
      `| **${label}** | ${LOT_PHASES.map((phase) => cell(phase, input)).join(" | ")} |`
    ),
  ];
}

function nextOf(kind: LotPhase, input: Input): readonly [State, ...Effect[]] | undefined {
  if (!(input.kind in CELLS[kind])) return undefined;
  return step({ kind, way: "there", isTurned: false, reason: "" }, input);
}

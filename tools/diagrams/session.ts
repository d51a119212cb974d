/**
 * Draws `docs/session.md` by running the session table.
 *
 * @module
 */

import { step } from "../../gateway/session/step.ts";
import { CELLS } from "../../gateway/session/table.ts";
import type { Input, Memory, State } from "../../gateway/session/words.ts";
import type { ShardState } from "../../protocol/status.ts";

const SESSION = { sessionId: "s", resumeUrl: "wss://resume" };
const POINT = { ...SESSION, shardId: 0, totalShards: 1, intents: 0, seq: 1, base: 0 };
const MEMORY: Memory = {
  session: SESSION,
  attempt: 0,
  fruitless: 0,
  isPlain: false,
  refusals: 0,
  connection: 1,
};
const NO_SESSION: Memory = { ...MEMORY, session: null };

/** Every kind of state, with what makes a difference to what follows. */
const STATES: readonly State[] = [
  { kind: "idle", memory: NO_SESSION, reason: "" },
  { kind: "queued", memory: NO_SESSION, reason: "" },
  { kind: "connecting", memory: NO_SESSION, reason: "", goal: "identify", host: "generic" },
  { kind: "hello", memory: NO_SESSION, reason: "", goal: "identify" },
  { kind: "hello", memory: MEMORY, reason: "", goal: "resume" },
  { kind: "identifying", memory: NO_SESSION, reason: "" },
  { kind: "resuming", memory: MEMORY, reason: "", replayed: false },
  { kind: "ready", memory: MEMORY, reason: "" },
  { kind: "closing", memory: MEMORY, reason: "", then: "back off" },
  { kind: "closing", memory: MEMORY, reason: "", then: "stop" },
  { kind: "backing off", memory: MEMORY, reason: "", pause: "back off" },
  { kind: "backing off", memory: NO_SESSION, reason: "", pause: "back off" },
  { kind: "stopped", memory: NO_SESSION, reason: "" },
];

/** Every kind of input, with what makes a difference, under the words of the picture. */
const INPUTS: readonly (readonly [string, Input])[] = [
  ["start", { kind: "start", point: null, cursorFloor: 0 }],
  ["start with session", { kind: "start", point: POINT, cursorFloor: 0 }],
  ["permit", { kind: "permit" }],
  ["opened", { kind: "opened", connection: 1 }],
  ["failed", { kind: "failed", reason: "", connection: 1 }],
  ["HELLO", { kind: "hello", connection: 1 }],
  ["READY", { kind: "ready", session: SESSION, connection: 1 }],
  ["RESUMED", { kind: "resumed", connection: 1 }],
  ["op 7", { kind: "reconnect", connection: 1 }],
  ["op 9", { kind: "invalid", resumable: false, connection: 1 }],
  ["closed", { kind: "closed", code: 1006, connection: 1 }],
  ["fatal close", { kind: "closed", code: 4004, connection: 1 }],
  ["corrupt", { kind: "corrupt", of: "payload", reason: "", connection: 1 }],
  ["numbers repeat", { kind: "numbers", session: null, connection: 1 }],
  ["zombie", { kind: "zombie", connection: 1 }],
  ["deadline", { kind: "timeout", progress: false }],
  ["restart", { kind: "restart", session: "keep" }],
  ["stop", { kind: "stop", session: "keep" }],
];

/** The file as the table has it. */
export function drawSession(): string {
  return `# The life of a session

<!-- Drawn by \`deno task diagrams\` from gateway/session/table.ts. Do not edit. -->

The table, with every deadline, is \`gateway/session/table.ts\`; what entering and leaving a state asks
for is \`gateway/session/step.ts\`. What an old connection still says is dropped in every state and
counted.

\`\`\`mermaid
stateDiagram-v2
${arrows().join("\n")}
\`\`\`

## Every pair

What follows from each input (down) in each state (across): the next state, \`·\` where nothing changes,
empty where the pair is not in the table and would be a bug. With two answers the first is for a shard
that goes for IDENTIFY or has no session, the second for one that goes for RESUME.

${table().join("\n")}
`;
}

function arrows(): string[] {
  const labels = new Map<string, Set<string>>();
  for (const state of STATES) {
    for (const [label, input] of INPUTS) {
      const next = nextOf(state, input);
      if (next === undefined || next === state.kind) continue;
      const arrow = `${idOf(state.kind)} --> ${idOf(next)}`;
      labels.set(arrow, (labels.get(arrow) ?? new Set()).add(label));
    }
  }
  const lines = [...labels].map(([arrow, words]) => `    ${arrow}: ${[...words].join(", ")}`);
  return ["    [*] --> idle", ...lines];
}

function table(): string[] {
  const kinds = [...new Set(STATES.map((state) => state.kind))];
  const cell = (kind: ShardState, input: Input) => {
    if (!(input.kind in CELLS[kind])) return "";
    const nexts = STATES.filter((state) => state.kind === kind)
      .map((state) => nextOf(state, input)!)
      .map((next) => next === kind ? "·" : next);
    return [...new Set(nexts)].join(" / ");
  };
  return [
    `| | ${kinds.join(" | ")} |`,
    `|---|${kinds.map(() => "---").join("|")}|`,
    ...INPUTS.map(([label, input]) =>
      `| **${label}** | ${kinds.map((kind) => cell(kind, input)).join(" | ")} |`
    ),
  ];
}

function nextOf(state: State, input: Input): ShardState | undefined {
  if (!(input.kind in CELLS[state.kind])) return undefined;
  return step(state, input)[0].kind;
}

function idOf(kind: ShardState): string {
  return kind.replace(" ", "_");
}

/**
 * Every pair of the session table, with whatever makes a difference to what follows.
 *
 * @module
 */

import { step } from "../../../gateway/session/step.ts";
import { CELLS } from "../../../gateway/session/table.ts";
import type { Effect, Input, Memory, State, StateOf } from "../../../gateway/session/words.ts";

/** A session, and the point at which it is picked up. */
export const SESSION = { sessionId: "s", resumeUrl: "wss://resume.test" };
/** See {@linkcode SESSION}. */
export const POINT = { ...SESSION, shardId: 0, totalShards: 1, intents: 1, seq: 5, base: 9 };
/** What a shard with a session remembers. */
export const MEMORY: Memory = {
  session: SESSION,
  attempt: 3,
  fruitless: 0,
  isPlain: false,
  refusals: 2,
  connection: 7,
};
/** What one without a session does. */
export const NEW: Memory = { ...MEMORY, session: null, refusals: 0 };

/** Every state; of a kind that comes more than once the usual one is first. */
export const STATES: readonly State[] = [
  { kind: "idle", memory: { ...NEW, attempt: 0 }, reason: "" },
  { kind: "queued", memory: NEW, reason: "" },
  { kind: "connecting", memory: MEMORY, reason: "", goal: "resume", host: "resume" },
  { kind: "connecting", memory: NEW, reason: "", goal: "identify", host: "generic" },
  { kind: "hello", memory: MEMORY, reason: "", goal: "resume" },
  { kind: "hello", memory: NEW, reason: "", goal: "identify" },
  { kind: "identifying", memory: NEW, reason: "" },
  { kind: "resuming", memory: MEMORY, reason: "", replayed: false },
  { kind: "resuming", memory: MEMORY, reason: "", replayed: true },
  { kind: "ready", memory: MEMORY, reason: "" },
  { kind: "ready", memory: NEW, reason: "" },
  { kind: "closing", memory: MEMORY, reason: "", then: "back off" },
  { kind: "closing", memory: NEW, reason: "", then: "invalid session" },
  { kind: "closing", memory: MEMORY, reason: "", then: "stop" },
  { kind: "backing off", memory: MEMORY, reason: "", pause: "back off" },
  { kind: "backing off", memory: MEMORY, reason: "", pause: "other host" },
  { kind: "backing off", memory: NEW, reason: "", pause: "invalid session" },
  { kind: "stopped", memory: MEMORY, reason: "" },
  { kind: "stopped", memory: NEW, reason: "" },
];

/** Every input, of connection 7. */
export const INPUTS: readonly Input[] = [
  { kind: "start", point: null, cursorFloor: 4 },
  { kind: "start", point: POINT, cursorFloor: 4 },
  { kind: "permit" },
  { kind: "timeout", progress: false },
  { kind: "timeout", progress: true },
  { kind: "restart", session: "keep" },
  { kind: "restart", session: "end" },
  { kind: "stop", session: "keep" },
  { kind: "stop", session: "end" },
  { kind: "opened", connection: 7 },
  { kind: "failed", reason: "refused", connection: 7 },
  { kind: "closed", code: 1006, connection: 7 },
  { kind: "closed", code: 4004, connection: 7 },
  { kind: "closed", code: 4007, connection: 7 },
  { kind: "hello", connection: 7 },
  { kind: "ready", session: SESSION, connection: 7 },
  { kind: "ready", session: null, connection: 7 },
  { kind: "resumed", connection: 7 },
  { kind: "replayed", connection: 7 },
  { kind: "reconnect", connection: 7 },
  { kind: "invalid", resumable: true, connection: 7 },
  { kind: "invalid", resumable: false, connection: 7 },
  { kind: "corrupt", of: "stream", reason: "bad", connection: 7 },
  { kind: "corrupt", of: "payload", reason: "bad", connection: 7 },
  { kind: "numbers", session: null, connection: 7 },
  { kind: "numbers", session: SESSION, connection: 7 },
  { kind: "zombie", connection: 7 },
];

/** One step of the table, with its pair in words. */
export interface Stepped {
  readonly before: State;
  readonly input: Input;
  readonly after: State;
  readonly effects: readonly Effect[];
  readonly pair: string;
}

/** Every legal pair, and what follows from it. */
export const STEPS: readonly Stepped[] = STATES.flatMap((before) =>
  INPUTS.filter(({ kind }) => kind in CELLS[before.kind]).map((input) => {
    const [after, ...effects] = step(before, input);
    const pair = `${JSON.stringify(before)} → ${JSON.stringify(input)}`;
    return { before, input, after, effects, pair };
  })
);

/** The usual state of a kind, changed. */
export function stateOf<Kind extends State["kind"]>(
  kind: Kind,
  changed: Partial<StateOf<Kind>> = {},
): StateOf<Kind> {
  return { ...STATES.find((state) => state.kind === kind)!, ...changed } as StateOf<Kind>;
}

/** What is done, by name. */
export function names(effects: readonly Effect[]): string[] {
  return effects.map((effect) => effect.do);
}

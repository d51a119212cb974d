/**
 * Everything that can be made to go wrong, as verbs: faults that wait for their moment, faults that
 * strike open connections, and chance. Seeded, and each one that strikes goes into the ledger.
 *
 * @module
 */

import { type Cancel, type Clock, every } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Connection } from "./connection.ts";
import type { Ledger } from "../world/ledger.ts";
import type { SessionEntry } from "../world/ledger.ts";
import type { SimSettings } from "../world/options.ts";
import type { Sessions } from "./sessions.ts";
import type { StandingFault, StandingFaults, When } from "./standing_faults.ts";

/** Which open connections a fault strikes. Without any of these: all of them, now. */
export interface Target {
  readonly shardId?: number;
  /** Strikes this long from now, whoever is connected then. */
  readonly afterMs?: number;
  /** Chance for each connection, 0 to 1. */
  readonly probability?: number;
}

/** The verbs. */
export interface Faults {
  /** Refuses connection attempts. */
  refuse(when?: When): Cancel;
  /** Answers the upgrade with HTTP 503. */
  answer503(when?: When): Cancel;
  /** Accepts the connection and never answers the upgrade. */
  noHandshake(when?: When): Cancel;
  /** Refuses every connection on the resume host. */
  killResumeHost(when?: When): Cancel;
  /** Sends op 7 in place of HELLO. */
  reconnectInsteadOfHello(when?: When): Cancel;
  /** Accepts and says nothing. */
  noHello(when?: When): Cancel;
  /** Cuts the connection right after HELLO. */
  cutAfterHello(when?: When): Cancel;
  /** Never answers IDENTIFY. */
  noReady(when?: When): Cancel;
  /** Answers IDENTIFY with op 9 false, although it is well paced. */
  refuseIdentify(when?: When): Cancel;
  /** Answers RESUME with op 9 false; the session is gone. */
  refuseResume(when?: When): Cancel;
  /** Answers RESUME with op 9 true: try again. */
  postponeResume(when?: When): Cancel;
  /** Never answers RESUME. */
  noResumed(when?: When): Cancel;
  /** Does not acknowledge heartbeats. */
  dropAcks(when?: When): Cancel;
  /** Makes messages unreadable. */
  corruptFrames(when: When): Cancel;
  /** Keeps events from a session that others may get; `Ledger.flaws` says which. */
  dropEvents(when?: When): Cancel;
  /** Tells a session of events twice, each time with another `s`; `Ledger.flaws` says which. */
  repeatEvents(when?: When): Cancel;

  /** Breaks connections without a close frame. */
  cut(target?: Target): void;
  /** Accepts what comes and answers nothing more, not even a close frame. */
  freeze(target?: Target): void;
  /** Sends op 7. */
  reconnect(target?: Target): void;
  /** Sends op 9 to live sessions. */
  invalidate(resumable: boolean, target?: Target): void;
  /** Closes with a code. The session stays, unless `endSession`. */
  close(code: number, target?: Target & { readonly endSession?: boolean }): void;
  /** Makes the next message unreadable. */
  corruptNext(target?: Target): void;
  /** Delays every message from then on. */
  delay(ms: number, target?: Target): void;
  /** Sends op 1, which is to be answered within a second. */
  requestHeartbeat(target?: Target): void;
  /** Ends sessions behind the client's back: its next RESUME gets op 9. */
  forgetSessions(target?: Pick<Target, "shardId">): void;
  /**
   * The sessions of now get no events of these types any more, while all others flow. A RESUME does not
   * cure it, a new session does. Seen on all shards of many bots at once:
   * [discord-api-docs#8162](https://github.com/discord/discord-api-docs/issues/8162).
   */
  deafen(types: readonly string[], target?: Pick<Target, "shardId">): void;
  /**
   * Takes privileged intents away in the developer portal: sessions that have one of them are closed with
   * 4014 and end. {@linkcode Faults.grantIntents} gives them back.
   */
  revokeIntents(intents: number): void;
  /** Grants privileged intents; sessions that live are as they were. */
  grantIntents(intents: number): void;

  /** Every `everyMs`, one fault by chance on one connection by chance, until cancelled. */
  chaos(options: { readonly everyMs: number; readonly faults?: readonly ChaosFault[] }): Cancel;
}

/** What {@linkcode Faults.chaos} chooses from. */
export type ChaosFault = "close" | "corrupt" | "cut" | "freeze" | "invalidate" | "op 7";

/** What the verbs work with. */
export interface FaultParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly settings: SimSettings;
  readonly standing: StandingFaults;
  readonly gateway: {
    readonly connections: ReadonlySet<Connection>;
    readonly sessions: Sessions;
  };
}

/** The verbs of one simulator. */
export function createFaults(parts: FaultParts): Faults {
  return { ...waitingFaults(parts.standing), ...strikingFaults(parts) };
}

type Waiting =
  | "refuse"
  | "answer503"
  | "noHandshake"
  | "killResumeHost"
  | "reconnectInsteadOfHello"
  | "noHello"
  | "cutAfterHello"
  | "noReady"
  | "refuseIdentify"
  | "refuseResume"
  | "postponeResume"
  | "noResumed"
  | "dropAcks"
  | "corruptFrames"
  | "dropEvents"
  | "repeatEvents";

function waitingFaults(standing: StandingFaults): Pick<Faults, Waiting> {
  const wait = (fault: StandingFault) => (when?: When) => standing.add(fault, when);
  return {
    refuse: wait("connection refused"),
    answer503: wait("http 503"),
    noHandshake: wait("no handshake"),
    killResumeHost: (when) => standing.add("connection refused", { ...when, host: "resume" }),
    reconnectInsteadOfHello: wait("op 7 instead of hello"),
    noHello: wait("no hello"),
    cutAfterHello: wait("cut after hello"),
    noReady: wait("no ready"),
    refuseIdentify: wait("identify refused"),
    refuseResume: wait("resume refused"),
    postponeResume: wait("resume later"),
    noResumed: wait("no resumed"),
    dropAcks: wait("no ack"),
    corruptFrames: wait("corrupt frame"),
    dropEvents: wait("event missing"),
    repeatEvents: wait("event repeated"),
  };
}

function strikingFaults(parts: FaultParts): Omit<Faults, Waiting> {
  const { gateway } = parts;
  return {
    cut: (target) => strike(parts, "cut", target, (it) => it.cut()),
    freeze: (target) => strike(parts, "freeze", target, (it) => it.freeze()),
    reconnect: (target) => strike(parts, "op 7", target, (it) => it.reconnect()),
    invalidate: (resumable, target) =>
      strike(parts, `op 9 ${resumable}`, target, (it) => it.invalidate(resumable)),
    close: (code, target) =>
      strike(parts, `close ${code}`, target, (it) => {
        const { session } = it;
        it.close(code, "Closed by a fault.");
        if (session && target?.endSession) gateway.sessions.end(session, `closed ${code}`);
      }),
    corruptNext: (target) => strike(parts, "corrupt frame", target, (it) => it.corrupt()),
    delay: (ms, target) => strike(parts, `delay ${ms} ms`, target, (it) => it.delay(ms)),
    requestHeartbeat: (target) => strike(parts, "op 1", target, (it) => it.requestHeartbeat()),
    forgetSessions({ shardId } = {}) {
      for (const session of gateway.sessions.all()) {
        if (shardId !== undefined && session.terms.shardId !== shardId) continue;
        gateway.sessions.end(session, "forgotten");
        note(parts, "session forgotten", session.entry);
      }
    },
    deafen(types, { shardId } = {}) {
      for (const session of gateway.sessions.all()) {
        if (shardId !== undefined && session.terms.shardId !== shardId) continue;
        for (const t of types) session.deafTo.add(t);
        note(parts, `deaf to ${types.join(", ")}`, session.entry);
      }
    },
    revokeIntents(intents) {
      parts.settings.privilegedIntents &= ~intents;
      for (const session of gateway.sessions.all()) {
        if ((session.terms.intents & intents) === 0) continue;
        for (const connection of [...gateway.connections]) {
          if (connection.session === session) connection.close(4014, "Disallowed intent(s).");
        }
        gateway.sessions.end(session, "closed 4014");
        note(parts, "intents revoked", session.entry);
      }
    },
    grantIntents: (intents) => void (parts.settings.privilegedIntents |= intents),
    chaos: ({ everyMs, faults = CHAOS }) => every(parts.clock, everyMs, () => oneOf(parts, faults)),
  };
}

function strike(
  parts: FaultParts,
  fault: string,
  { shardId, afterMs, probability = 1 }: Target = {},
  act: (connection: Connection) => void,
): void {
  if (afterMs !== undefined) {
    const later = { probability, ...(shardId === undefined ? {} : { shardId }) };
    parts.clock.after(afterMs, () => strike(parts, fault, later, act));
    return;
  }
  for (const connection of [...parts.gateway.connections]) {
    if (shardId !== undefined && connection.entry.shardId !== shardId) continue;
    if (parts.random() >= probability) continue;
    note(parts, fault, connection.entry);
    act(connection);
  }
}

const CHAOS: readonly ChaosFault[] = ["close", "corrupt", "cut", "freeze", "invalidate", "op 7"];

function oneOf(parts: FaultParts, faults: readonly ChaosFault[]): void {
  const { random, gateway } = parts;
  const open = [...gateway.connections];
  const connection = open[Math.floor(random() * open.length)];
  const fault = faults[Math.floor(random() * faults.length)];
  if (!connection || !fault) return;
  note(parts, fault, connection.entry);
  switch (fault) {
    case "close":
      return connection.close(4000 + Math.floor(random() * 3), "Chaos.");
    case "corrupt":
      return connection.corrupt();
    case "cut":
      return connection.cut();
    case "freeze":
      return connection.freeze();
    case "invalidate":
      return connection.invalidate(true);
    case "op 7":
      return connection.reconnect();
  }
}

function note(
  { clock, ledger }: FaultParts,
  fault: string,
  { shardId }: Pick<SessionEntry, "shardId"> | { shardId: number | null },
): void {
  ledger.add(ledger.faults, { fault, shardId, detail: "", atMs: clock.now() });
}

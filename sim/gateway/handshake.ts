/**
 * IDENTIFY and RESUME: who gets a session. See
 * [Discord Docs/Identifying](https://discord.com/developers/docs/events/gateway#identifying) and
 * [Discord Docs/Resuming](https://discord.com/developers/docs/events/gateway#resuming).
 *
 * @module
 */

import { identifyKey } from "../../protocol/ids.ts";
import { jsonBody } from "../world/body.ts";
import type { ConnectionEntry, Ledger, Rule } from "../world/ledger.ts";
import type { Dialect } from "./dialect.ts";
import { type FlowParts, loadGuilds } from "./guild_flow.ts";
import { isRecord } from "../../protocol/record.ts";
import { readIdentify, type ValidIdentify } from "./identify_rules.ts";
import { guildsOf, readyBody } from "./ready.ts";
import type { IdentifyPace, StartOrder } from "./pace.ts";
import type { Outlet, Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";
import type { StandingFaults } from "./standing_faults.ts";

/** The connection, as the handshake sees it. */
export interface Applicant extends Outlet {
  readonly entry: ConnectionEntry;
  readonly dialect: Dialect;
  /** Closes because the client broke a rule. */
  refuse(rule: Rule, code: number, reason: string): void;
  close(code: number, reason: string): void;
  /** Sends op 7. */
  reconnect(): void;
  /** Sends op 9. */
  invalidate(resumable: boolean): void;
  /** The session whose dispatches it gets from now on; `seq` is what the client has. */
  hold(session: Session, seq: number): void;
  /** Payload compression was asked for. */
  compressPayloads(): void;
  /** Calls back unless the connection has ended by then. */
  later(delayMs: number, task: () => void): void;
}

/** What a handshake works with. */
export interface HandshakeParts extends FlowParts {
  readonly ledger: Ledger;
  readonly faults: StandingFaults;
  readonly sessions: Sessions;
  readonly connections: Iterable<Applicant>;
  readonly identifyPace: IdentifyPace;
  readonly startOrder: StartOrder;
}

/** Answers an IDENTIFY: a close code, op 9, nothing (a fault), or READY and the guilds. */
export function identify(parts: HandshakeParts, connection: Applicant, d: unknown): void {
  const read = readIdentify(parts.world, d);
  if ("refusal" in read) {
    const { rule, code, reason } = read.refusal;
    return connection.refuse(rule, code, reason);
  }
  connection.entry.shardId = read.identify.shardId;
  const paced = keepsPace(parts, connection, read.identify);
  if ((paced || parts.world.settings.refusedIdentifiesCost) && !parts.world.sessionStarts.spend()) {
    return overdraw(parts);
  }
  if (!paced || parts.faults.strikes("identify refused", connection.entry)) {
    return invalidateSoon(parts, connection, false);
  }
  if (parts.faults.strikes("no ready", connection.entry)) return;
  startSession(parts, connection, read.identify);
}

/** Answers a RESUME: a close code, op 9, or the replay. */
export function resume(parts: HandshakeParts, connection: Applicant, d: unknown): void {
  const { world, sessions, faults } = parts;
  if (!isRecord(d) || typeof d.session_id !== "string" || !Number.isInteger(d.seq)) {
    return connection.refuse("bad payload", 4002, "Error while decoding payload.");
  }
  if (!world.acceptsToken(d.token)) {
    return connection.refuse("token", 4004, "Authentication failed.");
  }
  const seq = d.seq as number;
  const session = sessions.get(d.session_id);
  connection.entry.shardId = session?.terms.shardId ?? null;
  if (faults.strikes("no resumed", connection.entry)) return;
  const verdict = judgeResume(session, seq, connection.dialect);
  const later = faults.strikes("resume later", connection.entry);
  const refused = !later && faults.strikes("resume refused", connection.entry);
  const ok = verdict === "ok" && !later && !refused;
  noteResume(parts, connection, { sessionId: d.session_id, seq, ok, session });
  if (later) return connection.invalidate(true);
  if (verdict === "seq too high") {
    sessions.end(session!, "invalid seq");
    return connection.refuse("resume seq", 4007, "Invalid seq.");
  }
  if (!ok || !session) {
    if (session && (refused || verdict === "too old")) sessions.end(session, verdict);
    return connection.invalidate(false);
  }
  connection.hold(session, seq);
  session.resume(connection, seq);
  penaliseBase(parts, connection);
}

type ResumeVerdict = "ok" | "unknown session" | "another dialect" | "seq too high" | "too old";

function judgeResume(
  session: Session | undefined,
  seq: number,
  dialect: Dialect,
): ResumeVerdict {
  if (!session) return "unknown session";
  if (session.terms.dialect !== dialectName(dialect)) return "another dialect";
  if (seq > session.entry.lastS) return "seq too high";
  return session.canReplay(seq) ? "ok" : "too old";
}

function dialectName({ version, encoding }: Dialect): string {
  return `v${version} ${encoding}`;
}

/** Whether pace and order are kept; counts the identify and notes what was broken. */
function keepsPace(
  parts: HandshakeParts,
  connection: Applicant,
  { shardId, totalShards, intents, presence }: ValidIdentify,
): boolean {
  const { clock, ledger, world, sessions, identifyPace, startOrder } = parts;
  const { maxConcurrency, identifyWindowMs } = world.settings;
  const key = identifyKey(shardId, maxConcurrency);
  const atMs = clock.now();
  const accepted = identifyPace.allows(key, atMs, identifyWindowMs);
  const connectionId = connection.entry.id;
  const entry = { connectionId, shardId, totalShards, key, intents, presence, accepted, atMs };
  ledger.add(ledger.identifies, entry);
  if (!accepted) {
    ledger.violate(
      "identify pace",
      `shard ${shardId}: key ${key} again within ${identifyWindowMs} ms`,
    );
  } else if (
    !startOrder.begins(shardId, totalShards, maxConcurrency) &&
    // Beside sessions of another total it is no start: the bot reshards, lot by lot.
    sessions.all().every(({ terms }) => terms.totalShards === totalShards)
  ) {
    ledger.violate("order", `shard ${shardId} of ${totalShards}: a later group has begun`);
  }
  return accepted;
}

/** What Discord does when the budget is overdrawn: every session ends, and the token is reset. */
function overdraw({ world, ledger, sessions, connections }: HandshakeParts): void {
  ledger.violate("budget exhausted", `more than ${world.sessionStarts.total} identifies`);
  world.rotateToken();
  for (const session of sessions.all()) sessions.end(session, "budget exhausted");
  for (const connection of [...connections]) connection.close(4004, "Authentication failed.");
}

function invalidateSoon(parts: HandshakeParts, connection: Applicant, resumable: boolean): void {
  const delayMs = parts.random() * parts.world.settings.invalidSessionDelayMs;
  connection.later(delayMs, () => connection.invalidate(resumable));
}

function startSession(
  parts: HandshakeParts,
  connection: Applicant,
  { shardId, totalShards, shard, intents, largeThreshold, compress, presence }: ValidIdentify,
): void {
  const { world, sessions } = parts;
  const { dialect } = connection;
  const terms = { shardId, totalShards, intents, largeThreshold, presence };
  const session = sessions.create({ ...terms, dialect: dialectName(dialect) });
  const guilds = guildsOf(world, shardId, totalShards);
  if (compress) connection.compressPayloads();
  connection.hold(session, 0);
  session.attach(connection);
  const { version } = dialect;
  const ready = readyBody(world, { sessionId: session.id, version, shard, guilds });
  session.dispatch("READY", jsonBody(world.settings.garble("READY", ready)));
  loadGuilds(parts, session, guilds);
}

function noteResume(
  { clock, ledger }: HandshakeParts,
  { entry }: Applicant,
  resume: { sessionId: string; seq: number; ok: boolean; session: Session | undefined },
): void {
  const { session, ...about } = resume;
  ledger.add(ledger.resumes, {
    connectionId: entry.id,
    host: entry.host,
    shardId: entry.shardId,
    ...about,
    replayed: session && resume.ok ? session.entry.lastS - resume.seq : 0,
    atMs: clock.now(),
  });
}

/** "You will be disconnected more often" on the base host, where READY named another. */
function penaliseBase({ world }: HandshakeParts, connection: Applicant): void {
  const { resumeHost, baseResumePenaltyMs } = world.settings;
  if (!resumeHost || baseResumePenaltyMs === null || connection.entry.host === "resume") return;
  connection.later(baseResumePenaltyMs, () => connection.reconnect());
}

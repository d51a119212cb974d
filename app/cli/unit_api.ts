/**
 * How a subcommand speaks to a unit that runs: where it is, with which secret, and what it says when nobody
 * answers there.
 *
 * @module
 */

import type { Command } from "../../deps.ts";
import { messageOf } from "../../protocol/errors.ts";
import { isRecord } from "../../protocol/record.ts";
import type { Snapshot } from "../../protocol/status.ts";
import { describeProblem, SETTINGS } from "../../config/config.ts";
import { type Env, parseConfig } from "../../config/parse.ts";
import { sleep } from "../../ports/clock.ts";
import { printable } from "../../ports/printable.ts";
import { unitUrl } from "../../config/unit_url.ts";
import { reachable } from "../http/listen.ts";
import { CliFailure, EXIT } from "./exit.ts";
import type { CliWorld } from "./world.ts";

/** Where a unit is, as the command line says it. */
export interface UnitFlags {
  readonly url?: string;
  readonly secretFromEnv?: string;
  /** Another unit of its fleet, which it asks. */
  readonly unit?: string;
}

/** Adds the options by which a unit is found. */
export function unitOptions(command: Command): Command {
  return command
    .option("--url <url>", "the unit's address; by default where LISTEN_HOST and LISTEN_PORT say")
    .option(
      "--secret-from-env <name>",
      "the variable that has its secret; by default REST_AUTHORIZATION, for the unit of these settings",
    )
    .option("--unit <name>", "another unit of its fleet, which this one asks");
}

/** A unit that can be asked. */
export interface UnitApi {
  /** `http://127.0.0.1:8787`. */
  readonly url: string;
  /**
   * Asks `/control`; the body of the answer.
   *
   * @throws {CliFailure} Nobody answers, the secret is another, or the unit refuses.
   */
  ask(method: "GET" | "POST", path: string, how?: AskOptions): Promise<unknown>;
  /** Everything at this moment. */
  state(): Promise<Snapshot>;
}

/** How something is asked. */
export interface AskOptions {
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Whether it may take as long as it takes; default: no answer within 10 s is none. */
  readonly isPatient?: boolean;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** A unit that has not answered then is as good as away. */
const PATIENCE_MS = 10_000;

/** What a unit's address and secret hang on; the rest of the settings may be wrong. */
const NEEDED = [
  SETTINGS.listenHost.name,
  SETTINGS.listenPort.name,
  SETTINGS.restAuthorization.name,
];

/**
 * The unit that is meant.
 *
 * @throws {CliFailure} The settings, or what was given, do not say where it is.
 */
export async function unitApi(world: CliWorld, flags: UnitFlags): Promise<UnitApi> {
  const place = await placeOf(world, flags);
  const ask: UnitApi["ask"] = (method, path, how = {}) =>
    askUnit(world, place, method, `${path}${queryOf({ ...how.query, unit: flags.unit })}`, how);
  return {
    url: place.url,
    ask,
    async state() {
      const state = await ask("GET", "/state");
      if (isRecord(state) && Array.isArray(state.shards)) return state as unknown as Snapshot;
      throw stranger(place.url, "it knows no /control/state");
    },
  };
}

interface Place {
  readonly url: string;
  readonly secret: string | null;
}

async function placeOf(world: CliWorld, { url, secretFromEnv }: UnitFlags): Promise<Place> {
  const env = await world.settings().catch((error: unknown) => {
    const text = `Cannot read the settings in .env: ${messageOf(error)}`;
    throw new CliFailure(EXIT.REFUSED, text);
  });
  const own = await ownPlace(env, url === undefined);
  const at = url === undefined ? own!.url : addressIn(url);
  if (secretFromEnv === undefined) {
    // It goes to no other address unasked.
    return { url: at, secret: own?.url === at ? own.secret : null };
  }
  const secret = env[secretFromEnv] ?? world.env(secretFromEnv);
  if (secret) return { url: at, secret };
  throw new CliFailure(EXIT.USAGE, `--secret-from-env ${secretFromEnv}: no such variable is set`);
}

/** The unit of these settings; `null` where they name none and need not. */
async function ownPlace(env: Env, isNeeded: boolean): Promise<Place | null> {
  const given = Object.fromEntries(NEEDED.map((name) => [name, env[name]]));
  const parsed = await parseConfig(given, { withoutToken: true });
  if (!parsed.ok) {
    if (!isNeeded) return null;
    const lines = parsed.problems.map((problem) => `  ${describeProblem(problem)}`);
    const text = `Cannot tell where the unit is, the settings are wrong:\n${lines.join("\n")}`;
    throw new CliFailure(EXIT.REFUSED, text);
  }
  const { listenHost, listenPort, restAuthorization } = parsed.config;
  if (listenPort === 0) {
    if (!isNeeded) return null;
    const text = "Cannot tell where the unit is: LISTEN_PORT is 0, which is any free port. " +
      "Give the address that its log names (`listening`): --url http://127.0.0.1:…";
    throw new CliFailure(EXIT.USAGE, text);
  }
  return { url: `http://${reachable(listenHost)}:${listenPort}`, secret: restAuthorization };
}

function addressIn(text: string): string {
  const url = unitUrl(text);
  if (url && url.username === "" && url.password === "") {
    return `${url.origin}${url.pathname === "/" ? "" : url.pathname}`;
  }
  const received = url ? "one with a secret in it, which arguments must not hold" : text;
  throw new CliFailure(
    EXIT.USAGE,
    `--url: expected an address as http://host:port, received ${received}`,
  );
}

function queryOf(fields: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const pairs = given.map(([name, value]) => `${name}=${encodeURIComponent(value!)}`);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

async function askUnit(
  world: CliWorld,
  { url, secret }: Place,
  method: string,
  path: string,
  { body, isPatient = false, signal }: AskOptions,
): Promise<unknown> {
  const patience = new AbortController();
  const over = new AbortController();
  if (!isPatient) {
    sleep(world.clock, PATIENCE_MS, over.signal).then(() => patience.abort(), () => {});
  }
  const signals = [patience.signal, ...signal ? [signal] : []];
  try {
    const response = await world.request(`${url}/control${path}`, {
      method,
      headers: {
        accept: "application/json",
        ...secret !== null && { authorization: secret },
        ...body !== undefined && { "content-type": "application/json" },
      },
      redirect: "manual",
      signal: AbortSignal.any(signals),
      ...body !== undefined && { body: JSON.stringify(body) },
    });
    return answerOf(url, secret, path, response.status, await response.text());
  } catch (error) {
    if (error instanceof CliFailure || signal?.aborted) throw error;
    if (error instanceof Deno.errors.NotCapable) throw error;
    const why = patience.signal.aborted
      ? `no answer within ${PATIENCE_MS / 1000} s`
      : causeOf(error);
    throw unreachable(url, why);
  } finally {
    over.abort();
  }
}

function answerOf(
  url: string,
  secret: string | null,
  path: string,
  status: number,
  text: string,
): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(text, (_, value) => typeof value === "string" ? printable(value) : value);
  } catch {
    throw stranger(url, `it answers ${status} and no JSON`);
  }
  if (status < 300) return answer;
  const said = isRecord(answer) && typeof answer.error === "string"
    ? answer.error
    : printable(text);
  // A REST proxy by itself has a port like a unit's.
  if (status === 404 && path.startsWith("/state")) throw stranger(url, said);
  if (status === 401 || status === 403) throw denied(url, secret, said);
  throw new CliFailure(EXIT.REFUSED, said);
}

/** A unit that is being restarted answers nobody for a while. */
const RESTART_MS = 60_000;

/**
 * The unit's state, however often it has to be asked: for who follows one that may be restarted meanwhile.
 *
 * @param away Called each time that nobody answers.
 * @throws {CliFailure} Nobody has answered for a minute, or the unit refuses.
 */
export async function steadyState(
  { clock }: Pick<CliWorld, "clock">,
  unit: UnitApi,
  away: () => void,
): Promise<Snapshot> {
  const untilMs = clock.now() + RESTART_MS;
  for (;;) {
    try {
      return await unit.state();
    } catch (error) {
      const isAway = error instanceof CliFailure && error.code === EXIT.UNREACHABLE;
      if (!isAway || clock.now() >= untilMs) throw error;
      away();
      await sleep(clock, 1000);
    }
  }
}

function denied(url: string, secret: string | null, said: string): CliFailure {
  const shown = secret === null
    ? "No secret was shown"
    : "The secret that was shown is not its own";
  const text = `The unit at ${url} lets nobody in so: ${said}.\n` +
    `  ${shown}. It goes by its REST_AUTHORIZATION: run this where its settings are, or name ` +
    "the variable that has it: --secret-from-env NAME";
  return new CliFailure(EXIT.DENIED, text);
}

function unreachable(url: string, why: string): CliFailure {
  const text = `No unit answers at ${url}: ${why}.\n` +
    "  Does it run? Its log says `listening` with its address. Another port or host: set LISTEN_PORT and " +
    "LISTEN_HOST as it has them, or give --url. In a container: is its port published?";
  return new CliFailure(EXIT.UNREACHABLE, text, why);
}

function stranger(url: string, why: string): CliFailure {
  const text =
    `What answers at ${url} is no unit: ${why}.\n  Is it another program's port, or a REST ` +
    "proxy by itself (`gatehouse rest`)? Give the unit's address: --url http://host:port";
  return new CliFailure(EXIT.UNREACHABLE, text);
}

/** What went wrong on the way, without the address that is told anyway. */
function causeOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  const text = messageOf(cause ?? error);
  if (/refused/i.test(text)) return "the connection is refused";
  if (/InvalidContentType/.test(text)) return "what listens there speaks no TLS, try http://";
  return text.replace(/^error sending request.*?: /, "");
}

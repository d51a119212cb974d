/**
 * Restarts of clusters and services, and how far they are.
 *
 * @module
 */

import { sleep } from "../../../ports/clock.ts";
import { duration } from "../../../protocol/rounded.ts";
import type { ClusterSnapshot, ServiceSnapshot, Snapshot } from "../../../protocol/status.ts";
import { type StatusLine, statusLine } from "../../terminal/narrate.ts";
import { CliFailure, EXIT, type ExitCode } from "../exit.ts";
import { bar, milliseconds } from "../print/figures.ts";
import { writeJson } from "../output.ts";
import type { UnitApi } from "../unit_api.ts";
import type { CliWorld } from "../world.ts";

/** How it is done. */
export interface RestartOptions {
  /** Time to finish, before it is killed. */
  readonly timeout?: number;
  readonly json?: boolean;
  /** The unit of the fleet that is meant. */
  readonly unit?: string;
}

const POLL_MS = 250;
/** From its start. One that is not linked then has a problem that somebody has to look at. */
const LINK_MS = 60_000;
const BAR_WIDTH = 24;

/** Who is restarted. */
interface Who {
  readonly name: string;
  /** In `/control`. */
  readonly path: string;
  find(snapshot: Snapshot): ClusterSnapshot | ServiceSnapshot | undefined;
}

/**
 * Restarts one, and waits until it is linked again.
 *
 * @param who Id of a cluster or name of a service; `undefined`: the one cluster that there is.
 * @throws {CliFailure} There is none of that name, or it is not linked within a minute after it has ended.
 */
export async function restartOne(
  world: CliWorld,
  unit: UnitApi,
  who: string | undefined,
  { timeout, json = false }: RestartOptions,
): Promise<ExitCode> {
  const { clock } = world;
  const { name, path, find } = whoIn(await unit.state(), who);
  const fromMs = clock.now();
  const line = lineOf(world, json);
  try {
    line.show(`${name} finishes what it does`);
    const query = { timeout: timeout?.toString() };
    await unit.ask("POST", path, { isPatient: true, query });
    const endedMs = clock.now();
    for (;;) {
      const { state = "stopped", reason = "" } = find(await unit.state()) ?? {};
      const nowMs = clock.now();
      const tookMs = nowMs - fromMs;
      if (state === "connected") return tell(world, json, { restarted: name, state, tookMs });
      if (nowMs - endedMs > LINK_MS) throw notLinked(name, state, reason);
      line.show(`${name}: ${state}${reason && ` (${reason})`} · ${duration(tookMs)}`);
      await sleep(clock, POLL_MS);
    }
  } finally {
    line.show("");
  }
}

/**
 * Restarts all clusters, one after another.
 *
 * @throws {CliFailure} One could not be.
 */
export async function restartAll(
  world: CliWorld,
  unit: UnitApi,
  { json = false, unit: name }: RestartOptions,
): Promise<ExitCode> {
  const { clock } = world;
  const fromMs = clock.now();
  const line = lineOf(world, json);
  const asked = unit.ask("POST", "/clusters/restart-all", { isPatient: true });
  let isOver = false;
  asked.finally(() => isOver = true).catch(() => {});
  try {
    let done = 0;
    while (!isOver) {
      const { clusters, fleet } = await unit.state();
      const own = clusters.filter(({ kind }) => kind === "built in");
      const under = own.findIndex(({ state }) => state !== "connected");
      done = Math.max(done, under);
      const others = fleet && name === undefined ? ", then those of the other units" : "";
      const text = under < 0 ? "" : ` · cluster ${own[under]!.clusterId}: ${own[under]!.state}`;
      const shown = bar(done / Math.max(1, own.length), BAR_WIDTH);
      line.show(`${shown} ${done} of ${own.length} clusters${others}${text}`);
      await Promise.race([asked.catch(() => {}), sleep(clock, POLL_MS)]);
    }
    await asked;
  } finally {
    line.show("");
  }
  const { clusters } = await unit.state();
  const ill = clusters.find(({ kind, state }) => kind === "built in" && state !== "connected");
  if (ill) throw notLinked(`cluster ${ill.clusterId}`, ill.state, ill.reason);
  const tookMs = clock.now() - fromMs;
  return tell(world, json, { restarted: "all clusters", state: "connected", tookMs });
}

function lineOf({ err }: CliWorld, json: boolean): StatusLine {
  return statusLine(err.write, err.isTerminal && !json, () => err.size().columns);
}

function whoIn({ clusters, services }: Snapshot, who: string | undefined): Who {
  const own = clusters.filter(({ kind }) => kind === "built in");
  if (who === undefined && own.length === 1) return cluster(own[0]!.clusterId);
  const known = [
    ...own.map(({ clusterId }) => `cluster ${clusterId}`),
    ...services.map(({ name }) => `service ${name}`),
  ].join(", ") || "neither a cluster nor a service";
  if (who === undefined) {
    throw new CliFailure(
      EXIT.USAGE,
      `Say who is to be restarted, or --all: the unit runs ${known}`,
    );
  }
  if (/^\d+$/.test(who) && own.some(({ clusterId }) => clusterId === Number(who))) {
    return cluster(Number(who));
  }
  if (services.some(({ name }) => name === who)) return service(who);
  throw new CliFailure(EXIT.REFUSED, `Cannot restart ${who}: the unit runs ${known}`);
}

function cluster(id: number): Who {
  return {
    name: `cluster ${id}`,
    path: `/clusters/${id}/restart`,
    find: ({ clusters }) => clusters.find(({ clusterId }) => clusterId === id),
  };
}

function service(name: string): Who {
  return {
    name: `service ${name}`,
    path: `/services/${name}/respawn`,
    find: ({ services }) => services.find((each) => each.name === name),
  };
}

function notLinked(name: string, state: string, reason: string): CliFailure {
  const text = `${name} was restarted and is not connected: ${state}${reason && ` (${reason})`}. ` +
    "Its events wait. What it printed is in the unit's log";
  return new CliFailure(EXIT.REFUSED, text);
}

interface Restarted {
  readonly restarted: string;
  readonly state: string;
  readonly tookMs: number;
}

function tell(world: CliWorld, json: boolean, told: Restarted): ExitCode {
  const { restarted, tookMs } = told;
  if (json) writeJson(world, { ...told, tookMs: Math.round(tookMs) });
  else {
    const verb = restarted.startsWith("all") ? "are" : "is";
    world.out.write(`${restarted} ${verb} connected again, after ${milliseconds(tookMs)}\n`);
  }
  return EXIT.OK;
}

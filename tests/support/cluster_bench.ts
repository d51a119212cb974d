/**
 * What tests of real clusters begin with: a fake unit, the probe bot, and a log that is read.
 *
 * @module
 */

import type { StartClusterOptions } from "../../clusters/place.ts";
import { systemClock } from "../../ports/clock.ts";
import { logTo } from "../../ports/log.ts";
import { type FakeUnit, fakeUnit } from "./fake_unit.ts";

/**
 * What a cluster may do of itself: nothing but talk to its unit, and listen at a port that is free, where
 * the unit's workers find it.
 */
export const LEAST = {
  token: "nothing",
  passed: "nothing",
  inherited: "nothing",
  read: "NotCapable",
  run: "NotCapable",
  listen: "done",
  listenToAll: "NotCapable",
  listenAt: "NotCapable",
  connect: "NotCapable",
  connectByAddress: "NotCapable",
  fetch: "NotCapable",
};

const PROBE = new URL("./probe_bot.ts", import.meta.url).href;

/** What the cluster of these tests authenticates with. */
export const CREDENTIAL = "credential-of-cluster-0";

/** A fake unit, and what it takes to start a cluster of it. */
export interface ClusterBench {
  readonly unit: FakeUnit;
  readonly lines: string[];
  readonly options: StartClusterOptions;
  /** What the probe bot has reported. */
  reports(): unknown[];
  say(cursor: number, content: string): void;
  /** Asks the probe bot what it may do, while somebody listens at another port; what it is to say. */
  permissions(): Promise<Record<string, unknown>>;
}

/** Runs `body` with a unit that is stopped afterwards. */
export async function withUnit(
  body: (bench: ClusterBench) => Promise<void>,
): Promise<void> {
  const unit = fakeUnit(CREDENTIAL);
  const lines: string[] = [];
  const passed = ["DENO_DIR", "HOME"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  const env = { ...Object.fromEntries(passed), DISCORD_TOKEN: "the-token", PASSED: "passed on" };
  const options: StartClusterOptions = {
    permissions: [],
    env,
    peer: { kind: "cluster", id: 0 },
    unitUrl: unit.url,
    credential: CREDENTIAL,
    botModule: PROBE,
    clock: systemClock,
    log: logTo((level, event, fields) => lines.push(`${level} ${event} ${JSON.stringify(fields)}`)),
  };
  const reports = () =>
    unit.calls.filter(({ path }) => path === "/reports").map(({ body }) =>
      (body as { content: unknown }).content
    );
  const say = (cursor: number, content: string) =>
    unit.send(1, cursor, "MESSAGE_CREATE", { id: "1", channel_id: "5", content });
  const other = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("somebody else"),
  );
  const permissions = async () => {
    const nonce = String(other.addr.port);
    unit.send(1, 1, "MESSAGE_CREATE", { id: "1", channel_id: "5", content: "permissions", nonce });
    await unit.until(() => reports().length === 1);
    return reports()[0] as Record<string, unknown>;
  };
  try {
    await body({ unit, lines, options, reports, say, permissions });
  } finally {
    await other.shutdown();
    await unit.stop();
  }
}

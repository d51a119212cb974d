import assert from "node:assert/strict";
import { EXIT } from "../../../../app/cli/exit.ts";
import { sleep } from "../../../../ports/clock.ts";
import type { ClusterSnapshot, Snapshot } from "../../../../protocol/status.ts";
import { hastyClock, runCli, statesAt } from "../../../support/cli.ts";
import { snapshot } from "../../../support/snapshots.ts";

const cluster = (clusterId: number, state: ClusterSnapshot["state"] = "connected") =>
  ({ clusterId, kind: "built in", state, reason: "because", restarts: 0 }) as const;
const of = (...clusters: ClusterSnapshot[]) => snapshot({ clusters });
const api = { name: "api", state: "connected", reason: "", restarts: 0 } as const;

/** Runs `restart` against a unit that has these states, one after another, and notes what it is told to do. */
async function restart(
  args: readonly string[],
  states: readonly Snapshot[],
  { isTerminal = false, finishesInMs = 0 } = {},
) {
  const clock = hastyClock();
  const posts: string[] = [];
  const state = statesAt(...states);
  const isLast = Promise.withResolvers<void>();
  let left = states.length;
  const request: typeof fetch = async (input, init) => {
    if (init?.method !== "POST") {
      if (--left <= 1) isLast.resolve();
      return state(input);
    }
    const { pathname, search } = new URL(String(input));
    posts.push(`${pathname}${search}`);
    // The unit answers once all are done.
    if (pathname.endsWith("/restart-all")) await isLast.promise;
    await sleep(clock, finishesInMs);
    return Response.json({ ok: true });
  };
  const run = await runCli(["restart", ...args], { request, isTerminal, clock });
  return { ...run, posts };
}

Deno.test("without a name the one cluster is restarted, and waited for until it is linked", async () => {
  const states = [
    of(cluster(0)),
    of(cluster(0, "starting")),
    of(cluster(0, "starting")),
    of(cluster(0)),
  ];
  const { code, out, posts } = await restart([], states);
  assert.deepEqual([code, posts], [EXIT.OK, ["/control/clusters/0/restart"]]);
  assert.equal(out, "cluster 0 is connected again, after 500 ms\n");
});

Deno.test("who is meant is said by id or by name, with the time that it has", async () => {
  const states = [snapshot({ clusters: [cluster(0), cluster(3)], services: [api] })];
  const third = await restart(["3", "--timeout", "500", "--unit", "b"], states);
  assert.deepEqual(third.posts, ["/control/clusters/3/restart?timeout=500&unit=b"]);
  const service = await restart(["api"], states);
  assert.deepEqual(service.posts, ["/control/services/api/respawn"]);
  assert.equal(service.out, "service api is connected again, after 0 ms\n");
});

Deno.test("where it is not clear who is meant nobody is restarted, and those that are there are named", async () => {
  const states = [snapshot({ clusters: [cluster(0), cluster(3)], services: [api] })];
  const unclear = await restart([], states);
  assert.deepEqual([unclear.code, unclear.posts], [EXIT.USAGE, []]);
  assert.match(unclear.err, /or --all: the unit runs cluster 0, cluster 3, service api$/m);
  const unknown = await restart(["7"], states);
  assert.deepEqual([unknown.code, unknown.posts], [EXIT.REFUSED, []]);
  assert.match(unknown.err, /Cannot restart 7: the unit runs cluster 0/);
  const none = await restart(["7"], [of()]);
  assert.match(none.err, /the unit runs neither a cluster nor a service/);
});

Deno.test("a remote cluster is nobody's to restart from here", async () => {
  const { err } = await restart(["0"], [of({ ...cluster(0), kind: "remote" })]);
  assert.match(err, /Cannot restart 0: the unit runs neither/);
});

Deno.test("one that does not come back within a minute ends with 1, and why", async () => {
  const { code, err } = await restart([], [of(cluster(0)), of(cluster(0, "backing off"))]);
  assert.equal(code, EXIT.REFUSED);
  assert.match(err, /cluster 0 was restarted and is not connected: backing off \(because\)/);
});

Deno.test("the minute begins when the old one has ended, however long that has taken", async () => {
  const states = [of(cluster(0)), of(cluster(0, "starting")), of(cluster(0))];
  const args = ["--timeout", "600000"];
  const { code, out } = await restart(args, states, { finishesInMs: 300_000 });
  assert.deepEqual([code, out], [EXIT.OK, "cluster 0 is connected again, after 300.3 s\n"]);
});

Deno.test("--all has the unit restart all, and tells of one that is not well afterwards", async () => {
  const well = await restart(["--all"], [of(cluster(0), cluster(1))]);
  assert.deepEqual([well.code, well.posts], [EXIT.OK, ["/control/clusters/restart-all"]]);
  assert.match(well.out, /^all clusters are connected again, after \d+ ms$/m);
  const ill = await restart(["--all"], [of(cluster(0), cluster(1, "backing off"))]);
  assert.equal(ill.code, EXIT.REFUSED);
  assert.match(ill.err, /cluster 1 was restarted and is not connected/);
});

Deno.test("--json says who, how it is, and how long it took", async () => {
  const { out } = await restart(["--json"], [of(cluster(0))]);
  assert.deepEqual(JSON.parse(out), { restarted: "cluster 0", state: "connected", tookMs: 0 });
});

Deno.test("on a terminal a line says how far it is, and is gone in the end", async () => {
  const states = [of(cluster(0)), of(cluster(0, "starting")), of(cluster(0))];
  const { err } = await restart([], states, { isTerminal: true });
  assert.match(err, /cluster 0 finishes what it does/);
  assert.match(err, /cluster 0: starting \(because\) · 0 s/);
  assert.ok(err.endsWith("\r\x1b[2K"));
});

Deno.test("--all on a terminal has a bar that says how many are done, and is gone in the end", async () => {
  const states = [
    of(cluster(0, "starting"), cluster(1)),
    of(cluster(0), cluster(1, "starting")),
    of(cluster(0), cluster(1)),
    of(cluster(0), cluster(1)),
  ];
  const { code, out, err } = await restart(["--all"], states, { isTerminal: true });
  assert.equal(code, EXIT.OK);
  assert.match(err, /░{24} 0 of 2 clusters · cluster 0: starting/);
  assert.match(err, /█{12}░{12} 1 of 2 clusters · cluster 1: starting/);
  assert.ok(err.endsWith("\r\x1b[2K"));
  assert.match(out, /^all clusters are connected again/);
  const piped = await restart(["--all"], states);
  assert.equal(piped.err, "");
});

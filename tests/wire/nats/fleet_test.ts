/**
 * Members of a fleet over a real server, by clocks that run four times as fast: a lease is four seconds.
 */

import assert from "node:assert/strict";
import { Fleet } from "../../../fleet/fleet.ts";
import { type Clock, systemClock } from "../../../ports/clock.ts";
import { silentLog } from "../../../ports/log.ts";
import { systemRandom } from "../../../ports/random.ts";
import { ofEachNats, startNats, until } from "../../support/nats_server.ts";
import { openUpLine, settingsFor } from "./lines.ts";

const SPEED = 4;
const TOTAL = 12;

const fastClock: Clock = {
  now: () => systemClock.now() * SPEED,
  wallMs: () => systemClock.wallMs(),
  epochMs: () => systemClock.epochMs(),
  setEpoch() {},
  after: (delayMs, task) => systemClock.after(delayMs / SPEED, task),
  soon: (task) => systemClock.soon(task),
};

async function join(url: string, unit: string) {
  const { line } = await openUpLine(settingsFor(url), { unit });
  const fleet = new Fleet({
    clock: fastClock,
    random: systemRandom,
    log: silentLog,
    line,
    unit,
    card: { cores: 1, clusters: 1, services: [], isLeaving: false },
    nonce: "0",
    first: { total: TOTAL, stream: "s" },
    replaced() {},
  });
  const giving = new Set<number>();
  fleet.watch(() => {
    const shares = fleet.assignment?.totals[0];
    for (const [id, to] of shares?.moves ?? []) {
      if (shares!.owners[id] !== unit || giving.has(id)) continue;
      giving.add(id);
      const done = () => void giving.delete(id);
      fleet.given({ total: TOTAL, id }, to).then(done, done);
    }
  });
  const end = async () => {
    await fleet.stop();
    await line.close();
  };
  return { unit, fleet, line, end, started: fleet.start() };
}

type Member = Awaited<ReturnType<typeof join>>;

function standing(members: readonly Member[]) {
  return members.map(({ fleet }) => {
    const owners = fleet.assignment?.totals[0]?.owners ?? [];
    const counts = members.map(({ unit }) => owners.filter((owner) => owner === unit).length);
    return `${fleet.leader} leads ${fleet.members} with ${counts}`;
  });
}

/** Until all see the same of all, and each has its share. */
async function settled(members: readonly Member[]): Promise<void> {
  const names = members.map(({ unit }) => unit).join();
  const counts = members.map(() => TOTAL / members.length).join();
  await until(
    () => {
      const [leader] = members.filter(({ fleet }) => fleet.term !== null);
      const wanted = `${leader?.unit} leads ${names} with ${counts}`;
      return standing(members).every((text) => text === wanted);
    },
    () => standing(members).join("; "),
    30_000,
  );
}

ofEachNats("a fleet over NATS", (program, title) => {
  Deno.test(`${title} lives through joins, deaths, and a server that is killed or has lost all`, async () => {
    await using server = await startNats(program);
    const [a, b] = await Promise.all(["a", "b"].map((unit) => join(server.url, unit)));
    await Promise.all([a!.started, b!.started]);
    await settled([a!, b!]);
    const c = await join(server.url, "c");
    await c.started;
    await settled([a!, b!, c]);
    const { epoch } = a!.fleet.assignment!;
    await server.kill();
    await server.start();
    await settled([a!, b!, c]);
    await server.kill();
    await server.lose();
    await server.start();
    await settled([a!, b!, c]);
    assert.ok(a!.fleet.assignment!.epoch >= epoch, "what was lost was written back");
    // Its line is gone, and it cannot say so.
    await b!.line.close();
    await settled([a!, c]);
    assert.equal(await c.fleet.leave(25_000), "given");
    await settled([a!]);
    await Promise.all([a!, b!, c].map(({ end }) => end()));
  });
});

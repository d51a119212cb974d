/**
 * What a large fleet takes, in virtual time: 10,000 shards over 40 units. What the numbers mean is in
 * `docs/scale.md`.
 *
 * @module
 */

import { encodeAssignment, firstAssignment, parseAssignment } from "../fleet/assignment.ts";
import { plan } from "../fleet/plan.ts";
import type { Assignment, UnitCard } from "../protocol/fleet.ts";
import { type Traffic, Units } from "./fleet/units.ts";
import { compare, costTable, figure, printTables } from "./measure.ts";

const SHARDS = 10_000;
const UNITS = 40;
/** Restarted one after another; the others would be the same. */
const ROLLED = 4;
/** Those of a reshard from 10,000 shards to 16,000: each has five of the old ones. */
const LOTS = 2_000;
/** A process that ends and comes back. */
const RESTART_MS = 10_000;
const NAMES = Array.from({ length: UNITS }, (_, at) => `unit-${String(at).padStart(2, "0")}`);

function row(name: string, traffic: Traffic): string[] {
  return [
    name,
    figure(traffic.tookMs / 1000),
    String(traffic.moved),
    String(traffic.written),
    figure(traffic.perSecond),
    figure(traffic.busiest),
    figure(traffic.kilobytesPerSecond),
    figure(traffic.assignmentBytes / 1024),
  ];
}

/** What a whole fleet does. */
async function courses(): Promise<string[][]> {
  const units = new Units(SHARDS);
  const rows: string[][] = [];
  const say = (name: string, traffic: Traffic) => void rows.push(row(name, traffic));
  say("all begin at once", await units.settle(() => NAMES.forEach((name) => units.begin(name))));
  say("nothing happens", await units.pass(60_000));
  const follower = NAMES.find((name) => name !== units.leader)!;
  say("one is killed", await units.settle(() => units.kill(follower)));
  say("one joins", await units.settle(() => units.begin(follower)));
  const leader = units.leader;
  say("who leads is killed", await units.settle(() => units.kill(leader)));
  say("one joins again", await units.settle(() => units.begin(leader)));
  const other = NAMES.find((name) => name !== units.leader)!;
  say("one leaves", await units.settle(() => void units.leave(other)));
  say("one joins again", await units.settle(() => units.begin(other)));
  for (const name of NAMES.slice(-ROLLED)) {
    say(
      `${name} restarts, giving all away`,
      await units.settle(() => void units.restart(name, true, RESTART_MS)),
    );
  }
  const quick = NAMES.find((name) => name !== units.leader)!;
  say(
    "one restarts within its lease",
    await units.settle(() => void units.restart(quick, false, RESTART_MS)),
  );
  say(`${LOTS} lots are gathered`, await units.settle(() => void units.gather(LOTS)));
  return rows;
}

function card(unit: string): UnitCard {
  const rest = { clusters: 1, services: [], isLeaving: false, epoch: 1 };
  return { unit, life: "1-0", beat: 1, cores: 4, ...rest };
}

/** What a plan costs who leads, and an assignment everybody. */
async function costs() {
  const cards = NAMES.map(card);
  const nobody = new Set<string>();
  const society = (living: readonly UnitCard[]) => ({ cards: living, unheard: nobody });
  const all = plan(firstAssignment(SHARDS, "s"), society(cards));
  const joined = society([...cards, card("joiner")]);
  // As it is after units have come and gone: nothing stands together any more.
  let worn: Assignment = all;
  for (const gone of cards) {
    worn = plan(worn, society(cards.filter((each) => each !== gone)));
    for (let moves = 1; moves > 0;) {
      worn = plan(worn, society(cards));
      const [shares] = worn.totals;
      moves = shares!.moves.size;
      const owners = shares!.owners.map((owner, id) => shares!.moves.get(id) ?? owner);
      worn = { ...worn, totals: [{ ...shares!, owners, moves: new Map() }] };
    }
  }
  const value = encodeAssignment(worn);
  const times = (work: () => unknown) => (count: number) => {
    for (let n = 0; n < count; n++) work();
  };
  const measured = await compare({
    "plan, nothing changes": times(() => plan(worn, society(cards))),
    "plan, one has died": times(() => plan(worn, society(cards.slice(1)))),
    "plan, one joins": times(() => plan(worn, joined)),
    "encodeAssignment": times(() => encodeAssignment(worn)),
    "parseAssignment": times(() => parseAssignment("assignment", value)),
  });
  return { measured, wornBytes: JSON.stringify(value).length };
}

const rows = await courses();
printTables([{
  title:
    `${SHARDS} shards over ${UNITS} units: RESUME in 2 s, given away in 1 s, 1 ms to the server`,
  columns: [
    "what happens",
    "until all is up, s",
    "shards taken up",
    "assignments written",
    "messages/s",
    "busiest second",
    "KiB/s",
    "assignment, KiB",
  ],
  rows,
}]);
const { measured, wornBytes } = await costs();
printTables([
  costTable(
    `Processor time, of an assignment of ${figure(wornBytes / 1024)} KiB`,
    measured,
    "plan, nothing changes",
  ),
]);

import assert from "node:assert/strict";
import {
  type Life,
  type LifeInput,
  restartDelayMs,
  stepLife,
  UNBORN,
} from "../../clusters/life.ts";

function live(...inputs: LifeInput[]) {
  let life: Life = UNBORN;
  const told: string[] = [];
  for (const input of inputs) {
    const [next, effect] = stepLife(life, input);
    life = next;
    told.push(effect?.type === "wait" ? `${life.state}, ${effect.delayMs}` : life.state);
  }
  return { life, told };
}

const start = (nowMs: number) => ({ type: "start", nowMs }) as const;
const exited = (nowMs: number) => ({ type: "exited", nowMs, reason: "ended with code 7" }) as const;
const up = { type: "link up" } as const;
const down = { type: "link down", reason: "connection lost" } as const;

Deno.test("a cluster is starting, connected, away and connected again", () => {
  const { life, told } = live(start(0), up, down, up);
  assert.deepEqual(told, ["starting", "connected", "away", "connected"]);
  assert.equal(life.restarts, 0);
});

Deno.test("a cluster that ends is started again, later each time, and keeps its reason", () => {
  const { life, told } = live(
    start(0),
    exited(10),
    start(10),
    exited(20),
    start(1020),
    exited(1030),
  );
  assert.deepEqual(told, [
    "starting",
    "backing off, 0",
    "starting",
    "backing off, 1000",
    "starting",
    "backing off, 2000",
  ]);
  assert.equal(life.restarts, 2);
  assert.equal(life.reason, "ended with code 7");
});

Deno.test("a cluster that ran for a minute is started again at once", () => {
  const { told } = live(start(0), exited(10), start(10), exited(20), start(1020), exited(61_020));
  assert.equal(told.at(-1), "backing off, 0");
});

Deno.test("restarts are a minute apart at most", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 8, 1000].map(restartDelayMs),
    [0, 1000, 2000, 5000, 10_000, 30_000, 60_000, 60_000, 60_000],
  );
});

Deno.test("the lost link of a cluster that has ended changes nothing", () => {
  assert.equal(live(start(0), up, exited(5), down).told.at(-1), "backing off");
});

Deno.test("a cluster that was stopped stays so", () => {
  const { told } = live(start(0), { type: "stop" }, exited(5), start(9), up);
  assert.deepEqual(told.slice(1), ["stopped", "stopped", "stopped", "stopped"]);
});

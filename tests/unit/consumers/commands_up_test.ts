import assert from "node:assert/strict";
import { GatehouseError } from "../../../protocol/errors.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { CommandsUp, WORKER_DEADLINE_MS } from "../../../unit/consumers/commands_up.ts";

const SHARD = { total: 2, id: 0 };
const OTHER = { total: 2, id: 1 };

/** Commands to workers of which those of `away` shards are being restarted. */
function setUp() {
  const clock = createVirtualClock();
  const away = new Set<number>();
  const sent: unknown[] = [];
  const commands = new CommandsUp({
    clock,
    send: ({ id }, { d }) => {
      if (away.has(id)) {
        return Promise.reject(new GatehouseError("worker_lost", "host", "it restarts"));
      }
      sent.push(d);
      return d === "bad" ? Promise.reject(new TypeError("bad")) : Promise.resolve();
    },
  });
  const send = (d: unknown, shard = SHARD) => commands.send(shard, { op: 3, d });
  return { clock, away, sent, commands, send };
}

Deno.test("CommandsUp sends at once what meets no restart, and tells what sending throws", async () => {
  const { sent, send } = setUp();
  await send(1);
  await assert.rejects(send("bad"), { message: "bad" });
  assert.deepEqual(sent, [1, "bad"]);
});

Deno.test("CommandsUp holds commands for the next worker, in order, and those that come meanwhile", async () => {
  const { clock, away, sent, send } = setUp();
  away.add(0);
  const done = [send(1), send(2)];
  await clock.advance(150);
  done.push(send(3), send(4, OTHER));
  away.clear();
  done.push(send(5));
  await clock.advance(200);
  await Promise.all(done);
  assert.deepEqual(sent, [4, 1, 2, 3, 5]);
  await send(6);
  assert.deepEqual(sent.at(-1), 6);
});

Deno.test("CommandsUp gives up after 10 s, each of those that wait, and at once when it is stopped", async () => {
  const { clock, away, commands, sent, send } = setUp();
  away.add(0);
  const late = assert.rejects(send(1), { code: "worker_lost" });
  await clock.advance(WORKER_DEADLINE_MS + 200);
  await late;
  commands.isStopped = true;
  await assert.rejects(send(2), { code: "worker_lost" });
  assert.deepEqual(sent, []);
});

Deno.test("CommandsUp goes on with the next where one is refused in the end", async () => {
  const { clock, away, sent, send } = setUp();
  away.add(0);
  const refused = assert.rejects(send("bad"), { message: "bad" });
  const next = send(2);
  await clock.advance(50);
  away.clear();
  await clock.advance(200);
  await Promise.all([refused, next]);
  assert.deepEqual(sent, ["bad", 2]);
});

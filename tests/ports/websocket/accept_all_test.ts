import assert from "node:assert/strict";
import { acceptAll, FIRST_PAUSE_MS } from "../../../ports/websocket/accept_all.ts";
import { Seats } from "../../../ports/http_server/seats.ts";
import { logTo } from "../../../ports/log.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

/** A connection that is not there. */
function connection() {
  const conn = {
    isOpen: true,
    remoteAddr: { hostname: "127.0.0.1" },
    [Symbol.dispose]: () => void (conn.isOpen = false),
  };
  return conn;
}

/** A listener that gives these one after the other, and is closed then. */
function listener(...next: (ReturnType<typeof connection> | Error)[]) {
  return {
    accept() {
      const one = next.shift() ?? new Deno.errors.BadResource("Listener has been closed");
      if (one instanceof Error) return Promise.reject(one);
      return Promise.resolve(one as unknown as Deno.TcpConn);
    },
  };
}

const full = () => new Error("Too many open files (os error 24)");

Deno.test("acceptAll() goes on when the process has been out of descriptors, later each time", async () => {
  const clock = createVirtualClock();
  const waits: unknown[] = [];
  const log = logTo((_level, event, { againInMs }) => waits.push([event, againInMs]));
  let served = 0;
  const all = acceptAll(listener(full(), full(), connection(), full()), { clock, log }, () => {
    served++;
    return Promise.resolve();
  });
  await clock.advance(3 * FIRST_PAUSE_MS);
  assert.equal(served, 1);
  await clock.advance(FIRST_PAUSE_MS);
  await all;
  const event = "connections cannot be taken now";
  assert.deepEqual(waits, [[event, 100], [event, 200], [event, 100]]);
});

Deno.test("acceptAll() survives a connection that cannot be served, and ends it", async () => {
  const [bad, good] = [connection(), connection()];
  const told: unknown[] = [];
  const log = logTo((level, event, fields) => told.push([level, event, fields]));
  const served: unknown[] = [];
  await acceptAll(listener(bad, good), { clock: createVirtualClock(), log }, (conn) => {
    served.push(conn);
    return conn as unknown === bad ? Promise.reject(new Error("garbage")) : Promise.resolve();
  });
  assert.deepEqual(served, [bad, good]);
  assert.deepEqual(told, [["error", "a connection could not be served", { error: "garbage" }]]);
  assert.equal(bad.isOpen, false);
});

Deno.test("acceptAll() lets in as many as there are seats, and gives a seat back when one has ended", async () => {
  const conns = [connection(), connection(), connection()];
  const seats = new Seats({ most: 2, mostOfOne: 2 });
  const over = Promise.withResolvers<void>();
  await acceptAll(listener(...conns), { clock: createVirtualClock(), seats }, () => over.promise);
  assert.deepEqual(conns.map(({ isOpen }) => isOpen), [false, true, true]);
  over.resolve();
  await over.promise;
  await new Promise<void>((resolve) => queueMicrotask(resolve));
  assert.equal(seats.size, 0);
});

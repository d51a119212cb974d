import assert from "node:assert/strict";
import {
  adviceOn,
  listen,
  ownPlace,
  reachable,
  reachedAs,
  seatsFor,
} from "../../../app/http/listen.ts";
import { systemClock as clock } from "../../../ports/clock.ts";
import { logTo, silentLog as log } from "../../../ports/log.ts";
import { GatehouseError } from "../../../protocol/errors.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0, connections: 10, clock, log };

Deno.test("listen() opens a free port for 0, and says which one", async () => {
  const one = await listen(LOCAL, (request) => new Response(new URL(request.url).pathname));
  const other = await listen(LOCAL, () => new Response());
  try {
    assert.match(one.url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    assert.notEqual(one.url, other.url);
    assert.equal(await (await fetch(`${one.url}/here`)).text(), "/here");
  } finally {
    await Promise.all([one.stop(), other.stop()]);
  }
});

Deno.test("listen() says in words that a port is taken, and names the address", async () => {
  const first = await listen(LOCAL, () => new Response());
  const port = Number(new URL(first.url).port);
  try {
    await assert.rejects(listen({ ...LOCAL, port }, () => new Response()), (error) => {
      assert.ok(error instanceof GatehouseError);
      assert.deepEqual([error.code, error.blame], ["bad_config", "host"]);
      assert.deepEqual(error.data, { hostname: "127.0.0.1", port });
      assert.match(error.message, /^Cannot listen on LISTEN_HOST:LISTEN_PORT /);
      assert.ok(error.message.includes(`127.0.0.1:${port}`), error.message);
      assert.match(
        error.message,
        /in use.*; stop what listens there, or set LISTEN_PORT to another$/,
      );
      assert.ok(error.cause instanceof Error);
      return true;
    });
  } finally {
    await first.stop();
  }
});

Deno.test("listen() lets a port go that is stopped", async () => {
  const first = await listen(LOCAL, () => new Response());
  const port = Number(new URL(first.url).port);
  await first.stop();
  const second = await listen({ ...LOCAL, port }, () => new Response("second"));
  try {
    assert.equal(await (await fetch(second.url)).text(), "second");
  } finally {
    await second.stop();
  }
});

for (
  const [code, advice] of [
    ["EADDRINUSE", "; stop what listens there, or set LISTEN_PORT to another"],
    ["EACCES", "; set LISTEN_PORT to 1024 or more"],
    ["EADDRNOTAVAIL", "; set LISTEN_HOST to an address of this machine"],
  ] as const
) {
  Deno.test(`adviceOn() knows what to try for ${code}`, () => {
    assert.equal(adviceOn(Object.assign(new Error("no"), { code })), advice);
  });
}

for (
  const [hostname, address] of [
    ["0.0.0.0", "127.0.0.1"],
    ["::", "[::1]"],
    ["::1", "[::1]"],
    ["fd00::7", "[fd00::7]"],
    ["localhost", "localhost"],
    ["10.0.0.7", "10.0.0.7"],
  ] as const
) {
  Deno.test(`reachable() of ${hostname} is ${address}`, () => {
    assert.equal(reachable(hostname), address);
    assert.ok(URL.canParse(`http://${address}:8787`));
  });
}

Deno.test("seatsFor() leaves half of the descriptors to the rest of the unit, and says so", () => {
  const lines: unknown[] = [];
  const seats = seatsFor(1_000, 100, logTo((level, event) => lines.push([level, event])));
  for (let i = 0; i < 80; i++) seats.take("127.0.0.1", () => {});
  assert.equal(seats.size, 50);
  assert.deepEqual(lines, [["warn", "the port holds fewer connections than it may"]]);
});

Deno.test("seatsFor() holds what is set where descriptors suffice, or nobody can tell", () => {
  for (const left of [2_000, null]) {
    const seats = seatsFor(40, left, log);
    for (let i = 0; i < 80; i++) seats.take("127.0.0.1", () => {});
    assert.equal(seats.size, 40);
  }
});

Deno.test("seatsFor() leaves half to one address of another machine", () => {
  const seats = seatsFor(40, null, log);
  for (let i = 0; i < 80; i++) seats.take("203.0.113.7", () => {});
  assert.equal(seats.size, 20);
});

Deno.test("ownPlace() has every name of this machine's loopback, and the port that is open", () => {
  const { names, port } = ownPlace("127.0.0.1", "http://127.0.0.1:49152");
  assert.deepEqual([...names], ["127.0.0.1", "localhost", "[::1]"]);
  assert.equal(port, "49152", "not that of the setting, which may be 0");
  assert.equal(ownPlace("127.0.0.1", "http://127.0.0.1:80").port, "80");
});

for (
  const [listenHost, name] of [
    ["Bots.Example", "bots.example"],
    ["127.0.0.2", "127.0.0.2"],
    ["FD00::7", "[fd00::7]"],
  ] as const
) {
  Deno.test(`ownPlace() names ${listenHost}, where we listen on it, as a Host header does`, () => {
    assert.ok(ownPlace(listenHost, "http://x:9000").names.has(name));
  });
}

const LOCAL_PLACE = ownPlace("127.0.0.1", "http://127.0.0.1:8787");

for (
  const [host, reached] of [
    ["localhost:8787", "localhost:8787"],
    ["localhost:9000", "localhost:9000"],
    ["localhost", "localhost:8787"],
    ["LOCALHOST.", "LOCALHOST.:8787"],
    ["[::1]", "[::1]:8787"],
    ["bots.example", "bots.example"],
    ["bots.example:443", "bots.example:443"],
  ] as const
) {
  Deno.test(`reachedAs() takes ${host} for ${reached}`, () => {
    assert.equal(reachedAs(host, LOCAL_PLACE), reached);
  });
}

Deno.test("reachedAs() adds no port where ours is the usual one", () => {
  assert.equal(reachedAs("localhost", ownPlace("127.0.0.1", "http://127.0.0.1:80")), "localhost");
});

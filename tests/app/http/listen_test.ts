import assert from "node:assert/strict";
import { listen, ownPlace, reachedAs } from "../../../app/http/listen.ts";
import { GatehouseError } from "../../../protocol/errors.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 };

Deno.test("listen() opens a free port for 0, and says which one", async () => {
  const one = listen(LOCAL, (request) => new Response(new URL(request.url).pathname));
  const other = listen(LOCAL, () => new Response());
  try {
    assert.match(one.url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    assert.notEqual(one.url, other.url);
    assert.equal(await (await fetch(`${one.url}/here`)).text(), "/here");
  } finally {
    await Promise.all([one.stop(), other.stop()]);
  }
});

Deno.test("listen() says in words that a port is taken, and names the address", async () => {
  const first = listen(LOCAL, () => new Response());
  const port = Number(new URL(first.url).port);
  try {
    assert.throws(() => listen({ ...LOCAL, port }, () => new Response()), (error) => {
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

Deno.test("listen() names the host when that is what is wrong", () => {
  const wrong = new Deno.errors.AddrNotAvailable("Cannot assign requested address (os error 99)");
  assert.throws(() => urlOf("10.9.9.9", wrong), {
    message: /10\.9\.9\.9:8787: Cannot assign .*; set LISTEN_HOST to an address of this machine$/,
  });
});

Deno.test("listen() lets a port go that is stopped", async () => {
  const first = listen(LOCAL, () => new Response());
  const port = Number(new URL(first.url).port);
  await first.stop();
  const second = listen({ ...LOCAL, port }, () => new Response("second"));
  try {
    assert.equal(await (await fetch(second.url)).text(), "second");
  } finally {
    await second.stop();
  }
});

/** The address that is told for one to listen on: of those that a test may not open. */
function urlOf(hostname: string, failure?: Error): string {
  const real = Object.getOwnPropertyDescriptor(Deno, "serve")!;
  const serve = () => {
    if (failure) throw failure;
    return { addr: { port: 8787 }, shutdown: () => Promise.resolve() };
  };
  Object.defineProperty(Deno, "serve", { configurable: true, get: () => serve });
  try {
    return listen({ hostname, port: 8787 }, () => new Response()).url;
  } finally {
    Object.defineProperty(Deno, "serve", real);
  }
}

for (
  const [hostname, url] of [
    ["0.0.0.0", "http://127.0.0.1:8787"],
    ["::", "http://[::1]:8787"],
    ["::1", "http://[::1]:8787"],
    ["fd00::7", "http://[fd00::7]:8787"],
    ["localhost", "http://localhost:8787"],
    ["10.0.0.7", "http://10.0.0.7:8787"],
  ] as const
) {
  Deno.test(`listen() on ${hostname} is reached as ${url}`, () => {
    assert.equal(urlOf(hostname), url);
    assert.ok(URL.canParse(url));
  });
}

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

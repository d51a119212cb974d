import assert from "node:assert/strict";
import {
  failure,
  httpError,
  request,
  soon,
  textOf,
  withClient,
} from "../../support/http_requests.ts";
import {
  answer,
  answeringServer,
  type HttpPeer,
  rawHttpServer,
} from "../../support/raw_http_server.ts";
import { TEST_CA, TEST_CERTIFICATE, TEST_KEY } from "../../support/test_certificate.ts";

/** A URL at which nobody listens. */
function deadUrl(): URL {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return new URL(`http://127.0.0.1:${listener.addr.port}`);
}

/** A server with a certificate that only {@linkcode TEST_CA} vouches for. */
function tlsServer(): { url: (host: string) => URL; [Symbol.asyncDispose](): Promise<void> } {
  const options = { hostname: "127.0.0.1", port: 0, cert: TEST_CERTIFICATE, key: TEST_KEY };
  const server = Deno.serve({ ...options, onListen() {} }, async (request) => {
    return new Response(`${request.method} ${await request.text()}`);
  });
  return {
    url: (host) => new URL(`https://${host}:${server.addr.port}`),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("undiciClient() uses one connection for requests one after the other", async () => {
  await using server = answeringServer((head) => answer(head.split(" ")[0]));
  await withClient(server.url, async (client) => {
    for (const method of ["GET", "POST", "DELETE", "PUT", "PATCH", "GET"]) {
      const body = method === "GET" ? null : new Uint8Array(9);
      assert.equal(await textOf(client, { method, body }), method);
    }
  });
  assert.equal(server.opened, 1);
});

Deno.test("undiciClient() opens a connection for each request at a time", async () => {
  const count = 200;
  const all = Promise.withResolvers<void>();
  let waiting = 0;
  await using server = rawHttpServer(async (peer) => {
    for (let head = await peer.head(); head !== null; head = await peer.head()) {
      if (++waiting === count) all.resolve();
      await all.promise;
      await peer.write(answer(head.split(" ")[1]));
    }
  });
  await withClient(server.url, async (client) => {
    const paths = Array.from({ length: count }, (_, i) => `/${i}`);
    const texts = await Promise.all(paths.map((path) => textOf(client, { path })));
    assert.deepEqual(texts, paths);
    assert.equal(server.opened, count);
    assert.equal(await textOf(client), "/");
    assert.equal(server.opened, count);
  });
});

Deno.test("undiciClient() goes on after the server closed an idle connection", async () => {
  let cut = Promise.withResolvers<void>();
  await using server = rawHttpServer(async (peer, index) => {
    await peer.head();
    await peer.write(answer(String(index)));
    peer.cut();
    cut.resolve();
  });
  await withClient(server.url, async (client) => {
    for (let index = 0; index < 20; index++) {
      assert.equal(await textOf(client, { method: "POST" }), String(index));
      await cut.promise;
      cut = Promise.withResolvers();
    }
  });
});

Deno.test("undiciClient() goes on after the server announced the end of a connection", async () => {
  await using server = rawHttpServer(async (peer, index) => {
    await peer.head();
    await peer.write(answer(String(index), "HTTP/1.1 200 OK\r\nconnection: close"));
    await peer.head();
  });
  await withClient(server.url, async (client) => {
    for (const index of ["0", "1", "2"]) assert.equal(await textOf(client), index);
  });
});

Deno.test("undiciClient() says that nothing was sent where nobody listens", async () => {
  await withClient(deadUrl(), async (client) => {
    for (const method of ["GET", "POST"]) {
      const error = await httpError(client.send(request({ method, path: "/secret" })));
      assert.deepEqual([error.message, error.sent], ["connection refused (ECONNREFUSED)", false]);
    }
  });
});

Deno.test("undiciClient() says that nothing was sent where there is no such host", async () => {
  await withClient(new URL("http://gatehouse.invalid"), async (client) => {
    const error = await httpError(client.send(request({ path: "/secret" })));
    assert.equal(error.sent, false);
    assert.doesNotMatch(error.message, /secret|\n/);
  });
});

Deno.test("undiciClient() reaches a host by its name, and names it and no other", async () => {
  await using server = answeringServer((head) => answer(/^host: .*$/im.exec(head)![0]));
  const url = new URL("/ignored?", server.url);
  url.hostname = "localhost";
  await withClient(url, async (client) => {
    const headers = new Headers({ host: "elsewhere.example" });
    assert.equal(await textOf(client, { headers }), `host: localhost:${url.port}`);
  });
});

for (const host of ["localhost", "127.0.0.1"]) {
  Deno.test(`undiciClient() speaks TLS with ${host} where it trusts its certificate`, async () => {
    await using server = tlsServer();
    await withClient(server.url(host), async (client) => {
      const body = new TextEncoder().encode("x".repeat(100_000));
      const sent = { method: "POST", body };
      assert.equal((await textOf(client, sent)).length, "POST ".length + body.length);
      assert.equal(await textOf(client), "GET ");
    }, { ca: TEST_CA });
  });
}

Deno.test("undiciClient() says that nothing was sent where it trusts no certificate", async () => {
  await using server = tlsServer();
  await withClient(server.url("localhost"), async (client) => {
    const error = await httpError(client.send(request()));
    assert.equal(error.sent, false);
    assert.match(error.message, /certificate|UnknownIssuer/i);
  });
});

Deno.test("undiciClient() says that nothing was sent where no connection came about in time", async () => {
  await using server = rawHttpServer(async (peer) => void (await peer.bytes(Infinity)));
  const url = new URL(server.url);
  url.protocol = "https:";
  await withClient(url, async (client) => {
    const error = await httpError(client.send(request()));
    assert.equal(error.sent, false);
    assert.match(error.message, /^no connection within the deadline/);
  }, { connectMs: 10, ca: TEST_CA });
});

Deno.test("undiciClient() gives up a connection that is being opened when its request is", async () => {
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  await using server = rawHttpServer(async (peer) => {
    opened.resolve();
    await peer.bytes(Infinity);
    closed.resolve();
  });
  const url = new URL(server.url);
  url.protocol = "https:";
  await withClient(url, async (client) => {
    const aborter = new AbortController();
    const answered = failure(client.send(request({ signal: aborter.signal })));
    await soon(opened.promise);
    aborter.abort(new Error("enough"));
    assert.equal((await answered as Error).message, "enough");
    await soon(closed.promise);
  }, { connectMs: 60_000 });
});

Deno.test("close() ends what is under way, in every state", async () => {
  const arrived = Promise.withResolvers<void>();
  const silent = async (peer: HttpPeer) => {
    await peer.head();
    arrived.resolve();
    await peer.head();
  };
  await using server = rawHttpServer(async (peer, index) => {
    if (index === 1) return await silent(peer);
    await peer.head();
    await peer.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\nbegin");
    await peer.head();
  });
  await withClient(server.url, async (client) => {
    const begun = await client.send(request());
    const waiting = httpError(client.send(request()));
    await soon(arrived.promise);
    const opening = httpError(client.send(request()));
    await client.close();
    assert.equal((await waiting).sent, true);
    assert.equal((await opening).sent, false);
    await httpError(begun.text());
    const late = await httpError(client.send(request()));
    assert.deepEqual([late.message, late.sent], ["the client is closed", false]);
  });
});

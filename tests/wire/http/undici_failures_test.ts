/**
 * What a client tells its caller where a request or an answer goes wrong.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  failure,
  httpError,
  request,
  soon,
  textOf,
  uploadStream,
  withClient,
} from "../../support/http_requests.ts";
import { answer, answeringServer, rawHttpServer } from "../../support/raw_http_server.ts";

const SECRET = "/webhooks/1/secret-token";

Deno.test("send() does not know what became of a request that is cut off", async () => {
  for (const read of [true, false]) {
    await using server = rawHttpServer(async (peer) => {
      // Closed with bytes that nobody has read, a connection is reset.
      await (read ? peer.head() : peer.bytes(1));
      peer.cut();
    });
    await withClient(server.url, async (client) => {
      const error = await httpError(client.send(request({ method: "POST", path: SECRET })));
      assert.equal(error.sent, true);
      assert.match(error.message, /^(other side closed|connection reset) \([A-Z_]+\)$/);
    });
  }
});

Deno.test("send() does not know either where a connection was in use before", async () => {
  await using server = rawHttpServer(async (peer, index) => {
    await peer.head();
    await peer.write(answer(String(index)));
    await peer.head();
    peer.cut();
  });
  await withClient(server.url, async (client) => {
    assert.equal(await textOf(client), "0");
    assert.equal((await httpError(client.send(request()))).sent, true);
    assert.equal(await textOf(client), "1");
  });
});

Deno.test("send() fails over an answer that is none", async () => {
  const answers: Record<string, RegExp> = {
    "nonsense\r\n\r\n": /HTTP\/1\.1 protocol/,
    "HTTP/1.1 101 Switching Protocols\r\n\r\n": /changed the protocol/,
    "HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n": /bad upgrade/,
    "HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n": /999/,
    "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab": /other side closed/,
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n": /content-length/,
  };
  for (const [text, message] of Object.entries(answers)) {
    await using server = rawHttpServer(async (peer) => {
      await peer.head();
      await peer.write(text);
      peer.cut();
    });
    await withClient(server.url, async (client) => {
      const error = await httpError(client.send(request({ path: SECRET })));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret|\n/);
      assert.equal(error.sent, true);
    });
  }
});

Deno.test("send() takes an answer with very many headers", async () => {
  const headers = Array.from({ length: 1000 }, (_, i) => `x-${i}: ${"v".repeat(100)}`).join("\r\n");
  await using server = answeringServer(() => answer("", `HTTP/1.1 200 OK\r\n${headers}`));
  await withClient(server.url, async (client) => {
    const response = await client.send(request());
    assert.equal(response.headers.get("x-999"), "v".repeat(100));
  });
});

for (const framing of ["content-length: 100000", "transfer-encoding: chunked"]) {
  Deno.test(`send() fails a body that is cut off: ${framing}`, async () => {
    const read = Promise.withResolvers<void>();
    await using server = rawHttpServer(async (peer) => {
      await peer.head();
      await peer.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n3\r\nabc\r\n`);
      await read.promise;
      peer.cut();
    });
    await withClient(server.url, async (client) => {
      const response = await client.send(request());
      const reader = response.body!.getReader();
      assert((await reader.read()).value!.length > 0);
      read.resolve();
      assert.equal((await httpError(reader.read())).sent, true);
    });
  });
}

Deno.test("send() fails a body that stops coming", async () => {
  await using server = rawHttpServer(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\nabc");
    await peer.head();
  });
  await withClient(server.url, async (client) => {
    const error = await httpError((await client.send(request())).text());
    assert.match(error.message, /^the body of the answer stopped coming/);
  }, { idleBodyMs: 10 });
});

Deno.test("send() sends nothing where it is aborted before", async () => {
  await using server = answeringServer(() => answer());
  await withClient(server.url, async (client) => {
    const signal = AbortSignal.abort("no reason at all");
    assert.equal(await failure(client.send(request({ signal }))), "no reason at all");
    const aborter = new AbortController();
    const answered = failure(client.send(request({ signal: aborter.signal })));
    aborter.abort("changed my mind");
    assert.equal(await answered, "changed my mind");
  });
  assert(server.opened <= 1);
});

Deno.test("send() ends the request, or the body, with the reason of its signal", async () => {
  for (const head of ["", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"]) {
    const arrived = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    await using server = rawHttpServer(async (peer) => {
      await peer.head();
      await peer.write(head);
      arrived.resolve();
      assert.equal(await peer.head(), null);
      closed.resolve();
    });
    await withClient(server.url, async (client) => {
      const aborter = new AbortController();
      const answered = client.send(request({ signal: aborter.signal }));
      const ended = failure(head ? answered.then((response) => response.text()) : answered);
      await (head ? answered : soon(arrived.promise));
      aborter.abort("the deadline");
      assert.equal(await ended, "the deadline");
      await soon(closed.promise);
    });
  }
});

Deno.test("send() closes the connection where the body is cancelled", async () => {
  const closed = Promise.withResolvers<void>();
  await using server = rawHttpServer(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
    assert.equal(await peer.head(), null);
    closed.resolve();
  });
  await withClient(server.url, async (client) => {
    const response = await client.send(request());
    await response.body!.cancel();
    await soon(closed.promise);
  });
});

Deno.test("send() keeps the connection where the body that is cancelled has come whole", async () => {
  await using server = answeringServer(() => answer("x".repeat(100_000)));
  await withClient(server.url, async (client) => {
    await (await client.send(request())).text();
    for (const method of ["GET", "POST"]) {
      const response = await client.send(request({ method }));
      const aborter = response.body!.getReader();
      while (!(await aborter.read()).done);
      await aborter.cancel();
    }
  });
  assert.equal(server.opened, 1);
});

Deno.test("send() cancels an upload that the server does not wait for", async () => {
  const cancelled = Promise.withResolvers<void>();
  await using server = rawHttpServer(async (peer, index) => {
    await peer.head();
    if (index === 0) assert.equal(await peer.chunk(), "one");
    await peer.write(answer("too large", "HTTP/1.1 413 No"));
    await peer.head();
  });
  await withClient(server.url, async (client) => {
    const { stream, write } = uploadStream(cancelled.resolve);
    write("one");
    const response = await client.send(request({ method: "POST", body: stream }));
    assert.equal(response.status, 413);
    assert.equal(await response.text(), "too large");
    await soon(cancelled.promise);
    assert.equal(await textOf(client), "too large");
  });
});

Deno.test("send() cancels an upload whose request is aborted while it is silent", async () => {
  const cancelled = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  await using server = rawHttpServer(async (peer) => {
    await peer.head();
    arrived.resolve();
    await peer.head();
  });
  await withClient(server.url, async (client) => {
    const { stream, write } = uploadStream(cancelled.resolve);
    const aborter = new AbortController();
    const fields = { method: "POST", body: stream, signal: aborter.signal };
    const answered = failure(client.send(request(fields)));
    write("one");
    await soon(arrived.promise);
    aborter.abort("enough");
    assert.equal(await answered, "enough");
    await soon(cancelled.promise);
  });
});

Deno.test("send() fails where the upload does, and the server sees no end of it", async () => {
  const failing = {
    "of another length": (upload: ReturnType<typeof uploadStream>) => upload.close(),
    "with an error": (upload: ReturnType<typeof uploadStream>) => upload.fail(new Error("cut")),
  };
  for (const [how, end] of Object.entries(failing)) {
    for (const bodyLength of how === "with an error" ? [undefined, 6] : [6]) {
      const got = Promise.withResolvers<string>();
      await using server = rawHttpServer(async (peer) => {
        await peer.head();
        got.resolve(new TextDecoder().decode(await peer.bytes(Infinity)));
      });
      await withClient(server.url, async (client) => {
        const upload = uploadStream();
        upload.write("one");
        const fields = { method: "POST", body: upload.stream, bodyLength };
        const answered = httpError(client.send(request(fields)));
        end(upload);
        assert.equal((await answered).sent, true);
      });
      assert.doesNotMatch(await got.promise, /0\r\n\r\n$/, how);
    }
  }
});

Deno.test("send() sends nothing that HTTP cannot express, and goes on", async () => {
  await using server = answeringServer(() => answer("fine"));
  await withClient(server.url, async (client) => {
    assert.equal(await textOf(client), "fine");
    const paths = ["secret", "/secret\r\nx: 1", "/secret ", "/secret😀", ""];
    for (const path of paths) {
      const error = await httpError(client.send(request({ path })));
      assert.equal(error.sent, false);
      assert.doesNotMatch(error.message, /secret/);
    }
    assert.equal((await httpError(client.send(request({ method: "G T" })))).sent, false);
    assert.equal((await httpError(client.send(request({ method: "CONNECT" })))).sent, false);
    const headers = new Headers({ "x-odd": "a\x01b" });
    assert.match((await httpError(client.send(request({ headers })))).message, /x-odd/);
    assert.equal(await textOf(client), "fine");
  });
  assert.equal(server.opened, 1);
});

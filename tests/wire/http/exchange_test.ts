import assert from "node:assert/strict";
import { Exchange } from "../../../ports/http/exchange.ts";
import { failure, request, textOf, uploadStream, withClient } from "../../support/http_requests.ts";
import { answer, answeringServer, latin1, rawHttpServer } from "../../support/raw_http_server.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A head as lines, without those that are the client's business. */
function lines(head: string): string[] {
  return head.split("\r\n").filter((line) => !/^(host|connection):/i.test(line));
}

Deno.test("send() passes method, path and query exactly as given", async () => {
  await using server = answeringServer((head) => answer(head.split("\r\n")[0]!));
  await withClient(server.url, async (client) => {
    for (const path of ["/", "/%F0%9F%98%80/../@me//?a=1&a=2&b=%20+;'|{}^", "/\xe9?", "/?%zz"]) {
      for (const method of ["GET", "PATCH", "QUERY"]) {
        assert.equal(await textOf(client, { method, path }), `${method} ${path} HTTP/1.1`);
      }
    }
  });
});

Deno.test("send() frames each body once, by its length", async () => {
  await using server = answeringServer((head, body) =>
    answer([...lines(head).slice(1), latin1(body)].join("|"))
  );
  await withClient(server.url, async (client) => {
    const say = (method: string, body: string | null, headers = {}) =>
      textOf(client, {
        method,
        body: body === null ? null : bytesOf(body),
        headers: new Headers(headers),
      });
    assert.equal(await say("POST", "é"), "content-length: 2|Ã©");
    assert.equal(await say("PUT", ""), "content-length: 0|");
    assert.equal(await say("POST", null), "content-length: 0|");
    assert.equal(await say("GET", null), "");
    assert.equal(await say("DELETE", null), "");
    assert.equal(await say("DELETE", "why"), "content-length: 3|why");
    const theirs = { "content-length": "9", "transfer-encoding": "chunked", connection: "close" };
    assert.equal(await say("POST", "abc", theirs), "content-length: 3|abc");
  });
  assert.equal(server.opened, 1);
});

Deno.test("send() passes bytes of a body and of headers unchanged, both ways", async () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  const value = "é\x80\xff";
  await using server = answeringServer((head, body) => {
    const value = /^x-latin1: (.*)$/im.exec(head)![1];
    const start = `HTTP/1.1 200 OK\r\nX-Latin1: ${value}\r\ncontent-length: 256\r\n\r\n`;
    return Uint8Array.from([...Array.from(start, (char) => char.charCodeAt(0)), ...body]);
  });
  await withClient(server.url, async (client) => {
    const headers = new Headers({ "x-latin1": value });
    const response = await client.send(request({ method: "POST", body: all, headers }));
    assert.equal(response.headers.get("x-latin1"), value);
    assert.deepEqual(await response.bytes(), all);
  });
});

Deno.test("send() keeps repeated headers apart and drops those of the connection", async () => {
  await using server = answeringServer((head) =>
    [
      "HTTP/1.1 429 Too Many",
      "Set-Cookie: a=1; Path=/",
      "set-cookie: b=2",
      "X-Mine: 1",
      "X-Own: 2",
      "Connection: keep-alive, X-Own",
      "Keep-Alive: timeout=60",
      "Proxy-Authenticate: Basic",
      "Trailer: x-end",
      `x-seen: ${/^x-twice: (.*)$/im.exec(head)![1]}`,
      "Transfer-Encoding: chunked",
      "",
      "2\r\nhi\r\n0\r\nx-end: 1\r\n\r\n",
    ].join("\r\n")
  );
  await withClient(server.url, async (client) => {
    const headers = new Headers([["x-twice", "1"], ["x-twice", "2"]]);
    const response = await client.send(request({ headers }));
    assert.equal(response.status, 429);
    assert.deepEqual([...response.headers], [
      ["set-cookie", "a=1; Path=/"],
      ["set-cookie", "b=2"],
      ["x-mine", "1"],
      ["x-seen", "1, 2"],
    ]);
    assert.equal(await response.text(), "hi");
  });
});

Deno.test("send() gives null for a body where there can be none, and goes on", async () => {
  await using server = answeringServer((head) => {
    if (head.startsWith("HEAD")) return "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    const status = head.split(" ")[1]!.slice(1);
    return `HTTP/1.1 ${status} Any\r\n${status === "205" ? "content-length: 0\r\n" : ""}\r\n`;
  });
  await withClient(server.url, async (client) => {
    for (const path of ["/204", "/205", "/304"]) {
      const response = await client.send(request({ path }));
      assert.equal(`/${response.status}`, path);
      assert.equal(response.body, null);
    }
    const response = await client.send(request({ method: "HEAD" }));
    assert.equal(response.body, null);
    assert.equal(response.headers.get("content-length"), "5");
  });
  assert.equal(server.opened, 1);
});

Deno.test("send() leaves a compressed body compressed", async () => {
  const plain = new Blob(["hello"]).stream().pipeThrough(new CompressionStream("gzip"));
  const zipped = await new Response(plain).bytes();
  await using server = rawHttpServer(async (peer) => {
    await peer.head();
    const length = zipped.length;
    await peer.write(
      `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${length}\r\n\r\n`,
    );
    await peer.write(zipped);
    await peer.head();
  });
  await withClient(server.url, async (client) => {
    const headers = new Headers({ "accept-encoding": "gzip" });
    const response = await client.send(request({ headers }));
    assert.equal(response.headers.get("content-encoding"), "gzip");
    assert.deepEqual(await response.bytes(), zipped);
  });
});

Deno.test("send() gives a body whole, however it is framed and cut", async () => {
  const size = 60_000;
  const frames: Record<string, (body: string) => string[]> = {
    length: (body) => [answer(body)],
    pieces: (body) => answer(body).match(/[^]{1,1000}/g)!,
    chunked: (body) => [
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
      ...(body.match(/.{1,777}/g) ?? []).map((each) =>
        `${each.length.toString(16)}\r\n${each}\r\n`
      ),
      "0\r\n\r\n",
    ],
    close: (body) => ["HTTP/1.0 200 OK\r\n\r\n", body],
  };
  await using server = rawHttpServer(async (peer) => {
    for (let head = await peer.head(); head !== null; head = await peer.head()) {
      const [, frame, length] = /\/(\w+)\/(\d+)/.exec(head)!;
      for (const part of frames[frame!]!("0123456789".repeat(+length! / 10))) {
        await peer.write(part);
      }
      if (frame === "close") peer.cut();
    }
  });
  await withClient(server.url, async (client) => {
    for (const frame of Object.keys(frames)) {
      for (const length of [0, 10, size, 20 * size]) {
        const text = await textOf(client, { path: `/${frame}/${length}` });
        assert.equal(text.length, length, frame);
        assert.equal(text, "0123456789".repeat(length / 10));
      }
    }
  });
});

Deno.test("send() gives each piece of a streamed answer as it comes", async () => {
  const read = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using server = rawHttpServer(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    for (const { promise } of read) {
      await promise;
      await peer.write("3\r\nabc\r\n");
    }
    await peer.write("0\r\n\r\n");
    await peer.head();
  });
  await withClient(server.url, async (client) => {
    const response = await client.send(request());
    let got = "";
    read[0]!.resolve();
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      got += piece;
      read[1]!.resolve();
    }
    assert.equal(got, "abcabc");
  });
});

Deno.test("send() holds the server back while nobody reads", async () => {
  const size = 1_000_000;
  const pieces = 32;
  const stuck = Promise.withResolvers<number>();
  await using server = rawHttpServer(async (peer) => {
    await peer.head();
    await peer.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size * pieces}\r\n\r\n`);
    for (let i = 0; i < pieces; i++) {
      const timer = setTimeout(() => stuck.resolve(i), 200);
      await peer.write(new Uint8Array(size).fill(i));
      clearTimeout(timer);
    }
    stuck.resolve(pieces);
    await peer.head();
  });
  await withClient(server.url, async (client) => {
    const response = await client.send(request());
    assert((await stuck.promise) < pieces, "everything was taken");
    let at = 0;
    for await (const piece of response.body!) {
      assert(piece.every((byte, i) => byte === Math.floor((at + i) / size)));
      at += piece.length;
    }
    assert.equal(at, size * pieces);
  });
});

for (const bodyLength of [undefined, 6]) {
  Deno.test(`send() sends a stream of length ${bodyLength} while it comes`, async () => {
    const received = ["one", "two"].map(() => Promise.withResolvers<void>());
    await using server = rawHttpServer(async (peer) => {
      const head = (await peer.head())!;
      assert.deepEqual(
        lines(head).slice(1),
        [bodyLength ? "content-length: 6" : "transfer-encoding: chunked"],
      );
      const read = async () =>
        bodyLength ? new TextDecoder().decode(await peer.bytes(3)) : await peer.chunk();
      for (const [i, text] of ["one", "two"].entries()) {
        assert.equal(await read(), text);
        received[i]!.resolve();
      }
      if (!bodyLength) assert.equal(await peer.chunk(), "");
      await peer.write(answer("thanks"));
      await peer.head();
    });
    await withClient(server.url, async (client) => {
      const { stream, write, close } = uploadStream();
      const fields = { method: "POST", body: stream, bodyLength };
      const answered = textOf(client, fields);
      write("one");
      await received[0]!.promise;
      write("two");
      await received[1]!.promise;
      close();
      assert.equal(await answered, "thanks");
    });
  });
}

Deno.test("send() waits for the answer after an interim one", async () => {
  const other = Promise.withResolvers<void>();
  await using server = rawHttpServer(async (peer, index) => {
    await peer.head();
    if (index === 0) await peer.write("HTTP/1.1 103 Early Hints\r\n\r\n");
    if (index === 0) await other.promise;
    await peer.write(answer(String(index)));
    await peer.head();
  });
  await withClient(server.url, async (client) => {
    const first = textOf(client);
    assert.equal(await textOf(client), "1");
    other.resolve();
    assert.equal(await first, "0");
  });
});

Deno.test("send() skips interim answers", async () => {
  await using server = answeringServer(() =>
    "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nx-early: 1\r\n\r\n" +
    `HTTP/1.1 102 Processing\r\n\r\n${answer("done", "HTTP/1.1 201 Created\r\nx-late: 1")}`
  );
  await withClient(server.url, async (client) => {
    for (const method of ["GET", "POST"]) {
      const response = await client.send(request({ method }));
      assert.equal(response.status, 201);
      assert.deepEqual([...response.headers.keys()], ["content-length", "x-late"]);
      assert.equal(await response.text(), "done");
    }
  });
  assert.equal(server.opened, 1);
});

Deno.test("Exchange is not sent where it was aborted before it had a connection", async () => {
  const aborter = new AbortController();
  const ended = Promise.withResolvers<boolean>();
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const exchange = new Exchange(request({ signal: aborter.signal }), resolve, reject);
  exchange.onEnd = ended.resolve;
  aborter.abort("enough");
  assert.equal(await failure(promise), "enough");
  assert.equal(await ended.promise, false);
  assert.throws(() => exchange.onConnect(() => {}));
});

import assert from "node:assert/strict";
import tls from "node:tls";
import type { AddressInfo } from "node:net";
import { webSocketConnect } from "../../../ports/websocket/client.ts";
import { ELSEWHERE, TEST_CA, TEST_CERTIFICATE, TEST_KEY } from "../../support/test_certificate.ts";
import { frame, rawWebSocketServer } from "../../support/raw_websocket_server.ts";
import { socketConformance } from "../socket_conformance.ts";

socketConformance("webSocketConnect()", webSocketConnect());
socketConformance("webSocketConnect() over TLS", webSocketConnect({ ca: TEST_CA }), true);

/** How an attempt ends: `open`, or why it failed. */
function attempt(url: string, ca?: string, headers?: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    const socket = webSocketConnect(ca === undefined ? {} : { ca })(url, {
      open() {
        resolve("open");
        socket.destroy();
      },
      message() {},
      closed() {},
      failed: resolve,
    }, headers ? { headers } : {});
  });
}

Deno.test("a certificate of an authority that is not trusted is refused", async () => {
  await using server = rawWebSocketServer(() => {}, { tls: true });
  assert.match(await attempt(server.url), /issuer|certificate/i);
  assert.equal(await attempt(server.url, TEST_CA), "open");
});

Deno.test("a certificate for another host is refused", async () => {
  await using server = rawWebSocketServer(() => {}, { tls: ELSEWHERE });
  assert.match(await attempt(server.url, ELSEWHERE.ca), /not valid for name|altname/i);
});

Deno.test("NODE_TLS_REJECT_UNAUTHORIZED does not turn the check off", async () => {
  await using server = rawWebSocketServer(() => {}, { tls: true });
  const script = `
    import { webSocketConnect } from ${
    JSON.stringify(new URL("../../../ports/websocket/client.ts", import.meta.url).href)
  };
    webSocketConnect()(${JSON.stringify(server.url)}, {
      open: () => console.log("open"),
      message() {},
      closed() {},
      failed: (reason) => console.log("failed " + reason),
    });`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" },
  }).output();
  assert.match(new TextDecoder().decode(stdout), /^failed .*(issuer|certificate)/i);
});

Deno.test("the server is told the host name, and offered HTTP/1.1 alone", async () => {
  const seen = Promise.withResolvers<unknown[]>();
  const server = tls.createServer(
    { cert: TEST_CERTIFICATE, key: TEST_KEY, ALPNProtocols: ["h2", "http/1.1"] },
    (socket: tls.TLSSocket) => {
      const { servername } = socket as { servername?: string };
      seen.resolve([servername, socket.alpnProtocol]);
      socket.on("error", () => {});
      socket.destroy();
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as AddressInfo;
  await attempt(`wss://localhost:${port}`, TEST_CA);
  assert.deepEqual(await seen.promise, ["localhost", "http/1.1"]);
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("a worker that may use the network and nothing else opens it over TLS", async () => {
  await using server = rawWebSocketServer(async (peer) => {
    await peer.write(frame(1, "hello"));
    await peer.read();
  }, { tls: true });
  const worker = new Worker(new URL("../../support/socket_worker.ts", import.meta.url), {
    type: "module",
    deno: {
      permissions: {
        net: "inherit",
        env: false,
        read: false,
        write: false,
        run: false,
        sys: false,
      },
    },
  });
  const said = new Promise<MessageEvent<string>>((resolve) => worker.onmessage = resolve);
  worker.postMessage(server.url);
  assert.equal((await said).data, "hello");
  worker.terminate();
});

Deno.test("a header that cannot be sent fails, and its value is not told", async () => {
  const reason = await attempt("ws://127.0.0.1:9", undefined, { authorization: "secret\r\nx: y" });
  assert.match(reason, /Cannot send header "authorization"/);
  assert.doesNotMatch(reason, /secret/);
});

Deno.test("a server that answers without an end is refused", async () => {
  await using server = rawWebSocketServer(() => {}, { status: 101, raw: "x".repeat(20_000) });
  assert.match(await attempt(server.url), /Cannot read HTTP head/);
});

Deno.test("a close before it opened is a failure", async () => {
  await using server = rawWebSocketServer(() => {}, { status: 101, raw: "" });
  const failed = await new Promise<string>((resolve) => {
    const socket = webSocketConnect()(server.url, {
      open: () => resolve("open"),
      message() {},
      closed: () => resolve("closed"),
      failed: resolve,
    });
    socket.close(1000, "");
  });
  assert.equal(failed, "closed before it opened");
});

Deno.test("an error of a receiver is nobody's to swallow", async () => {
  await using server = rawWebSocketServer(async (peer) => {
    await peer.write(frame(1, "x"));
    await peer.read();
  });
  const thrown = Promise.withResolvers<unknown>();
  const caught = (event: ErrorEvent) => {
    event.preventDefault();
    thrown.resolve(event.error);
  };
  addEventListener("error", caught);
  const closed = await new Promise<number>((resolve) =>
    webSocketConnect()(server.url, {
      open() {},
      message() {
        throw new Error("cannot");
      },
      closed: resolve,
      failed() {},
    })
  );
  assert.equal(closed, 1006);
  assert.match(String(await thrown.promise), /cannot/);
  removeEventListener("error", caught);
});

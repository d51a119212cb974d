import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { HttpError, type HttpSend } from "../../ports/http/client.ts";
import { undiciClient } from "../../ports/http/undici.ts";
import { silentLog } from "../../ports/log.ts";
import { ERROR_HEADER } from "../../rest/problem.ts";
import { RestProxy } from "../../rest/proxy.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { until } from "../support/unit_process.ts";
import { restApi } from "../sim/rest/api.ts";
import { listen, setUp, TOKEN } from "./proxied.ts";

Deno.test("the proxy streams a multipart upload while it is being sent", async () => {
  const arrived = Promise.withResolvers<void>();
  const parts: number[] = [];
  const upstream = listen(async (request) => {
    const body = request.body!.getReader();
    const first = await body.read();
    parts.push(first.value!.length);
    arrived.resolve();
    for (let part = await body.read(); !part.done; part = await body.read()) {
      parts.push(part.value.length);
    }
    return new Response(request.headers.get("content-type"));
  });
  await using rig = await setUp(() => new Response(), { upstream: new URL(`${upstream.url}/api`) });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const type = "multipart/form-data; boundary=x";
  const asked = fetch(`${rig.proxied}/api/v10/channels/1/messages`, {
    method: "POST",
    headers: { "content-type": type },
    body: readable,
  });
  const writer = writable.getWriter();
  await writer.write(new Uint8Array(70_000));
  await arrived.promise;
  await writer.write(new Uint8Array(30_000));
  await writer.close();
  assert.equal(await (await asked).text(), type);
  assert.equal(parts.reduce((sum, length) => sum + length), 100_000);
  await upstream.server.shutdown();
});

Deno.test("the proxy streams an answer while it is being written", async () => {
  const rest = Promise.withResolvers<void>();
  await using rig = await setUp(() =>
    new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode("begin"));
          await rest.promise;
          controller.enqueue(new TextEncoder().encode(" end"));
          controller.close();
        },
      }),
    )
  );
  const body = (await fetch(`${rig.proxied}/api/v10/x`)).body!.getReader();
  assert.equal(new TextDecoder().decode((await body.read()).value), "begin");
  rest.resolve();
  assert.equal(new TextDecoder().decode((await body.read()).value), " end");
});

Deno.test("the proxy reads short bodies before it sends them, and streams long ones", async () => {
  const bodies: unknown[] = [];
  const send: HttpSend = ({ body }) => {
    bodies.push(body instanceof ReadableStream ? "stream" : body);
    return Promise.resolve(new Response());
  };
  await using rig = await setUp(() => new Response(), { send });
  const post = (bytes: number) =>
    rig.handle(
      new Request("http://127.0.0.1/api/v10/x", {
        method: "POST",
        headers: { "content-length": String(bytes) },
        body: new Uint8Array(bytes),
      }),
    );
  await post(3);
  await post(64 * 1024 - 1);
  await post(64 * 1024);
  assert.deepEqual(bodies, [new Uint8Array(3), new Uint8Array(64 * 1024 - 1), "stream"]);
});

for (const method of ["DELETE", "PUT", "POST"]) {
  Deno.test(`a ${method} without a body, as a server hands it over, is tried again after a 429`, async () => {
    let isFirst = true;
    const refusal = { status: 429, headers: { via: "1.1 google", "x-ratelimit-scope": "user" } };
    await using rig = await setUp(() => {
      if (!isFirst) return new Response(null, { status: 204 });
      isFirst = false;
      return Response.json({ message: "too early", retry_after: 0.01, global: false }, refusal);
    });
    const { hostname, port } = new URL(rig.proxied);
    const connection = await Deno.connect({ hostname, port: Number(port) });
    const head =
      `${method} /api/v10/channels/1/messages/2 HTTP/1.1\r\nHost: x\r\nConnection: close`;
    await connection.write(new TextEncoder().encode(`${head}\r\n\r\n`));
    assert.match(await new Response(connection.readable).text(), /^HTTP\/1\.1 204 /);
    assert.deepEqual(rig.seen.map(({ headers }) => headers.has("transfer-encoding")), [
      false,
      false,
    ]);
  });
}

Deno.test("a compressed answer arrives as it came", async () => {
  const zipped = new Uint8Array(gzipSync(JSON.stringify({ text: "again ".repeat(100) })));
  await using rig = await setUp(() =>
    new Response(zipped, {
      headers: { "content-encoding": "gzip", "content-type": "application/json" },
    })
  );
  const client = await undiciClient(new URL(rig.proxied));
  const response = await client.send({
    method: "GET",
    path: "/api/v10/x",
    headers: new Headers({ "accept-encoding": "gzip" }),
    body: null,
    signal: new AbortController().signal,
  });
  assert.equal(response.headers.get("content-encoding"), "gzip");
  assert.deepEqual(await response.bytes(), zipped);
  assert.equal(rig.seen[0]!.headers.get("accept-encoding"), "gzip");
  await client.close();
});

Deno.test("the bot's token takes the place of the caller's credential", async () => {
  await using rig = await setUp(() => new Response());
  await fetch(`${rig.proxied}/api/v10/x`, { headers: { authorization: "Bot s3cret" } });
  assert.equal(rig.seen[0]!.headers.get("authorization"), `Bot ${TOKEN}`);
});

Deno.test("a Bearer or no credential passes as it is", async () => {
  await using rig = await setUp(() => new Response(), { authorize: () => "as is" });
  await fetch(`${rig.proxied}/api/v10/x`, { headers: { authorization: "Bearer oauth" } });
  await fetch(`${rig.proxied}/api/v10/webhooks/1/token`, { method: "POST", body: "{}" });
  assert.deepEqual(rig.seen.map(({ headers }) => headers.get("authorization")), [
    "Bearer oauth",
    null,
  ]);
});

Deno.test("a refused request is 401 in Discord's shape and never reaches Discord", async () => {
  await using rig = await setUp(() => new Response(), {
    authorize: () => ({ refused: "not you" }),
  });
  const response = await fetch(`${rig.proxied}/api/v10/x`);
  assert.equal(response.status, 401);
  assert.equal(response.headers.get(ERROR_HEADER), "not you");
  assert.deepEqual(await response.json(), { message: "401: Unauthorized", code: 0 });
  assert.deepEqual(rig.seen, []);
});

Deno.test("a runtime's own User-Agent is replaced by one that Discord accepts", async () => {
  await using rig = await setUp(() => new Response());
  await (await fetch(`${rig.proxied}/api/v10/x`)).body?.cancel();
  assert.match(rig.seen[0]!.headers.get("user-agent")!, /^DiscordBot \(.+, .+\)$/);
});

Deno.test("a path that leaves /api is 404 and never reaches Discord", async () => {
  await using rig = await setUp(() => new Response());
  for (const path of ["/api/../secret", "/api/%2e%2e/secret", "/apis", "/"]) {
    const response = await rig.handle(new Request(`http://127.0.0.1${path}`));
    assert.equal(response.status, 404, path);
  }
  assert.deepEqual(rig.seen, []);
});

Deno.test("a caller that goes away ends the request to Discord", async () => {
  const arrived = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  await using rig = await setUp(async ({ signal }) => {
    signal.addEventListener("abort", () => ended.resolve());
    arrived.resolve();
    await ended.promise;
    return new Response();
  });
  const caller = new AbortController();
  const asked = fetch(`${rig.proxied}/api/v10/x`, { signal: caller.signal });
  await arrived.promise;
  caller.abort();
  await assert.rejects(asked);
  await ended.promise;
  assert.deepEqual(rig.lines.filter(([level]) => level === "warn"), []);
});

Deno.test("a Discord that cannot be reached is 502, and no secret is in the answer or the log", async () => {
  const gone = listen(() => new Response());
  await gone.server.shutdown();
  await using rig = await setUp(() => new Response(), { upstream: new URL(`${gone.url}/api`) });
  const response = await fetch(`${rig.proxied}/api/v10/webhooks/1/webhook-secret?wait=true`, {
    method: "POST",
    body: "{}",
  });
  assert.equal(response.status, 502);
  assert.match(response.headers.get(ERROR_HEADER)!, /refused/i);
  assert.deepEqual(await response.json(), { message: "502: Bad Gateway", code: 0 });
  assert.equal(rig.lines.length, 1);
  const told = JSON.stringify([rig.lines, [...response.headers]]);
  assert.ok(!told.includes("webhook-secret") && !told.includes(TOKEN));
});

Deno.test("an error that names the token is told without it", async () => {
  await using rig = await setUp(() => new Response(), {
    send: () => Promise.reject(new HttpError(`bad header Bot ${TOKEN}`, true)),
  });
  const response = await fetch(`${rig.proxied}/api/v10/x`);
  const told = JSON.stringify([rig.lines, [...response.headers], await response.text()]);
  assert.match(told, /bad header Bot …/);
  assert.ok(!told.includes(TOKEN) && !told.includes("webhook-secret"));
});

Deno.test("an answer that breaks off breaks off for the caller, too", async () => {
  await using rig = await setUp(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(new Uint8Array(10));
          controller.error(new Error("cut"));
        },
      }),
    )
  );
  await assert.rejects(async () => {
    const response = await fetch(`${rig.proxied}/api/v10/x`);
    await response.bytes();
  });
});

Deno.test("a bot without the token posts a message to the simulator through the proxy", async () => {
  const sim = restApi({ token: TOKEN }, { userAgents: "discord" });
  const discord = listen((request) => sim.rest(request, { remoteAddress: "127.0.0.1" }));
  await using rig = await setUp(() => new Response(), { upstream: new URL(`${discord.url}/api`) });
  const form = new FormData();
  form.set("payload_json", JSON.stringify({ content: "through the gate" }));
  form.set("files[0]", new File([new Uint8Array(100_000)], "big.bin"));
  const response = await fetch(`${rig.proxied}/api/v10/channels/${sim.channel.id}/messages`, {
    method: "POST",
    headers: { authorization: "Bot not-the-token" },
    body: form,
  });
  const message = await response.json();
  assert.equal(response.status, 200);
  assert.equal(message.content, "through the gate");
  assert.equal(message.attachments[0].size, 100_000);
  assert.equal(response.headers.get("x-ratelimit-remaining"), "4");
  assert.deepEqual(sim.dispatches.map(({ t }) => t), ["MESSAGE_CREATE"]);
  await discord.server.shutdown();
});

Deno.test("what the unit asks itself is answered in megabytes at most, and in time", async () => {
  const never = new AbortController();
  let sent = 0;
  const flood = () =>
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if ((sent += 100_000) > 50_000_000) return controller.error(new Error("it was taken"));
        controller.enqueue(new Uint8Array(100_000));
      },
    });
  const bodies = [flood(), new ReadableStream(), new Response("whole").body];
  const clock = createVirtualClock();
  const { ask } = new RestProxy({
    upstream: new URL("http://discord.sim/api"),
    token: TOKEN,
    send: ({ signal }) => {
      const body = bodies.shift()!;
      const through = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
      body.pipeTo(through.writable, { signal }).catch(() => {});
      return Promise.resolve(new Response(through.readable));
    },
    authorize: () => "as is",
    clock,
    log: silentLog,
    answerMs: 5_000,
  });
  await assert.rejects((await ask("/gateway/bot")).text(), /has more than 8388608 bytes/);
  assert.ok(sent < 10_000_000, `${sent} bytes were taken`);
  const slow = ask("/gateway/bot", { signal: never.signal });
  await clock.advance(5_000);
  await assert.rejects((await slow).text(), /not whole after 5000 ms/);
  assert.equal(await (await ask("/gateway/bot")).text(), "whole");
});

Deno.test("the proxy tells which bucket is waited for, and no token", async () => {
  const answered = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  await using rig = await setUp(async ({ path }) => {
    if (!path.includes("/channels/2/")) arrived.resolve();
    if (!path.includes("/channels/2/")) await answered.promise;
    return new Response("{}", {
      headers: {
        "x-ratelimit-bucket": path.includes("/channels/") ? "messages" : "webhook",
        "x-ratelimit-limit": "5",
        "x-ratelimit-remaining": "4",
        "x-ratelimit-reset-after": "1",
      },
    });
  });
  const get = (path: string) => fetch(`${rig.proxied}/api/v10${path}`).then((all) => all.text());
  const hanging = [1, 2, 3].flatMap(() => [
    get("/channels/1/messages"),
    get("/webhooks/3/s3cr3t-t0ken/messages/4"),
  ]);
  await arrived.promise;
  await get("/channels/2/messages");
  await until(() => rig.snapshot().waiting === 4, 5_000);
  const { waits } = rig.snapshot();
  assert.deepEqual(
    waits.map(({ method, route, major, waiting, nextMs }) =>
      [method, route, major, waiting, nextMs] as const
    ).toSorted(([, one], [, other]) => one < other ? -1 : 1),
    [
      ["GET", "/channels/:id/messages", "channels/1", 2, null],
      ["GET", "/webhooks/:id/:token/messages/:id", "webhooks/3", 2, null],
    ],
  );
  assert.doesNotMatch(JSON.stringify(rig.snapshot()), /s3cr3t-t0ken|the-real-token/);
  answered.resolve();
  await Promise.all(hanging);
  assert.deepEqual(rig.snapshot().waits, []);
});

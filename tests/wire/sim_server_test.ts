import assert from "node:assert/strict";
import { createInflate } from "node:zlib";
import { ALL_INTENTS } from "../../protocol/discord/intents.ts";
import type { Socket } from "../../ports/socket.ts";
import { webSocketConnect } from "../../ports/websocket/client.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import type { Payload } from "../sim/gateway/scripted_client.ts";

const IDENTIFY = JSON.stringify({
  op: 2,
  d: { token: "sim-token", intents: ALL_INTENTS, properties: {}, shard: [0, 1] },
});

/** A served simulator for one test. */
async function served(
  test: (
    sim: ReturnType<typeof createSimulator>,
    server: ReturnType<typeof serveSimulator>,
  ) => Promise<void>,
): Promise<void> {
  const sim = createSimulator({ guilds: 3 });
  const server = serveSimulator(sim);
  try {
    await test(sim, server);
  } finally {
    await server.close();
  }
}

/** A native WebSocket, what it has received as JSON, and how it was closed. */
function native(url: string) {
  const socket = new WebSocket(`${url}/?v=10&encoding=json`);
  const payloads: Payload[] = [];
  const closed = Promise.withResolvers<CloseEvent>();
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => holds() && resolve();
      socket.addEventListener("message", check);
      check();
    });
  socket.onmessage = ({ data }) => void payloads.push(JSON.parse(data));
  socket.onclose = closed.resolve;
  return { socket, payloads, closed: closed.promise, until };
}

Deno.test("a native WebSocket gets HELLO, READY, its guilds, and is closed with a code", async () => {
  await served(async (sim, { gatewayUrl }) => {
    const { socket, payloads, closed, until } = native(gatewayUrl);
    await until(() => payloads.length === 1);
    socket.send(IDENTIFY);
    await until(() => payloads.length === 5);
    assert.deepEqual(payloads.map(({ t }) => t), [null, "READY", ...Array(3).fill("GUILD_CREATE")]);
    sim.faults.close(4009);
    const { code, reason, wasClean } = await closed;
    assert.deepEqual([code, reason, wasClean], [4009, "Closed by a fault.", true]);
    assert.deepEqual(sim.ledger.violations, []);
  });
});

Deno.test("zlib-stream decodes with one inflater, general and prepared payloads mixed", async () => {
  await served(async (sim, { gatewayUrl }) => {
    const connect = webSocketConnect();
    const inflate = createInflate();
    let text = "";
    const enough = Promise.withResolvers<void>();
    inflate.on("data", (chunk) => {
      text += new TextDecoder().decode(chunk);
      if (text.split('{"t":').length - 1 === 205) enough.resolve();
    });
    let messages = 0;
    const socket = connect(`${gatewayUrl}/?v=10&encoding=json&compress=zlib-stream`, {
      open: () => socket.send(IDENTIFY),
      message(data) {
        if (++messages === 5) sim.traffic.burst(200);
        inflate.write(data.slice());
      },
      closed() {},
      failed: (reason) => enough.reject(new Error(reason)),
    });
    await enough.promise;
    const numbers = [...text.matchAll(/\{"t":"[A-Z_]+","s":(\d+),"op":0,/g)].map(([, s]) =>
      Number(s)
    );
    assert.deepEqual(numbers, Array.from({ length: 204 }, (_, i) => i + 1));
    assert.doesNotThrow(() => JSON.parse(`[${text.replaceAll('}{"t":', '},{"t":')}]`));
    socket.destroy();
    inflate.destroy();
  });
});

Deno.test("a session is resumed on the resume host, and the ledger knows which it was", async () => {
  await served(async (sim, { gatewayUrl, resumeUrl }) => {
    const first = native(gatewayUrl);
    await first.until(() => first.payloads.length === 1);
    first.socket.send(IDENTIFY);
    await first.until(() => first.payloads.length === 5);
    const { session_id, resume_gateway_url } = first.payloads[1]!.d;
    assert.equal(resume_gateway_url, resumeUrl);
    first.socket.close(4900);
    assert.equal((await first.closed).code, 4900);
    sim.traffic.burst(2, "MESSAGE_CREATE");
    const second = native(resume_gateway_url);
    await second.until(() => second.payloads.length === 1);
    second.socket.send(JSON.stringify({ op: 6, d: { token: "sim-token", session_id, seq: 4 } }));
    await second.until(() => second.payloads.length === 4);
    assert.deepEqual(second.payloads.slice(1).map(({ t, s }) => [t, s]), [
      ["MESSAGE_CREATE", 5],
      ["MESSAGE_CREATE", 6],
      ["RESUMED", 7],
    ]);
    assert.deepEqual(sim.ledger.connections.map(({ host }) => host), ["base", "resume"]);
    second.socket.close(1000);
    await second.closed;
    assert.equal(sim.ledger.sessions.get(session_id)!.ended!.reason, "closed 1000");
  });
});

/** A socket of the port, and the first thing that ends it. */
function dial(url: string, message: (socket: Socket) => void = () => {}) {
  const connect = webSocketConnect();
  const end = Promise.withResolvers<string>();
  const socket: Socket = connect(`${url}/?v=10&encoding=json`, {
    open() {},
    message: () => message(socket),
    closed: (code) => end.resolve(`closed ${code}`),
    failed: end.resolve,
  });
  return { socket, end: end.promise };
}

Deno.test("a cut has no close frame; refusal and 503 are real", async () => {
  await served(async (sim, { gatewayUrl }) => {
    const cut = dial(gatewayUrl, () => sim.faults.cut());
    assert.equal(await cut.end, "closed 1006");
    sim.faults.answer503({ times: 1 });
    assert.match(await dial(gatewayUrl).end, /503/);
    sim.faults.refuse({ times: 1 });
    assert.match(await dial(gatewayUrl).end, /hang up|reset|closed/);
  });
});

Deno.test("a handshake without an answer is real, and ends with its client", async () => {
  await served(async (sim, { gatewayUrl }) => {
    sim.faults.noHandshake({ times: 1 });
    const { socket, end } = dial(gatewayUrl);
    const waited = new Promise<string>((resolve) => setTimeout(resolve, 150, "nothing"));
    assert.equal(await Promise.race([end, waited]), "nothing");
    assert.equal(sim.ledger.connections[0]!.refused, "silence");
    socket.destroy();
  });
});

Deno.test("a frozen connection answers no close frame, and ends when the client destroys it", async () => {
  await served(async (sim, { gatewayUrl }) => {
    const { socket, end } = dial(gatewayUrl, (socket) => {
      sim.faults.freeze();
      socket.close(4900, "");
    });
    const waited = new Promise<string>((resolve) => setTimeout(resolve, 150, "nothing"));
    assert.equal(await Promise.race([end, waited]), "nothing");
    assert.equal(sim.gateway.connections.size, 1);
    socket.destroy();
    while (sim.gateway.connections.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(sim.ledger.connections[0]!.code, 4900);
  });
});

Deno.test("REST is served beside the gateway and names it", async () => {
  await served(async (sim, { apiUrl, gatewayUrl }) => {
    const response = await fetch(`${apiUrl}/v10/gateway/bot`, {
      headers: { authorization: "Bot sim-token", "user-agent": "DiscordBot (test, 1)" },
    });
    assert.equal(response.status, 200);
    const body = await response.json();
    assert.equal(new URL(body.url).host, new URL(gatewayUrl).host);
    assert.equal(body.session_start_limit.remaining, 1000);
    assert.equal(sim.ledger.rest[0]!.route, "/gateway/bot");
  });
});

Deno.test("gatehouse sim says where it listens, and what is wrong with a flag", async () => {
  const main = new URL("../../app/cli/entry.ts", import.meta.url).pathname;
  const sim = (...flags: string[]) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--ignore-env", "--allow-net=127.0.0.1", main, "sim", ...flags],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  const wrong = await sim("--shards=0").output();
  assert.equal(wrong.code, 2);
  assert.match(
    new TextDecoder().decode(wrong.stderr),
    /--shards <number>' argument '0' is invalid. Expected a whole number from 1 to 100000/,
  );
  const running = sim("--port=0");
  const reader = running.stdout.getReader();
  let said = "";
  while (!/Ctrl\+C/.test(said)) said += new TextDecoder().decode((await reader.read()).value);
  const apiUrl = /DISCORD_API_URL=(\S+)/.exec(said)![1];
  assert.equal((await (await fetch(`${apiUrl}/v10/gateway`)).json()).url.slice(0, 5), "ws://");
  running.kill("SIGTERM");
  await reader.cancel();
  await running.stderr.cancel();
  assert.equal((await running.status).code, 0);
});

Deno.test("after close() nothing is left that keeps the process alive", async () => {
  const sim = new URL("../../sim/mod.ts", import.meta.url).href;
  const script = `
    const { createSimulator, serveSimulator } = await import("${sim}");
    const server = serveSimulator(createSimulator());
    const socket = new WebSocket(server.gatewayUrl + "/?v=10");
    await new Promise((resolve) => socket.onmessage = resolve);
    socket.send(${JSON.stringify(IDENTIFY)});
    await new Promise((resolve) => socket.onmessage = resolve);
    await server.close();
    console.log("closed");`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    stdout: "piped",
  }).spawn();
  const giveUp = setTimeout(() => child.kill("SIGKILL"), 15_000);
  const { code, stdout } = await child.output();
  clearTimeout(giveUp);
  assert.deepEqual([code, new TextDecoder().decode(stdout).trim()], [0, "closed"]);
});

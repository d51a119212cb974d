/** The simulator by itself, which POSTs to an endpoint. */

import assert from "node:assert/strict";
import { ed25519Verifier } from "../../ports/ed25519.ts";
import { runSimulator } from "../../sim/run.ts";
import { until } from "../support/unit_process.ts";

const FLAGS = {
  ...{ port: 0, shards: 1, guilds: 2, maxConcurrency: 1, eventsPerSecond: 0, lateMs: 0 },
  ...{ comingsPerMinute: 0, pingSeconds: 0, seed: 1, token: "sim-token" },
};

Deno.test("a simulator with an endpoint tells its key, and what the endpoint says to /ping", async () => {
  let isFit = false;
  let publicKey = "";
  const endpoint = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const body = await request.text();
      if (!isFit) return new Response(null, { status: 404 });
      const { headers } = request;
      const signed = new TextEncoder().encode(headers.get("x-signature-timestamp") + body);
      const isSigned = await ed25519Verifier(publicKey)(
        headers.get("x-signature-ed25519")!,
        signed,
      );
      if (!isSigned) return new Response(null, { status: 401 });
      return JSON.parse(body).type === 1
        ? Response.json({ type: 1 })
        : Response.json({ type: 5, data: { content: "\u202eevil" } });
    },
  );
  const printed: string[] = [];
  const run = async (line: RegExp) => {
    const url = `http://127.0.0.1:${endpoint.addr.port}/discord`;
    const sim = runSimulator({ ...FLAGS, endpoint: url }, (text) => printed.push(text));
    await until(() => line.test(printed.join("\n")), 5_000, () => printed.join("\n"));
    await sim.close();
  };
  await run(/Discord would not take it: it answered PING with 404/);
  publicKey = /DISCORD_PUBLIC_KEY=([\da-f]{64}) /.exec(printed[0]!)![1]!;
  isFit = true;
  await run(/it answers \/ping with 200 \{"type":5,"data":\{"content":"\\u202eevil"\}\}/);
  await endpoint.shutdown();
  assert.match(publicKey, /^[\da-f]{64}$/);
});

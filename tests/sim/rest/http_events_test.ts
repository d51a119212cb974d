import assert from "node:assert/strict";
import { ed25519Verifier } from "../../../ports/ed25519.ts";
import { createSimulator, createVirtualClock } from "../../../sim/mod.ts";
import { createHttpEvents, type PostSigned } from "../../../sim/rest/http_events.ts";

interface Came {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function setUp(
  answer: (
    came: Came,
  ) => { status: number; body: unknown } | Promise<{ status: number; body: unknown }>,
) {
  const clock = createVirtualClock();
  const sim = createSimulator({ clock, guilds: 2 });
  const came: Came[] = [];
  const post: PostSigned = async (_, headers, body) => {
    came.push({ headers, body });
    return await answer({ headers, body });
  };
  const http = createHttpEvents({ clock, world: sim.world, hear: sim.rest.hear, post });
  return { clock, sim, http, came };
}

async function isSigned(publicKey: string, { headers, body }: Came): Promise<boolean> {
  const signed = new TextEncoder().encode(headers["x-signature-timestamp"] + body);
  return await ed25519Verifier(publicKey)(headers["x-signature-ed25519"]!, signed);
}

Deno.test("the simulator signs as Discord does, and forges where it checks an endpoint", async () => {
  const { http, came } = setUp(() => ({ status: 200, body: { type: 1 } }));
  const { isFit, reason } = await http.check("http://endpoint");
  assert.deepEqual([isFit, reason], [false, "it answered a forged PING with 200"]);
  assert.deepEqual(await Promise.all(came.map((each) => isSigned(http.publicKey, each))), [
    true,
    false,
  ]);
  const deaf = setUp(() => ({ status: 404, body: null }));
  assert.deepEqual(await deaf.http.check(""), {
    isFit: false,
    reason: "it answered PING with 404",
  });
  const fit = setUp(async (each) =>
    await isSigned(http.publicKey, each)
      ? { status: 200, body: { type: 1 } }
      : { status: 401, body: null }
  );
  assert.equal((await fit.http.check("")).isFit, true);
});

Deno.test("an interaction that the simulator POSTs can be answered like any other, in time", async () => {
  const { sim, http, came, clock } = setUp(() => ({ status: 202, body: null }));
  const { id, status } = await http.command("http://endpoint", "ping");
  assert.equal(status, 202);
  const { token, type, guild_id } = JSON.parse(came[0]!.body);
  assert.deepEqual([type, sim.world.guilds.has(guild_id)], [2, true]);
  const respond = async () => {
    const url = `http://discord/api/v10/interactions/${id}/${token}/callback`;
    const body = JSON.stringify({ type: 5 });
    const headers = { "content-type": "application/json", "user-agent": "DiscordBot (x, 1)" };
    const request = new Request(url, { method: "POST", body, headers });
    return (await sim.rest(request, { remoteAddress: "::1" })).status;
  };
  assert.equal(await respond(), 204);
  assert.equal(await respond(), 400, "once");
  await clock.advance(1);
});

Deno.test("a webhook event of the simulator's has its type, its time and its data", async () => {
  const { http, came } = setUp(() => ({ status: 204, body: null }));
  await http.webhookEvent("http://endpoint", "APPLICATION_AUTHORIZED", { user: { id: "1" } });
  const { version, type, event } = JSON.parse(came[0]!.body);
  assert.deepEqual([version, type, event], [1, 1, {
    type: "APPLICATION_AUTHORIZED",
    timestamp: "2026-01-01T00:00:00.000Z",
    data: { user: { id: "1" } },
  }]);
});

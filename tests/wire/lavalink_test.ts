/** The half of the Lavalink example that speaks HTTP. */

import assert from "node:assert/strict";
import { tellLavalink } from "../../examples/lavalink.ts";

Deno.test("Lavalink is told by PATCH and DELETE, with the password", async () => {
  const asked: unknown[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { method, headers, url } = request;
    const body = await request.text();
    asked.push([method, new URL(url).pathname, headers.get("authorization"), body]);
    return method === "DELETE" ? new Response(null, { status: 204 }) : Response.json({});
  });
  const base = `http://127.0.0.1:${server.addr.port}/v4/sessions/s`;
  const voice = { token: "t", endpoint: "e", sessionId: "i", channelId: "8" };
  await tellLavalink(base, "pw", { guildId: "7", body: { voice } });
  await tellLavalink(base, "pw", { guildId: "7", body: null });
  await server.shutdown();
  assert.deepEqual(asked, [
    ["PATCH", "/v4/sessions/s/players/7", "pw", JSON.stringify({ voice })],
    ["DELETE", "/v4/sessions/s/players/7", "pw", ""],
  ]);
});

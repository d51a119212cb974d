import assert from "node:assert/strict";
import { systemClock } from "../../../ports/clock.ts";
import { dialNats } from "../../../ports/nats/dial.ts";
import { settingsFor } from "./lines.ts";

const INFO = { server_id: "x", version: "2.10.0", proto: 1, headers: true, max_payload: 1_048_576 };

Deno.test("a server that resets the connection in the midst of it ends nothing but that", async () => {
  // A stranger that lets us begin, and then goes without reading what we said.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const serving = (async () => {
    for await (const connection of listener) {
      await connection.write(new TextEncoder().encode(`INFO ${JSON.stringify(INFO)}\r\n`));
      // Closed with bytes that were not read: that is a reset.
      await new Promise<void>((resolve) => systemClock.after(20, resolve));
      connection.close();
    }
  })().catch(() => {});
  const url = `nats://127.0.0.1:${port}`;
  const natsCredentials = await Deno.makeTempFile({ suffix: ".creds" });
  for (const settings of [settingsFor(url), { ...settingsFor(url), natsCredentials }]) {
    for (let n = 0; n < 5; n++) {
      await assert.rejects(dialNats(settings, url, { name: "a", inbox: "inbox" }));
    }
  }
  await new Promise<void>((resolve) => systemClock.after(100, resolve));
  listener.close();
  await serving;
  await Deno.remove(natsCredentials);
});

/** Calls between units over a real server, which takes a megabyte at a time. */

import assert from "node:assert/strict";
import { GatehouseError } from "../../../protocol/errors.ts";
import { systemClock } from "../../../ports/clock.ts";
import { silentLog } from "../../../ports/log.ts";
import { UnitCalls } from "../../../unit/peers/fleet/unit_calls.ts";
import { ofEachNats, startNats, until } from "../../support/nats_server.ts";
import { openUpLine, settingsFor } from "./lines.ts";

/** A unit on the line, which holds `a` and `b` for alive. */
async function unitOf(self: string, url: string) {
  const { line } = await openUpLine(settingsFor(url), { unit: self });
  const view = { self, members: ["a", "b"], watch: () => () => {} };
  const calls = new UnitCalls({ clock: systemClock, log: silentLog, bus: line.bus, view });
  return { line, calls };
}

ofEachNats("calls between units over NATS", (program, title) => {
  Deno.test(`${title} carry what no message could, and errors as they were thrown`, async () => {
    await using server = await startNats(program);
    const [a, b] = await Promise.all([unitOf("a", server.url), unitOf("b", server.url)]);
    b.calls.answer("twice", (value) => [value, value]);
    b.calls.answer("refuse", () => {
      throw new GatehouseError("no_shard", "caller", "Cannot send: no shard 9", { shardId: 9 });
    });
    const value = new Map([["text", 'é€😀"\\\n'.repeat(400_000)]]);
    const isThere = () => a.calls.ask("b", "twice", 1, 1_000).then(() => true, () => false);
    await until(isThere);
    const answer = await a.calls.ask("b", "twice", value, 20_000);
    assert.deepEqual(answer, [value, value]);
    await assert.rejects(a.calls.ask("b", "refuse", 0, 5_000), {
      name: "GatehouseError",
      code: "no_shard",
      data: { shardId: 9 },
    });
    await Promise.all([a.line.close(), b.line.close()]);
  });

  Deno.test(`${title} are away while the server is, and go on with it`, async () => {
    await using server = await startNats(program);
    const [a, b] = await Promise.all([unitOf("a", server.url), unitOf("b", server.url)]);
    b.calls.answer("wait", () => new Promise(() => {}));
    b.calls.answer("echo", (value) => value);
    const open = a.calls.ask("b", "wait", 0, 60_000).catch(({ code }) => code);
    await server.kill();
    assert.equal(await open, "away");
    await assert.rejects(a.calls.ask("b", "echo", 1, 5_000), { code: "away" });
    await server.start();
    await until(() => a.line.isUp && b.line.isUp);
    await until(() => a.calls.ask("b", "echo", 1, 1_000).then(() => true, () => false));
    await Promise.all([a.line.close(), b.line.close()]);
  });
});

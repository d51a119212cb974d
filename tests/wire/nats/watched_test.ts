import assert from "node:assert/strict";
import type { TakeEntry } from "../../../ports/fleet/keys.ts";
import { ofEachNats, startNats, until } from "../../support/nats_server.ts";
import { openUpLine, settingsFor } from "./lines.ts";

/** Notes what is told, a line each. */
function noted() {
  const told: string[] = [];
  const take: TakeEntry = (key, entry) =>
    told.push(key === null ? "all" : `${key} ${entry?.value}`);
  return { told, take };
}

ofEachNats("a watch of NATS", (program, title) => {
  Deno.test(`${title} tells all again after the server was away`, async () => {
    await using server = await startNats(program);
    const { line } = await openUpLine(settingsFor(server.url));
    await line.keys.put("unit.a", 1);
    await line.keys.put("unit.gone", 1);
    await line.keys.delete("unit.gone");
    const { told, take } = noted();
    line.keys.watch("unit.", take);
    await until(() => told.includes("all"));
    await server.stop();
    await until(() => !line.isUp);
    await assert.rejects(line.keys.get("unit.a"), { code: "away" });
    await server.start();
    await until(() => told.filter((what) => what === "all").length === 2);
    assert.deepEqual(told, ["unit.a 1", "all", "unit.a 1", "all"]);
    await line.close();
  });

  Deno.test(`${title} goes on where the server has lost its disk`, async () => {
    await using server = await startNats(program);
    const { line } = await openUpLine(settingsFor(server.url));
    for (const value of [1, 2, 3]) await line.keys.put("unit.a", value);
    const { told, take } = noted();
    line.keys.watch("unit.a", take);
    await until(() => told.includes("all"));
    await server.kill();
    await server.lose();
    await server.start();
    await until(() => told.filter((what) => what === "all").length === 2);
    await line.keys.put("unit.a", 4);
    await until(() => told.includes("unit.a 4"));
    assert.deepEqual(told, ["unit.a 3", "all", "all", "unit.a 4"]);
    await line.close();
  });

  Deno.test(`${title} sees a key by its whole name alone`, async () => {
    await using server = await startNats(program);
    const { line } = await openUpLine(settingsFor(server.url));
    await line.keys.put("leader", 1);
    await line.keys.put("unit.a", 1);
    const { told, take } = noted();
    line.keys.watch("leader", take);
    await until(() => told.includes("all"));
    assert.deepEqual(told, ["leader 1", "all"]);
    await line.close();
  });
});

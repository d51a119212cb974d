import assert from "node:assert/strict";
import { namesOf } from "../../../ports/nats/line.ts";
import { ofEachNats, startNats, until } from "../../support/nats_server.ts";
import { openLine, openUpLine, settingsFor } from "./lines.ts";

Deno.test("namesOf() tells a bot's fleet from others, in subjects and buckets", () => {
  assert.deepEqual(namesOf({ natsPrefix: "gatehouse" }, "1234"), {
    root: "gatehouse.1234",
    bucket: "gatehouse_1234",
  });
});

ofEachNats("a line over NATS", (program, title) => {
  Deno.test(`${title} waits for a server that is not there yet, and says so once`, async () => {
    const server = await startNats(program);
    await server.stop();
    const { line, lines } = await openLine(settingsFor(server.url));
    await until(() => lines.length > 2);
    assert.equal(line.isUp, false);
    assert.match(line.warnings.join(), /cannot be reached: connection refused/);
    assert.deepEqual(lines.filter(([level]) => level !== "debug").length, 1);
    await assert.rejects(line.bus.ask("q", 1, 1_000), { code: "away" });
    await assert.rejects(line.keys.get("a"), { code: "away" });
    await server.start();
    await until(() => line.isUp);
    await line.close();
    await server[Symbol.asyncDispose]();
  });

  Deno.test(`${title} comes back after a restart, with all who listen`, async () => {
    await using server = await startNats(program);
    const [{ line }, { line: other }] = await Promise.all([
      openUpLine(settingsFor(server.url)),
      openUpLine(settingsFor(server.url)),
    ]);
    const ups: boolean[] = [];
    line.watch((isUp) => ups.push(isUp));
    line.bus.answer("q", () => "answer");
    const open = other.bus.ask("never", 1, 60_000).catch((error) => error.code);
    line.bus.answer("never", () => new Promise<null>(() => {}));
    await server.kill();
    assert.equal(await open, "away");
    await server.start();
    await until(() => line.isUp && other.isUp);
    assert.equal(await other.bus.ask("q", 1, 1_000), "answer");
    assert.deepEqual(ups, [false, true]);
    await Promise.all([line.close(), other.close()]);
  });

  Deno.test(`${title} holds a server for away that stands still`, async () => {
    await using server = await startNats(program);
    const { line } = await openUpLine(settingsFor(server.url));
    server.pause(true);
    await until(() => !line.isUp);
    server.pause(false);
    await until(() => line.isUp);
    await line.close();
  });

  Deno.test(`${title} is not up where nothing is kept`, async () => {
    await using server = await startNats(
      program,
      "no_auth_user: x\naccounts { A { users: [{ user: x, password: y }] } }",
    );
    const { line } = await openLine(settingsFor(server.url));
    await until(() => line.warnings.join().includes("JetStream"));
    assert.equal(line.isUp, false);
    await line.close();
  });

  Deno.test(`${title} can be closed at any moment`, async () => {
    await using server = await startNats(program);
    const { line } = await openLine(settingsFor(server.url));
    await line.close();
    await line.close();
    assert.equal(line.isUp, false);
    await server.stop();
    const { line: alone } = await openLine(settingsFor(server.url));
    await alone.close();
  });
});

import assert from "node:assert/strict";
import type { Json } from "../../../ports/fleet/bus.ts";
import { testBus } from "../../ports/fleet/bus_conformance.ts";
import { ofEachNats } from "../../support/nats_server.ts";
import { openPair } from "./lines.ts";

/** As much as one piece of a shard's queue may have, and more than NATS carries. */
const PIECE = "x".repeat(350 * 1024);
const TOO_LARGE = "x".repeat(1024 * 1024);

ofEachNats("the bus of NATS", (program, title) => {
  testBus(title, async () => {
    const { here, there, ...stage } = await openPair(program);
    return { here: here.bus, there: there.bus, ...stage };
  });

  Deno.test(`${title} carries 350 KiB, and says what is too large`, async () => {
    const { here, there, settle, end } = await openPair(program);
    there.bus.answer("q", (value): Json => value === "much" ? TOO_LARGE : value);
    await settle();
    assert.equal(await here.bus.ask("q", PIECE, 10_000), PIECE);
    await assert.rejects(here.bus.ask("q", TOO_LARGE, 10_000), { code: "too_large" });
    await assert.rejects(here.bus.ask("q", "much", 10_000), { code: "too_large" });
    assert.equal(await here.bus.ask("q", "still there", 10_000), "still there");
    await end();
  });
});

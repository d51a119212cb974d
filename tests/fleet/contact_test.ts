import assert from "node:assert/strict";
import { Contact } from "../../fleet/contact.ts";
import { logTo } from "../../ports/log.ts";
import { LEASE_MS } from "../../protocol/fleet.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

Deno.test("Contact says once that the unit is cut off, and that it is back", async () => {
  const clock = createVirtualClock();
  const said: string[] = [];
  const contact = new Contact(clock, logTo((level, event) => void said.push(`${level} ${event}`)));
  contact.connected(true);
  contact.echo();
  contact.connected(false);
  await clock.advance(LEASE_MS);
  assert.deepEqual([contact.isCutOff, contact.tick()], [false, false]);
  await clock.advance(1);
  assert.deepEqual([contact.isCutOff, contact.tick(), contact.tick()], [true, true, false]);
  contact.connected(true);
  assert.equal(contact.isCutOff, true, "until something that it says has come back");
  contact.echo();
  assert.equal(contact.isCutOff, false);
  assert.deepEqual(said, [
    "warn line to the fleet is down, this unit goes on with what it has",
    "warn this unit is cut off from the fleet, others may take what it has",
    "info line to the fleet is up again",
    "info this unit is back in the fleet",
  ]);
});

/**
 * A far authority and the desk that it talks to, with a line between them that a test has in its hands. Not a test.
 *
 * @module
 */

import type { Json } from "../../../../ports/fleet/bus.ts";
import { Desk } from "../../../../rest/limits/fleet/desk.ts";
import { FarAuthority } from "../../../../rest/limits/fleet/far_authority.ts";
import { readTelling } from "../../../../rest/limits/fleet/words.ts";
import { createVirtualClock } from "../../../../sim/wire/virtual_clock.ts";
import { hearing, permitWant, scriptedAuthority } from "./wants.ts";

/** Sets it up. Each way takes 10 ms. */
export function conversation() {
  const clock = createVirtualClock();
  const log: string[] = [];
  /** What goes over the line, and whether it does. */
  const line = { isDown: false, asked: [] as Json[], told: [] as Json[], backMs: 10 };
  const { authority, asked } = scriptedAuthority("there", log);
  let sessions = 0;
  let owns = true;
  const carry = (value: Json, take: (value: Json) => void, delayMs = 10) => {
    if (line.isDown) return;
    clock.after(delayMs, () => take(JSON.parse(JSON.stringify(value))));
  };
  const desk = new Desk({
    clock,
    self: "there",
    authority,
    isOurs: () => owns,
    say: (_, value) => {
      line.told.push(value);
      carry(value, (copy) => far.hear(readTelling(copy)!), line.backMs);
    },
    heard() {},
    silent: (unit) => void log.push(`${unit} is silent`),
  });
  const far = new FarAuthority({
    clock,
    self: "here",
    life: "l",
    nextSession: () => sessions++,
    wayBackMs: 100,
    say(value) {
      line.asked.push(value);
      carry(value, (copy) => void desk.hear(copy));
    },
    changed: () => void log.push(far.isSilent ? "it is silent" : "changed"),
  });
  const ask = (arrival: number) => far.ask(permitWant({ arrival }), hearing(log, `${arrival}`));
  return {
    clock,
    line,
    desk,
    far,
    asked,
    ask,
    read: () => log.splice(0),
    lose: () => void (owns = false),
  };
}

/**
 * `deno task attack [part of a name …]`: tries to end a unit, or to make it lose something, from outside;
 * prints one table. Everything stays on this machine's loopback.
 *
 * @module
 */

import { ATTACKS } from "./attacks.ts";
import type { Holding } from "./meter.ts";
import { isHarmless, type Trial, tryAttack } from "./try.ts";

async function main(parts: readonly string[]): Promise<number> {
  const chosen = Object.entries(ATTACKS).filter(([name]) =>
    parts.length === 0 || parts.some((part) => name.includes(part))
  );
  if (chosen.length === 0) {
    console.error(`There is no such attack; there are:\n${Object.keys(ATTACKS).join("\n")}`);
    return 2;
  }
  const trials: Trial[] = [];
  const failures: string[] = [];
  for (const [name, attack] of chosen) {
    console.log(`${new Date().toISOString()} ${name}`);
    try {
      trials.push(await tryAttack(name, attack));
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  report(trials);
  for (const failure of failures) console.log(failure);
  return failures.length === 0 && trials.every(isHarmless) ? 0 : 1;
}

function report(trials: readonly Trial[]): void {
  console.log(
    "\n| attack | tried | MiB before, most, after | descriptors | events | lost, twice, gaps | identifies | rules broken |",
  );
  console.log("|---|---|---|---|---|---|---|---|");
  for (const { name, tried, before, most, after, bot, identifies, broken } of trials) {
    const held = (of: (holding: Holding) => number) =>
      [before, most, after].map((it) => it ? Math.round(of(it)) : "it ended").join(", ");
    const cells = [
      name,
      tried,
      held(({ mib }) => mib),
      held(({ descriptors }) => descriptors),
      bot.events,
      [bot.lost, bot.twice, bot.gaps].join(", "),
      identifies,
      broken.length === 0 ? 0 : broken.join("; "),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));

/**
 * `deno task sim`: the embedded Discord by itself, to point Gatehouse or any library at.
 *
 * @module
 */

import { readFlags, USAGE } from "./flags.ts";
import { createSimulator, serveSimulator, type Simulator, startPinging } from "./mod.ts";

if (import.meta.main) main(Deno.args);

function main(args: readonly string[]): void {
  if (args.includes("--help")) return console.log(USAGE);
  const read = readFlags(args);
  if ("problems" in read) {
    for (const problem of read.problems) console.error(problem);
    console.error(`\n${USAGE}`);
    Deno.exit(2);
  }
  const { port, eventsPerSecond, lateMs, comingsPerMinute, pingSeconds, ...options } = read.flags;
  // As many guilds again may add the bot.
  const sim = createSimulator({ ...options, guildsOutside: options.guilds });
  sim.settings.lateMs = () => lateMs * sim.random();
  const server = serve(sim, port);
  sim.traffic.setRate(eventsPerSecond);
  sim.comings.setRate(comingsPerMinute);
  if (pingSeconds > 0) ask(sim, pingSeconds * 1000);
  const pinged = pingSeconds === 0
    ? ""
    : `Somebody posts !ping every ${pingSeconds} s; what the bot answers is printed here.\n`;
  // A token of one's own may be a real one, by mistake.
  const tokenShown = args.some((arg) => arg.startsWith("--token")) ? "<yours>" : options.token;
  console.log(`The simulator runs with ${options.guilds} guilds, ${options.shards} shards.

  REST     ${server.apiUrl}
  gateway  ${server.gatewayUrl}   (resume host ${server.resumeUrl})

Gatehouse:   DISCORD_TOKEN=${tokenShown} DISCORD_API_URL=${server.apiUrl} deno task start
A library:   set its REST base to ${server.apiUrl} and its token to ${tokenShown}

${pinged}Rules that a client breaks are printed here. Ctrl+C stops it.`);
  let told = 0;
  sim.clock.after(1000, function tell() {
    const { violations } = sim.ledger;
    for (; told < violations.length; told++) {
      const { rule, detail } = violations[told]!;
      console.log(`broken rule: ${rule}: ${detail}`);
    }
    sim.clock.after(1000, tell);
  });
}

/** Somebody posts `!ping`; an answer is told when it is another than the last. */
function ask(sim: Simulator, everyMs: number): void {
  let last: string | undefined;
  startPinging({
    ...sim,
    everyMs,
    answered(text) {
      if (text !== last) console.log(`the bot answers !ping: ${text}`);
      last = text;
    },
  });
}

function serve(sim: Simulator, port: number) {
  try {
    return serveSimulator(
      sim,
      port === 0 ? {} : {
        port,
        gatewayPort: port + 1,
        resumePort: port + 2,
      },
    );
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    console.error(`Cannot listen on ports ${port} to ${port + 2}: one is taken. Choose --port.`);
    Deno.exit(1);
  }
}

/**
 * The embedded Discord by itself, to point Gatehouse or any library at: what `gatehouse sim` runs.
 *
 * @module
 */

import { every } from "../ports/clock.ts";
import { printable } from "../ports/printable.ts";
import { messageOf } from "../protocol/errors.ts";
import { SIM_TOKEN, type SimFlags } from "./flags.ts";
import { createSimulator, serveSimulator, type Simulator, startPinging } from "./mod.ts";

/** A simulator that runs. */
export interface RunningSimulator {
  close(): Promise<void>;
}

/**
 * Runs a simulator, says where it is reached, and then tells of rules that a client breaks.
 *
 * @param print Takes lines, without their line breaks.
 * @throws Where one of its ports is taken.
 */
export function runSimulator(flags: SimFlags, print: (text: string) => void): RunningSimulator {
  const { port, eventsPerSecond, lateMs, comingsPerMinute, pingSeconds, endpoint, ...options } =
    flags;
  // As many guilds again may add the bot.
  const sim = createSimulator({ ...options, guildsOutside: options.guilds });
  sim.settings.lateMs = () => lateMs * sim.random();
  const server = serve(sim, port);
  sim.traffic.setRate(eventsPerSecond);
  sim.comings.setRate(comingsPerMinute);
  const cancelPings = pingSeconds > 0 ? ask(sim, pingSeconds * 1000, print) : () => {};
  const pinged = pingSeconds === 0
    ? ""
    : `Somebody posts !ping every ${pingSeconds} s; what the bot answers is printed here.\n`;
  // A token of one's own may be a real one, by mistake.
  const tokenShown = options.token === SIM_TOKEN ? SIM_TOKEN : "<yours>";
  print(`The simulator runs with ${options.guilds} guilds, ${options.shards} shards.

  REST     ${server.apiUrl}
  gateway  ${server.gatewayUrl}   (resume host ${server.resumeUrl})

Gatehouse:   DISCORD_TOKEN=${tokenShown} DISCORD_API_URL=${server.apiUrl} gatehouse start
             DISCORD_PUBLIC_KEY=${sim.http.publicKey} for what is POSTed
A library:   set its REST base to ${server.apiUrl} and its token to ${tokenShown}

${pinged}Rules that a client breaks are printed here. Ctrl+C stops it.`);
  const cancelUse = endpoint === undefined
    ? () => {}
    : use(sim, endpoint, (pingSeconds || 5) * 1000, print);
  const cancelTelling = tellBroken(sim, print);
  return {
    async close() {
      cancelTelling();
      cancelPings();
      cancelUse();
      sim.traffic.setRate(0);
      sim.comings.setRate(0);
      await server.close();
    },
  };
}

/** Once a second the rules that were broken meanwhile, a line each. */
function tellBroken(sim: Simulator, print: (text: string) => void): () => void {
  let told = 0;
  let cancel = sim.clock.after(1000, function tell() {
    const { violations } = sim.ledger;
    for (; told < violations.length; told++) {
      const { rule, detail } = violations[told]!;
      print(printable(`broken rule: ${rule}: ${detail}`));
    }
    cancel = sim.clock.after(1000, tell);
  });
  return () => cancel();
}

/** Somebody posts `!ping`; an answer is told when it is another than the last. */
function ask(sim: Simulator, everyMs: number, print: (text: string) => void): () => void {
  let last: string | undefined;
  return startPinging({
    ...sim,
    everyMs,
    answered(text) {
      if (text !== last) print(printable(`the bot answers !ping: ${text}`));
      last = text;
    },
  });
}

/** Somebody uses `/ping` by HTTP again and again; what the endpoint says is told when it is something else. */
function use(
  sim: Simulator,
  endpoint: string,
  everyMs: number,
  print: (text: string) => void,
): () => void {
  let last = "";
  const tell = (text: string) => {
    if (text !== last) print(printable(`${endpoint}: ${text}`));
    last = text;
  };
  const ask = async () => {
    try {
      const { isFit, reason } = await sim.http.check(endpoint);
      if (!isFit) return tell(`Discord would not take it: ${reason}`);
      const { status, body } = await sim.http.command(endpoint, "ping");
      tell(`it answers /ping with ${status}${body === null ? "" : ` ${JSON.stringify(body)}`}`);
    } catch (error) {
      tell(messageOf(error));
    }
  };
  void ask();
  return every(sim.clock, everyMs, ask);
}

function serve(sim: Simulator, port: number) {
  const ports = { port, gatewayPort: port + 1, resumePort: port + 2 };
  try {
    return serveSimulator(sim, port === 0 ? {} : ports);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Error(
      `Cannot listen on ports ${port} to ${port + 2}: one of them is taken. ` +
        "Stop what listens there, or choose another with --port",
    );
  }
}

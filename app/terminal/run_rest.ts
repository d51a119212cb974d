/**
 * The REST proxy by itself, for any number of bots. With `DISCORD_TOKEN` a caller
 * that shows our secret acts as that bot; without it every caller brings its own credential.
 *
 * @module
 */

import {
  authorizeRest,
  authorizeUnit,
  type AuthRules,
  refusalOf,
  type RestVerdict,
} from "../../rest/auth.ts";
import { systemClock } from "../../ports/clock.ts";
import type { RestProxy } from "../../rest/proxy.ts";
import type { Config } from "../../config/config.ts";
import { readConfig } from "../../config/parse.ts";
import { listen, type OpenPort } from "../http/listen.ts";
import { authRules, openRest } from "../open_rest.ts";
import { renderText } from "../http/metrics/metric.ts";
import { PORT_METRICS } from "../http/metrics/port_metrics.ts";
import { REST_METRICS } from "../http/metrics/rest_metrics.ts";
import type { UnitLog } from "./log.ts";
import { EXIT, type ExitCode } from "../cli/exit.ts";
import { launch } from "./launch.ts";
import { stopSignals } from "./signals.ts";

/** The one setting that every proxy may have: with none it plays. */
const NEXT_STEP = "set DISCORD_API_URL=https://discord.com/api, or DISCORD_TOKEN for one bot's, " +
  "in the environment or in .env";

/** Runs a proxy until a signal ends it. Gives the exit code. */
export async function runRest(): Promise<ExitCode> {
  const parsed = await readConfig({ withoutToken: true });
  return await launch(parsed, (text) => console.log(text.trimEnd()), serve, NEXT_STEP);
}

async function serve(config: Config, log: UnitLog): Promise<ExitCode> {
  let known: AuthRules | undefined;
  const rules = () => known ??= authRules(config, port.url);
  const rest = await openRest({
    config,
    log,
    authorize: (request) => verdictOf(request.headers, rules(), config.discordToken !== ""),
    maxConcurrency: () => 1,
  });
  const port = await openPort(config, log, rest.proxy, rules);
  log.info("listening", { url: `${port.url}/api`, forwardsTo: config.discordApiUrl });
  const signals = stopSignals();
  log.info("stopping", { reason: await signals.next() });
  signals.next().then(() => Deno.exit(EXIT.AT_ONCE));
  await port.stop();
  await rest.close();
  return EXIT.OK;
}

/** Without a token of ours nobody can act as the bot: who may come in brings a credential. */
function verdictOf(headers: Headers, rules: AuthRules, hasToken: boolean): RestVerdict {
  const verdict = authorizeRest(headers, rules);
  if (verdict !== "bot" || hasToken) return verdict;
  return rules.secret === undefined ? "as is" : { refused: "DISCORD_TOKEN is not set here" };
}

async function openPort(
  config: Config,
  log: UnitLog,
  proxy: RestProxy,
  rules: () => AuthRules,
): Promise<OpenPort> {
  const options = {
    hostname: config.listenHost,
    port: config.listenPort,
    fd: config.listenFd,
    connections: config.listenConnections,
    clock: systemClock,
    log,
  };
  const seats = () => port.seats;
  const port = await listen(options, (request) => {
    const pathname = pathOf(request.url);
    if (pathname.startsWith("/api/")) return proxy.handle(request);
    if (/^\/(healthz|readyz)$/.test(pathname)) return new Response("ok\n");
    const refusal = refusalOf(authorizeUnit(request.headers, rules()), pathname);
    if (refusal) return Response.json({ error: refusal.error }, { status: refusal.status });
    if (pathname === "/metrics") {
      const text = renderText(REST_METRICS, proxy.snapshot) + renderText(PORT_METRICS, seats());
      return new Response(text, {
        headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      });
    }
    return Response.json({ error: `there is no ${pathname} here` }, { status: 404 });
  });
  return port;
}

/** Path and query of an address, as they came. */
function pathOf(url: string): string {
  return url.slice(url.indexOf("/", "http://".length));
}

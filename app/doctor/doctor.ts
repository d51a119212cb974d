/**
 * Looks at everything that a start needs, before anything is spent: no identify, no event, no state.
 *
 * @module
 */

import { type Config, secretsOf, SETTING_NAMES } from "../../config/config.ts";
import { type Env, type ParseOptions, readConfig, readEnv } from "../../config/parse.ts";
import { systemClock } from "../../ports/clock.ts";
import { systemRandom } from "../../ports/random.ts";
import { redactor } from "../../ports/redact.ts";
import { webSocketConnect } from "../../ports/websocket/client.ts";
import { examine } from "./examine.ts";
import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { gatherDiscord } from "./gather/discord.ts";
import { gatherHost } from "./gather/host.ts";
import { gatherBots, gatherConsumers, gatherNats } from "./gather/neighbours.ts";

/**
 * Looks, by the settings of this process and of the `.env` file at `envPath`; some seconds at most. What it
 * finds holds no secret. Never throws.
 */
export async function diagnose(options: ParseOptions = {}, envPath = ".env"): Promise<Finding[]> {
  const settings = await readConfig(options, envPath);
  const env = await readEnv(envPath).catch(() => Deno.env.toObject());
  const config = settings.ok ? settings.config : null;
  const facts: Facts = {
    settings,
    given: SETTING_NAMES.filter((name) => (env[name]?.trim() ?? "") !== ""),
    ...await around(config, env, envPath),
  };
  return withoutSecrets(examine(facts), config);
}

async function around(
  config: Config | null,
  env: Env,
  envPath: string,
): Promise<Omit<Facts, "settings" | "given">> {
  const world = { clock: systemClock, random: systemRandom, connect: webSocketConnect() };
  const real = config?.mode === "discord" ? config : null;
  const set = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const]
  );
  const [host, discord, nats, consumers, bots] = await Promise.all([
    gatherHost(config, envPath),
    real && gatherDiscord(real, world),
    real ? gatherNats(real) : [],
    real ? gatherConsumers(real, world) : [],
    config ? gatherBots(config, { ...world, env: Object.fromEntries(set) }) : [],
  ]);
  return { host, discord, nats, consumers, bots };
}

function withoutSecrets(findings: readonly Finding[], config: Config | null): Finding[] {
  if (config === null) return [...findings];
  const redact = redactor(secretsOf(config));
  const clean = (text: string) => String(redact(text));
  return findings.map((finding) => ({
    ...finding,
    found: clean(finding.found),
    advice: finding.advice === null ? null : clean(finding.advice),
  }));
}

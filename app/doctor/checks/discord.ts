/**
 * Checks of who the bot is to Discord, and whether it may do what it wants. None spends an identify.
 *
 * @module
 */

import {
  grantedIntents,
  intentNames,
  INTENTS,
  PRIVILEGED_INTENTS,
} from "../../../protocol/discord/intents.ts";
import type { Config } from "../../../config/config.ts";
import type { Answer, ApplicationFacts, Facts } from "../facts.ts";
import { fail, ok, type Seen, skipped, warn } from "../finding.ts";
import { configOf, countText, TOKEN_FIRST } from "./words.ts";

/** From here on a bot can ask to be verified, which it has to be in 100 guilds. */
const NEARLY_LARGE = 75;

const SIMULATED = "the simulator takes any";

/** Whether Discord knows the token. */
export function checkToken({ settings, discord }: Facts): Seen {
  const why = configOf(settings, SIMULATED);
  if (!settings.ok || why !== null || discord === null) return skipped(why ?? TOKEN_FIRST);
  const { user } = discord;
  if ("is" in user) return ok(`${user.is.name} (${user.is.id})`);
  if (user.status === 401 && !user.isOurs) {
    return fail(
      "Discord does not accept DISCORD_TOKEN (401)",
      "copy it again from the developer portal, page Bot, or reset it there",
    );
  }
  const seen = unasked(user);
  const { discordApiUrl } = settings.config;
  return user.isOurs ? { ...seen, found: `${discordApiUrl}: ${seen.found}` } : seen;
}

/** What to do where Discord did not say. */
export function unasked(answer: Extract<Answer<unknown>, { failed: string }>): Seen {
  const { failed, isOurs, status } = answer;
  if (isOurs) return fail(failed, "is the network up, and DISCORD_API_URL right?");
  if (status === 429) return warn(failed, "wait, then ask again");
  return status >= 500
    ? warn(failed, "Discord is ill: see discordstatus.com; a unit waits for it")
    : fail(failed, "is DISCORD_API_URL right?");
}

/** Whether the intents are granted. */
export function checkIntents({ settings, discord }: Facts): Seen[] {
  const why = configOf(settings, SIMULATED);
  if (!settings.ok || why !== null) return [skipped(why!)];
  const { config } = settings;
  const wanted = config.intents & PRIVILEGED_INTENTS;
  const seen = notice(config);
  if (wanted === 0) return [ok(`${names(config.intents)}; none is privileged`), ...seen];
  const application = discord?.application ?? null;
  if (application === null) return [skipped(TOKEN_FIRST)];
  if ("failed" in application) return [unasked(application)];
  return [granted(config, wanted, application.is), ...seen];
}

function granted(config: Config, wanted: number, { flags, guilds }: ApplicationFacts): Seen {
  const refused = wanted & ~grantedIntents(flags);
  if (refused !== 0) {
    const then = config.refusedIntents === "narrow"
      ? "shards would go on without, after an identify in vain (4014)"
      : "shards would stop (4014)";
    return fail(
      `${names(refused)} not granted: ${then}`,
      "switch it on in the developer portal, page Bot, Privileged Gateway Intents, or take it out of INTENTS",
    );
  }
  const limited = wanted & ~grantedIntents(flags, { full: true });
  if (limited === 0) return ok(`${names(config.intents)}; the privileged ones are granted`);
  const found = `${names(limited)} granted as long as the bot is in fewer than 100 guilds`;
  const ask = "apply for it in the developer portal, page App Verification";
  return guilds !== null && guilds >= NEARLY_LARGE
    ? warn(`${found}; it is in ${countText(guilds)}`, ask)
    : ok(`${names(config.intents)}; ${found}`);
}

/** What is allowed and seldom meant. */
function notice({ intents }: Config): Seen[] {
  const has = (bit: number) => (intents & bit) !== 0;
  const seen: Seen[] = [];
  if (!has(INTENTS.GUILDS)) {
    seen.push(
      warn("GUILDS is not among them: no guild, channel or role is told", "add GUILDS to INTENTS"),
    );
  }
  if (has(INTENTS.GUILD_MESSAGES) && !has(INTENTS.MESSAGE_CONTENT)) {
    seen.push(ok(
      "messages come without their text, but for those to the bot",
      "add MESSAGE_CONTENT to INTENTS if the bot reads it",
    ));
  }
  return seen;
}

function names(intents: number): string {
  return intentNames(intents).join(", ") || "none";
}

/** Which way interactions come, and whether those that Discord POSTs can be known. */
export function checkInteractions({ settings, discord }: Facts): Seen {
  const why = configOf(settings, "they come over the simulator's gateway");
  if (!settings.ok || why !== null) return skipped(why!);
  const application = discord?.application ?? null;
  if (application === null) return skipped(TOKEN_FIRST);
  if ("failed" in application) return unasked(application);
  const { discordPublicKey: key } = settings.config;
  const { publicKey, interactionsUrl: url } = application.is;
  if (key !== null && publicKey !== null && key.toLowerCase() !== publicKey.toLowerCase()) {
    return fail(
      "DISCORD_PUBLIC_KEY is not this application's: what Discord POSTs would be refused",
      `set DISCORD_PUBLIC_KEY=${publicKey}`,
    );
  }
  if (url === null) {
    return ok(
      "they come over the gateway",
      key === null
        ? null
        : "to have Discord POST them, enter the address of POST /discord in the portal",
    );
  }
  if (key !== null) return ok(`Discord POSTs them to ${url}`);
  return warn(
    `Discord POSTs them to ${url}: none comes over the gateway`,
    `set DISCORD_PUBLIC_KEY=${publicKey ?? "…"} and have that address lead to POST /discord, ` +
      "or clear the Interactions Endpoint URL in the developer portal",
  );
}

/** Whether Discord's gateway greets us. */
export function checkGateway({ settings, discord }: Facts): Seen {
  const why = configOf(settings, "the simulator is in this process");
  if (why !== null) return skipped(why);
  const hello = discord?.hello ?? null;
  if (hello === null) {
    return skipped(discord?.gateway ? "Discord did not say where it is" : TOKEN_FIRST);
  }
  if ("failed" in hello) {
    return fail(
      hello.failed,
      "does a firewall or a proxy let WebSockets out? GATEWAY_COMPRESSION=none tells whether it is that",
    );
  }
  const { host, tookMs, compression } = hello.is;
  const asked = settings.ok ? settings.config.gatewayCompression : compression;
  const found = `${host} said HELLO after ${Math.round(tookMs)} ms, ${compression}`;
  return compression === asked
    ? ok(found)
    : warn(`${found}, asked for ${asked}`, "does something in between speak for Discord?");
}

/**
 * Checks of what is set.
 *
 * @module
 */

import { type Config, describeProblem, isLoopback, SETTING_NAMES } from "../../../config/config.ts";
import type { Facts } from "../facts.ts";
import { fail, ok, type Seen, skipped, warn } from "../finding.ts";

/** Where every setting is told. */
const LIST = "docs/operations.md lists every setting";
/** Shorter than this a secret can be guessed. */
const SHORT_SECRET = 16;

/** Every setting that is wrong, and every name that is nearly one. */
export function checkSettings({ settings, given }: Facts): Seen[] {
  const problems = settings.ok ? [] : settings.problems;
  const misspelt = settings.warnings.map(({ setting, expected, received }) =>
    // A line of .env that cannot be read has the name of one.
    SETTING_NAMES.includes(setting)
      ? warn(`${setting}: ${received}`, `write ${expected}; ${LIST}`)
      : warn(`${setting} is no setting`, `write ${expected}, if that is meant; ${LIST}`)
  );
  const wrong = problems.map((problem) =>
    fail(describeProblem(problem), `change it, in the environment or in .env; ${LIST}`)
  );
  if (!settings.ok) return [...wrong, ...misspelt];
  if (settings.config.mode === "simulator") return [simulated(given), ...misspelt];
  const names = given.filter((name) => name !== "");
  return [ok(`${names.length} set, all right: ${names.join(", ")}`), ...misspelt];
}

function simulated(given: readonly string[]): Seen {
  const advice = "for Discord set DISCORD_TOKEN (developer portal, page Bot), INTENTS and " +
    "BOT_MODULE, in the environment or in a file .env";
  return given.length === 0
    ? ok("nothing is set: a start would play against the embedded simulator", advice)
    : ok("a start would play against the embedded simulator", advice);
}

/** Who reaches what is nobody else's. */
export function checkSecrets({ settings, host }: Facts): Seen[] {
  const { envFile } = host;
  const open = envFile?.mode === undefined || envFile?.mode === null ? 0 : envFile.mode & 0o077;
  const file = envFile !== null && open !== 0
    ? [warn(
      `${envFile.path} can be read by other users of this computer (mode ${octal(envFile.mode!)})`,
      `chmod 600 ${envFile.path}`,
    )]
    : [];
  if (!settings.ok) return file.length > 0 ? file : [skipped("the settings come first")];
  const found = [...file, ...doors(settings.config)];
  return found.length > 0 ? found : [ok(reach(settings.config))];
}

function doors(config: Config): Seen[] {
  const make = "make a longer one: openssl rand -hex 32";
  const short = (name: string, secret: string | null) =>
    secret !== null && secret.length < SHORT_SECRET
      ? [warn(`${name} has fewer than ${SHORT_SECRET} characters`, make)]
      : [];
  const clear = config.eventHandlerUrls.map((text) => new URL(text))
    .filter(({ protocol, hostname }) =>
      (protocol === "ws:" || protocol === "http:") && !isLoopback(hostname)
    );
  return [
    ...short("REST_AUTHORIZATION", config.restAuthorization),
    ...short("EVENT_HANDLER_SECRET_KEY", config.eventHandlerSecretKey),
    ...clear.map(({ host, protocol }) =>
      warn(
        `events go to ${host} in the clear`,
        `use ${protocol === "ws:" ? "wss" : "https"}: there, or a network of your own`,
      )
    ),
    ...config.allowFaults
      ? [warn("ALLOW_FAULTS lets callers crash workers", "unset it: it is for tests")]
      : [],
  ];
}

function reach({ listenHost, restAuthorization, publicUrl, trustedProxies }: Config): string {
  const isNear = isLoopback(listenHost) && trustedProxies.length === 0 &&
    (publicUrl === null || isLoopback(new URL(publicUrl).hostname));
  const secret = restAuthorization === null
    ? "no secret is needed: every program here is its operator"
    : "who shows REST_AUTHORIZATION is its operator";
  return `the port is reached from ${
    isNear ? "this computer only" : "other computers too"
  }; ${secret}`;
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8);
}

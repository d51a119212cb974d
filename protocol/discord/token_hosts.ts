/**
 * Where the bot's token may go. Which gateway to connect to, others say: the API, READY, a file of an
 * earlier life; and whoever is at that address is sent the token with IDENTIFY or RESUME.
 *
 * @module
 */

/** A host that the token may be sent to. */
export interface TokenHost {
  /** In lower case, without a port: any will do. */
  readonly name: string;
  /** Whether hosts below it are meant, too. */
  readonly isDomain: boolean;
  /** Whether without encryption, too. */
  readonly isPlain: boolean;
}

/** Discord's own: its gateways are below the first. */
const DISCORDS: readonly TokenHost[] = ["discord.gg", "discord.com"].map((name) => (
  { name, isDomain: true, isPlain: false }
));

/** Where Discord's gateway is, as its documentation has it. */
export const DISCORDS_GATEWAY = "wss://gateway.discord.gg";

/**
 * The hosts that the token may be sent to: Discord's domains, the very host that is asked for the gateway,
 * and those that are listed, with what is below them.
 *
 * @param apiUrl `DISCORD_API_URL`. Where that is encrypted, its gateway must be.
 * @param listed `GATEWAY_HOSTS`.
 */
export function tokenHosts(apiUrl: string, listed: readonly string[] = []): readonly TokenHost[] {
  const { protocol, hostname } = new URL(apiUrl);
  return [
    ...DISCORDS,
    { name: nameOf(hostname), isDomain: false, isPlain: protocol === "http:" },
    ...listed.map((name) => ({ name: name.toLowerCase(), isDomain: true, isPlain: true })),
  ];
}

/**
 * Whether the token may be sent to a gateway.
 *
 * @param url A `ws://` or `wss://` address.
 *
 * @example
 * ```ts
 * import { mayHaveToken, tokenHosts } from "./token_hosts.ts";
 * const hosts = tokenHosts("https://discord.com/api");
 * console.assert(mayHaveToken("wss://gateway-us-east1-c.discord.gg", hosts));
 * console.assert(!mayHaveToken("ws://gateway.discord.gg", hosts));
 * console.assert(!mayHaveToken("wss://gateway.discord.gg.evil.example", hosts));
 * ```
 */
export function mayHaveToken(url: string, hosts: readonly TokenHost[]): boolean {
  const { protocol, hostname } = new URL(url);
  const asked = nameOf(hostname);
  return hosts.some(({ name, isDomain, isPlain }) =>
    (asked === name || (isDomain && asked.endsWith(`.${name}`))) &&
    (protocol === "wss:" || isPlain)
  );
}

/** A host without the dot that may end it. */
function nameOf(hostname: string): string {
  return hostname.replace(/\.$/, "");
}

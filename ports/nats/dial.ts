/**
 * One connection to NATS: from the settings to a connection that has been let in.
 *
 * @module
 */

import { isIP } from "node:net";
import { type ConnectionOptions, loadNats, type NatsConnection } from "../../deps.ts";
import { connectGuarded } from "./guarded.ts";
import { GatehouseError } from "../../protocol/errors.ts";

/** Where NATS is, and how it lets us in. Files are read anew for each connection. */
export interface NatsSettings {
  /** `nats://host:port`, or `tls://` where nothing may be said in the clear. At least one. */
  readonly natsUrls: readonly string[];
  /** What all subjects and buckets begin with. */
  readonly natsPrefix: string;
  /** File of a JWT and its seed, as `nsc` writes it. */
  readonly natsCredentials: string | null;
  readonly natsUser: string | null;
  readonly natsPassword: string | null;
  readonly natsToken: string | null;
  /** File of the authorities (PEM) that are believed instead of the system's. */
  readonly natsTlsCa: string | null;
  /** Files of the certificate (PEM) that we show, and its key. */
  readonly natsTlsCert: string | null;
  readonly natsTlsKey: string | null;
}

/** What is handed on to Node's `tls`. */
type TlsOptions = NonNullable<ConnectionOptions["tls"]> & { servername?: string; host?: string };

/** From dialling to being let in. */
const DIAL_DEADLINE_MS = 5_000;
/** Who does not answer two pings in a row is gone: well before a lead ends. */
const PING_MS = 2_000;
const MOST_PINGS = 2;
/** Headers and names around a text, at most. */
const ROUND_BYTES = 1024;

/**
 * Dials one server. The connection does not come back by itself: nothing waits in it for a server that is away.
 *
 * @param name What the server calls us in its own lists.
 * @throws What the network, the server or reading a file says.
 */
export async function dialNats(
  settings: NatsSettings,
  url: string,
  { name, inbox }: { readonly name: string; readonly inbox: string },
): Promise<NatsConnection> {
  return await connectGuarded({
    servers: [url],
    name,
    inboxPrefix: inbox,
    timeout: DIAL_DEADLINE_MS,
    pingInterval: PING_MS,
    maxPingOut: MOST_PINGS,
    reconnect: false,
    // We may talk to the hosts of the settings alone, and by the names that stand there.
    ignoreClusterUpdates: true,
    resolve: false,
    noAsyncTraces: true,
    ...await whoWeAre(settings),
    ...await tls(settings, url),
  });
}

async function whoWeAre(settings: NatsSettings): Promise<ConnectionOptions> {
  const { natsCredentials, natsUser, natsPassword, natsToken } = settings;
  if (natsCredentials !== null) {
    const { credsAuthenticator } = await loadNats();
    return { authenticator: credsAuthenticator(await Deno.readFile(natsCredentials)) };
  }
  if (natsToken !== null) return { token: natsToken };
  return natsUser === null ? {} : { user: natsUser, pass: natsPassword ?? "" };
}

async function tls(settings: NatsSettings, url: string): Promise<ConnectionOptions> {
  const { natsTlsCa, natsTlsCert, natsTlsKey } = settings;
  const { protocol, hostname } = new URL(url);
  const files = { ca: natsTlsCa, cert: natsTlsCert, key: natsTlsKey };
  const texts = await Promise.all(
    Object.entries(files).flatMap(([name, file]) =>
      file === null ? [] : [Deno.readTextFile(file).then((text) => [name, text] as const)]
    ),
  );
  const isWanted = protocol === "tls:" || texts.length > 0;
  // What to look for in the server's certificate; by itself Node's `tls` would look for "localhost".
  const name = hostname.replace(/^\[|\]$/g, "");
  const whom = isIP(name) === 0 ? { servername: name } : { host: name };
  const options: TlsOptions = { ...Object.fromEntries(texts), ...whom };
  return isWanted ? { tls: options } : {};
}

/**
 * Refuses a text that the server does not carry, which would end the connection.
 *
 * @throws {GatehouseError} `too_large`.
 */
export function refuseLarge({ info }: NatsConnection, what: string, bytes: Uint8Array): void {
  const most = (info?.max_payload ?? Infinity) - ROUND_BYTES;
  if (bytes.length <= most) return;
  const text = `Cannot ${what}: it has ${bytes.length} bytes, NATS takes at most ${most}`;
  throw new GatehouseError("too_large", "caller", text, { bytes: bytes.length, most });
}

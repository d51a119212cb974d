/**
 * Proxies of a fleet for the benchmark of REST, in a process of their own: several in one, which talk within it,
 * or one that talks to the others over NATS; or one by itself.
 *
 * @module
 */

import { listen } from "../../app/http/listen.ts";
import { systemClock } from "../../ports/clock.ts";
import { type Bus, localBus } from "../../ports/fleet/bus.ts";
import { undiciClient } from "../../ports/http/undici.ts";
import { silentLog } from "../../ports/log.ts";
import { openNatsLine } from "../../ports/nats/line.ts";
import { systemRandom } from "../../ports/random.ts";
import { FleetPermits } from "../../rest/limits/fleet/fleet_permits.ts";
import { RestProxy } from "../../rest/proxy.ts";
import { answerQuestions } from "../program.ts";
import { TOKEN } from "./proxies.ts";

/** What is to be started; answered with where each of ours listens. */
export interface MembersQuestion {
  /** `http://127.0.0.1:1234`. */
  readonly upstream: string;
  /** Names of those that run here. */
  readonly ours: readonly string[];
  /** Names of all; none: it is no fleet. */
  readonly members: readonly string[];
  /** `nats://127.0.0.1:4222`; `null`: they talk within this process. */
  readonly nats: string | null;
}

/** Never what holds a request up. */
const PER_SECOND = 1_000_000;
const MOST_CONNECTIONS = 1_000;

async function start(question: MembersQuestion): Promise<string[]> {
  const shared = localBus({ clock: systemClock, log: silentLog });
  return await Promise.all(question.ours.map(async (name) => {
    const { nats } = question;
    return await startOne(name, question, nats === null ? shared : await natsBus(nats, name));
  }));
}

async function startOne(
  self: string,
  { upstream, members }: MembersQuestion,
  bus: Bus,
): Promise<string> {
  const target = new URL(`${upstream}/api`);
  const { send } = await undiciClient(target);
  const world = { clock: systemClock, log: silentLog, perSecond: () => PER_SECOND };
  const view = { self, members, watch: () => () => {} };
  const proxy = new RestProxy({
    ...world,
    upstream: target,
    token: TOKEN,
    send,
    authorize: () => "bot",
    ...members.length > 0 && { permits: new FleetPermits({ ...world, bus, view }) },
  });
  const { url } = await listen(
    { ...world, hostname: "127.0.0.1", port: 0, connections: MOST_CONNECTIONS },
    proxy.handle,
  );
  return url;
}

async function natsBus(url: string, unit: string): Promise<Bus> {
  const none = { natsPrefix: "bench", natsCredentials: null, natsUser: null, natsPassword: null };
  const settings = {
    ...none,
    natsUrls: [url],
    natsToken: null,
    natsTlsCa: null,
    natsTlsCert: null,
    natsTlsKey: null,
  };
  const world = { clock: systemClock, random: systemRandom, log: silentLog };
  const line = await openNatsLine({ ...world, settings, bot: "1", unit });
  while (!line.isUp) await new Promise((resolve) => setTimeout(resolve, 20));
  return line.bus;
}

if (import.meta.main) await answerQuestions(start);

/**
 * Asks those whom a unit works with whether they are there, and what a bot's modules import.
 *
 * @module
 */

import type { Config } from "../../../config/config.ts";
import { botModules, moduleUrl } from "../../../config/module_url.ts";
import { clusterStarter } from "../../../clusters/checked.ts";
import { within } from "../../../ports/clock.ts";
import { codeOf, openJetStream, reasonOf } from "../../../ports/nats/bucket.ts";
import { dialNats } from "../../../ports/nats/dial.ts";
import { namesOf } from "../../../ports/nats/line.ts";
import { randomHex } from "../../../ports/random.ts";
import { plainUrl } from "../../../ports/redact.ts";
import type { World } from "../../../ports/world.ts";
import { messageOf } from "../../../protocol/errors.ts";
import { LINK_CLOSE, UNIT_HEADER } from "../../../protocol/event_frame.ts";
import { botIdentity } from "../../../store/state_dir.ts";
import type { BotFacts, ConsumerFacts, Fact, NatsFacts } from "../facts.ts";

/** A person waits. */
const DEADLINE_MS = 10_000;
/** JetStream's own number for a stream that is not there. */
const NOT_FOUND = 10_059;
/** Nobody's unit: a unit that has a link with the same consumer keeps it. */
const NAME = "gatehouse-doctor";

/** Looks at what the bot's modules import, as is done before they are started. Nothing of them runs. */
export async function gatherBots(
  config: Config,
  { clock, env }: Pick<World, "clock"> & { readonly env: Readonly<Record<string, string>> },
): Promise<BotFacts[]> {
  const modules = [...new Set(botModules(config))];
  const { examine } = clusterStarter({
    clock,
    isolation: config.clusterIsolation,
    secret: [".env", config.stateDir],
  });
  return await Promise.all(modules.map(async (module) => {
    const problem = await examine({
      botModule: moduleUrl(module),
      permissions: config.clusterPermissions,
      env,
      unitUrl: `http://127.0.0.1:${config.listenPort}`,
    }).catch(messageOf);
    return { module, problem: problem ?? null };
  }));
}

/** Dials each server once. */
export function gatherNats(config: Config): Promise<NatsFacts[]> {
  return Promise.all(
    config.natsUrls.map(async (url) => ({ url, server: await natsAt(config, url) })),
  );
}

async function natsAt(config: Config, url: string): Promise<NatsFacts["server"]> {
  const { root, bucket } = namesOf(config, botIdentity(config.discordToken));
  try {
    const inbox = `${root}.inbox.${randomHex(8)}`;
    const connection = await dialNats(config, url, { name: NAME, inbox });
    try {
      const { streams } = await openJetStream(connection);
      const version = connection.info?.version ?? "?";
      return await streams.info(`KV_${bucket}`).then(
        () => ({ is: { version, problem: null, isKnown: true } }),
        (error) => {
          const problem = codeOf(error) === NOT_FOUND ? null : reasonOf(error);
          return { is: { version, problem, isKnown: false } };
        },
      );
    } finally {
      await connection.close();
    }
  } catch (error) {
    return { failed: reasonOf(error) };
  }
}

/** Dials each consumer once, and says goodbye. */
export function gatherConsumers(
  { eventHandlerUrls, eventHandlerSecretKey }: Config,
  world: Pick<World, "clock" | "connect">,
): Promise<ConsumerFacts[]> {
  return Promise.all(eventHandlerUrls.map(async (text) => {
    const { protocol, hostname, port } = new URL(text);
    const reached = protocol.startsWith("ws")
      ? await knock(text, eventHandlerSecretKey, world)
      : await reach(hostname, Number(port) || (protocol === "https:" ? 443 : 80), world);
    return { url: plainUrl(text), reached };
  }));
}

async function knock(
  url: string,
  secret: string | null,
  { clock, connect }: Pick<World, "clock" | "connect">,
): Promise<Fact<true>> {
  const { promise, resolve } = Promise.withResolvers<Fact<true>>();
  const socket = connect(url, {
    open: () => resolve({ is: true }),
    message() {},
    closed: (code) => resolve({ failed: `closed with ${code}` }),
    failed: (reason) => resolve({ failed: reason }),
  }, { headers: { ...(secret && { authorization: secret }), [UNIT_HEADER]: NAME } });
  await within(clock, DEADLINE_MS, promise);
  resolve({ failed: `no answer within ${DEADLINE_MS / 1000} s` });
  socket.close(LINK_CLOSE.GOING_AWAY, "looked whether somebody is there");
  const reached = await promise;
  socket.destroy();
  return reached;
}

/** Nothing is sent there: an event that is none would confuse whoever takes them. */
async function reach(
  hostname: string,
  port: number,
  { clock }: Pick<World, "clock">,
): Promise<Fact<true>> {
  const dialled = Deno.connect({ hostname: hostname.replace(/^\[|\]$/g, ""), port }).then(
    (connection): Fact<true> => {
      connection.close();
      return { is: true };
    },
    (error): Fact<true> => ({ failed: messageOf(error) }),
  );
  let reached: Fact<true> = { failed: `no answer within ${DEADLINE_MS / 1000} s` };
  await within(clock, DEADLINE_MS, dialled.then((fact) => void (reached = fact)));
  return reached;
}

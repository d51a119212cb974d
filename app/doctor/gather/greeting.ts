/**
 * A connection to Discord's gateway, up to its HELLO: neither the token nor an identify goes there.
 *
 * @module
 */

import { Connection } from "../../../gateway/connection.ts";
import type { SocketInput } from "../../../gateway/session/words.ts";
import type { World } from "../../../ports/world.ts";
import { gatewayAddress } from "../../../protocol/discord/gateway_frame.ts";
import type { Compression } from "../../../protocol/worker_message.ts";
import type { Fact, HelloFacts } from "../facts.ts";

/** From the dial to the greeting. */
const DEADLINE_MS = 10_000;
/** Nothing was begun. */
const GOODBYE = 1000;

/** Connects as a shard would, and leaves. */
export function greeting(
  url: string,
  compression: Compression,
  world: Pick<World, "clock" | "random" | "connect">,
): Promise<Fact<HelloFacts>> {
  const { clock } = world;
  const { host } = new URL(url);
  const startedMs = clock.now();
  const { promise, resolve } = Promise.withResolvers<Fact<HelloFacts>>();
  let isOpen = false;
  const input = (said: SocketInput) => {
    if (said.kind === "opened") isOpen = true;
    const failed = failureOf(said);
    if (failed !== null) resolve({ failed: `${host} ${failed}` });
    if (said.kind !== "hello") return;
    resolve({ is: { host, tookMs: clock.now() - startedMs, compression } });
  };
  const connection = new Connection(gatewayAddress(url, compression), compression, world, {
    input,
    note() {},
    dispatch() {},
    lastSeq: () => null,
    due() {},
    answered() {},
  });
  const cancel = clock.after(DEADLINE_MS, () => {
    const what = isOpen ? "said no HELLO" : "could not be reached";
    resolve({ failed: `${host} ${what} within ${DEADLINE_MS / 1000} s` });
  });
  return promise.finally(() => {
    cancel();
    connection.close(GOODBYE);
    connection.destroy();
  });
}

function failureOf(said: SocketInput): string | null {
  if (said.kind === "failed") return `cannot be reached: ${said.reason}`;
  if (said.kind === "closed") return `closed with ${said.code} before its HELLO`;
  return said.kind === "corrupt" ? `says what cannot be read: ${said.reason}` : null;
}

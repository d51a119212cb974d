/**
 * The dashboard before a {@linkcode World}: its own door, routes and events, on a port of this machine. Not a test.
 *
 * @module
 */

import { Door } from "../../../dashboard/door.ts";
import { Live } from "../../../dashboard/live.ts";
import { Routes } from "../../../dashboard/routes.ts";
import type { DashboardChange } from "../../../dashboard/words.ts";
import { systemClock } from "../../../ports/clock.ts";
import { logTo } from "../../../ports/log.ts";
import { GatehouseError, messageOf } from "../../../protocol/errors.ts";
import type { World } from "./world.ts";

/** A server; disposing it closes all. */
export interface DashboardServer extends AsyncDisposable {
  /** `http://127.0.0.1:port/dashboard`. */
  readonly url: string;
  /** Tells every open page. */
  send(change: DashboardChange): void;
  /** Ends every open page's connection, and while it is down takes no new one. */
  cut(isDown: boolean): void;
}

/** How it behaves. */
export interface DashboardServerOptions {
  /** Asked for at the login; default: no login is needed. */
  readonly secret?: string;
  /** Lets a second of the world pass each `tickMs`; default: a test does. */
  readonly tickMs?: number;
  readonly port?: number;
}

/** Opens one. */
export function serveDashboard(
  world: World,
  { secret, tickMs, port = 0 }: DashboardServerOptions = {},
): DashboardServer {
  const live = new Live();
  const routes = new Routes({
    clock: systemClock,
    log: logTo(() => {}),
    live,
    callerOf: (_, peer) => peer,
    door: new Door({
      clock: systemClock,
      refusalOf: () => null,
      hasSecret: () => secret !== undefined,
      isSecret: (text) => text === secret,
      addressOf: ({ url }) => new URL("/", url).href,
      port: () => String(server.addr.port),
    }),
    view: () => world.view,
    shard: (key) => world.history(key),
    async act(act) {
      world.act(act);
      await world.untilDone;
    },
    tell: () => {},
  });
  let isDown = false;

  async function answer(request: Request): Promise<Response> {
    if (isDown) return Response.json({ error: "the unit stops" }, { status: 503 });
    try {
      return await routes.answer(request, "127.0.0.1");
    } catch (error) {
      const status = error instanceof GatehouseError ? 400 : 500;
      return Response.json({ error: messageOf(error) }, { status });
    }
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, answer);
  let stopTicking = () => {};
  function tickLater(everyMs: number): void {
    stopTicking = systemClock.after(everyMs, () => {
      send(world.tick(systemClock.epochMs()));
      tickLater(everyMs);
    });
  }
  if (tickMs !== undefined) tickLater(tickMs);

  function send(change: DashboardChange): void {
    live.tell(change, () => world.view);
  }
  function cut(down: boolean): void {
    isDown = down;
    live.stop();
  }
  return {
    url: `http://127.0.0.1:${server.addr.port}/dashboard`,
    send,
    cut,
    async [Symbol.asyncDispose]() {
      stopTicking();
      cut(true);
      await server.shutdown();
    },
  };
}

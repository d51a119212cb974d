/**
 * The least of a unit that a cluster needs: `/events` with unacknowledged events sent again, and
 * `/api` that writes down what it is asked. On 127.0.0.1.
 *
 * @module
 */

import {
  encodeBatch,
  encodeLinkMessage,
  type EventRecord,
  type LinkHello,
  parseLinkMessage,
  RECORD,
} from "../../protocol/event_frame.ts";

/** A request to `/api`. */
export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | null;
  readonly body: unknown;
}

/** A fake unit that listens. */
export interface FakeUnit {
  readonly url: string;
  readonly calls: ApiCall[];
  /** What was said first on each link. */
  readonly hellos: LinkHello[];
  /** How many links were welcomed. */
  readonly links: number;
  /** Highest acknowledged cursor by shard. */
  readonly acked: Map<number, number>;
  /** Sends a dispatch, now and after each reconnect until it is acknowledged. */
  send(shardId: number, cursor: number, t: string, d: unknown): void;
  /** Resolves when `predicate` holds; it is asked after everything that happens. */
  until(predicate: () => boolean): Promise<void>;
  /** Closes every link; the cluster dials again. */
  dropLinks(): void;
  stop(): Promise<void>;
}

/** Starts a unit whose only cluster presents `credential`. */
export function fakeUnit(credential: string): FakeUnit {
  const calls: ApiCall[] = [];
  const hellos: LinkHello[] = [];
  const acked = new Map<number, number>();
  const records: EventRecord[] = [];
  const waiting = new Set<{ predicate: () => boolean; resolve: () => void }>();
  const welcomed = new Set<WebSocket>();
  let links = 0;

  function happened(): void {
    for (const wait of waiting) if (wait.predicate() && waiting.delete(wait)) wait.resolve();
  }

  function link(socket: WebSocket): void {
    socket.onmessage = ({ data }) => {
      const message = parseLinkMessage(data);
      if (message.op === "hello") {
        const { v } = message;
        hellos.push(message);
        links++;
        welcomed.add(socket);
        socket.send(
          encodeLinkMessage({
            op: "welcome",
            v,
            link: links,
            totalShards: 2,
            stream: "a",
          }),
        );
        const open = records.filter(({ shardId, cursor }) => cursor > (acked.get(shardId) ?? -1));
        if (open.length > 0) socket.send(encodeBatch(2, open));
      } else if (message.op === "ack") {
        for (const [id, cursor] of Object.entries(message.cursors)) acked.set(Number(id), cursor);
      }
      happened();
    };
    socket.onclose = () => {
      welcomed.delete(socket);
      happened();
    };
  }

  async function api(request: Request): Promise<Response> {
    const text = await request.text();
    calls.push({
      method: request.method,
      path: new URL(request.url).pathname.replace("/api/v10", ""),
      authorization: request.headers.get("authorization"),
      body: text === "" ? undefined : JSON.parse(text),
    });
    happened();
    return Response.json({ id: "4242" });
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    if (new URL(request.url).pathname.startsWith("/api/")) return api(request);
    if (request.headers.get("authorization") !== credential) {
      return new Response(null, { status: 401 });
    }
    const { socket, response } = Deno.upgradeWebSocket(request);
    link(socket);
    return response;
  });

  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    calls,
    hellos,
    acked,
    get links() {
      return links;
    },
    send(shardId, cursor, t, d) {
      const body = new TextEncoder().encode(JSON.stringify({ t, s: cursor, op: 0, d }));
      const record = { shardId, kind: RECORD.DISPATCH, cursor, body };
      records.push(record);
      for (const socket of welcomed) socket.send(encodeBatch(2, [record]));
    },
    until: (predicate) =>
      new Promise((resolve) => {
        if (predicate()) return resolve();
        waiting.add({ predicate, resolve });
      }),
    dropLinks() {
      for (const socket of welcomed) socket.close();
    },
    async stop() {
      for (const socket of welcomed) socket.close();
      await server.shutdown();
    },
  };
}

/**
 * The handler of a peer, in a process of its own: takes events as one JSON text each, over a
 * WebSocket or as the body of a POST.
 *
 * @module
 */

import { answerQuestions } from "../../program.ts";
import { openSink, type Sink } from "../sink.ts";

/** The one question to a handler; answered with its port. */
export interface HandlerQuestion {
  readonly sinkPort: number;
}

function take(sink: Sink, event: unknown): void {
  sink((event as { payload: { d: unknown } }).payload.d);
}

async function listen(sinkPort: number): Promise<number> {
  const sink = await openSink(sinkPort);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      if (request.headers.get("upgrade") === "websocket") {
        const { socket, response } = Deno.upgradeWebSocket(request);
        socket.onmessage = ({ data }) => take(sink, JSON.parse(data));
        return response;
      }
      take(sink, await request.json());
      return new Response(null, { status: 204 });
    },
  );
  return server.addr.port;
}

if (import.meta.main) {
  await answerQuestions(({ sinkPort }: HandlerQuestion) => listen(sinkPort));
}

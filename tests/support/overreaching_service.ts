/** A service for tests: reaches with its credential for what is not its, and says what came of it. */

import { type BotContext, defineService } from "../../mod.ts";

let own: BotContext | undefined;

export default defineService({
  start(context) {
    own = context;
  },
  async handleCommand(_data, _receptive, { asResponse }) {
    const { rest: { authorization, baseUrl } } = own!;
    const unit = baseUrl.replace("/api/v10", "");
    const ask = async (method: string, path: string) => {
      const answer = await fetch(unit + path, { method, headers: { authorization } });
      await answer.body?.cancel();
      return String(answer.status);
    };
    const hello = (who: object) => ({ op: "hello", v: 3, windowBytes: 1_000, ...who });
    const token = authorization.replace("Bot ", "");
    const identify = { op: 2, d: { token, intents: 0, shard: [0, 4], properties: {} } };
    const asked: [string, Promise<string>][] = [
      ["its own figures", ask("GET", "/control/stats")],
      ["everything", ask("GET", "/control/state")],
      ["a shard", ask("GET", "/control/shards/0")],
      ["a new session", ask("POST", "/control/shards/0/reconnect")],
      ["a resume", ask("POST", "/control/shards/0/resume")],
      ["a worker's end", ask("POST", "/control/workers/0/restart")],
      ["metrics", ask("GET", "/metrics")],
      ["a cluster's link", said(`${unit}/events`, authorization, hello({ clusterId: 0 }))],
      ["another's link", said(`${unit}/events`, authorization, hello({ service: "other" }))],
      ["a shard on /gateway", said(`${unit}/gateway?v=10&encoding=json`, authorization, identify)],
    ];
    const settled = asked.map(async ([name, outcome]) => [name, await outcome]);
    return asResponse(Object.fromEntries(await Promise.all(settled)));
  },
});

/** What comes of saying something on a socket: the code that it is closed with, or what is answered. */
function said(url: string, authorization: string, message: object): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace("http", "ws"), { headers: { authorization } });
    socket.onopen = () => socket.send(JSON.stringify(message));
    socket.onmessage = ({ data }) => {
      if (!String(data).includes('"op":10')) resolve(`answered ${data}`);
    };
    socket.onerror = () => {};
    socket.onclose = ({ code }) => resolve(`closed ${code}`);
  });
}

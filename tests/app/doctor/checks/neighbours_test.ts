import assert from "node:assert/strict";
import { checkBot, checkConsumers, checkNats } from "../../../../app/doctor/checks/neighbours.ts";
import { factsOf, told } from "../../../support/doctor_facts.ts";

Deno.test("bot: each module, or who else takes events", () => {
  const bots = [
    { module: "./bot.ts", problem: null },
    { module: "./no.ts", problem: "Cannot load ./no.ts: gone" },
  ];
  assert.deepEqual(told(checkBot(factsOf({ rest: { bots } }))), [
    "ok: ./bot.ts and all that it imports is there",
    "fail: Cannot load ./no.ts: gone → mend it: a start ends there",
  ]);
  assert.match(told(checkBot(factsOf()))[0]!, /^ok: no code of yours is named/);
  const remote = { config: { eventHandlerUrls: ["ws://a/"] } };
  assert.match(told(checkBot(factsOf(remote)))[0]!, /^skipped: .*elsewhere/);
});

Deno.test("events: a consumer that is away is a warning, one that wants another secret is not", () => {
  const consumers = [
    { url: "ws://a/", reached: { is: true } as const },
    { url: "ws://b/", reached: { failed: "connection refused" } },
    { url: "ws://c/", reached: { failed: "answered 401" } },
    { url: "https://d/", reached: { is: true } as const },
  ];
  const lines = told(checkConsumers(factsOf({ rest: { consumers } })));
  assert.match(lines[0]!, /^ok: ws:\/\/a\/ answers$/);
  assert.match(lines[1]!, /^warn: ws:\/\/b\/: connection refused → start it/);
  assert.match(lines[2]!, /^fail: .*EVENT_HANDLER_SECRET_KEY/);
  assert.match(lines[3]!, /^ok: somebody listens at https:\/\/d\/; nothing was POSTed$/);
});

type Server = string | { version: string; problem?: string };

function nats(...servers: Server[]): string[] {
  const facts = servers.map((server, i) => ({
    url: `nats://${i}`,
    server: typeof server === "string"
      ? { failed: server }
      : { is: { problem: null, isKnown: true, ...server } },
  }));
  return told(checkNats(factsOf({ rest: { nats: facts } })));
}

Deno.test("NATS: one server that is away is a warning, all are a failure", () => {
  assert.match(nats("refused")[0]!, /^fail: nats:\/\/0: refused → is it up/);
  const [up, away] = nats({ version: "2.10.3" }, "refused");
  assert.match(up!, /^ok: nats:\/\/0: NATS 2\.10\.3, with JetStream/);
  assert.match(away!, /^warn: .*another one is there$/);
});

Deno.test("NATS: without JetStream, or too old, it is no server", () => {
  const without = { version: "2.10.3", problem: "JetStream is not there" };
  assert.match(nats(without)[0]!, /^fail: .*-js/);
  assert.match(nats({ version: "2.8.4" })[0]!, /^fail: .*2\.9 or newer is needed/);
  assert.match(nats({ version: "2.9.10" })[0]!, /^warn: .*2\.10 or newer is better/);
});

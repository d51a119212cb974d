import assert from "node:assert/strict";
import { readHttpEvent } from "../../../protocol/discord/http_event.ts";

function event(text: string) {
  const read = readHttpEvent(text);
  assert.ok(read.kind !== "ping");
  return { ...read, payload: new TextDecoder().decode(read.payload) };
}

Deno.test("readHttpEvent() tells the two kinds of PING apart", () => {
  const common = { id: "1", application_id: "2", version: 1 };
  const read = (more: object) => readHttpEvent(JSON.stringify({ ...common, ...more }));
  assert.deepEqual(read({ type: 1 }), { kind: "ping", of: "interactions" });
  assert.deepEqual(read({ type: 0 }), { kind: "ping", of: "webhook events" });
});

Deno.test("readHttpEvent() makes of an interaction what the gateway would bring, as it came", () => {
  const text = '{"id":"77","type":2, "guild_id":"5","data":{"n":12345678901234567890}}';
  assert.deepEqual(event(` ${text}\n`), {
    kind: "interaction",
    t: "INTERACTION_CREATE",
    guildId: "5",
    id: "77",
    payload: `{"t":"INTERACTION_CREATE","s":null,"op":0,"d":${text}}`,
  });
  assert.equal(event('{"id":"77","type":2}').guildId, "");
});

Deno.test("readHttpEvent() makes of a webhook event a dispatch of its own type, with its time", () => {
  const of = (data: object | undefined) =>
    event(JSON.stringify({
      ...{ version: 1, application_id: "2", type: 1 },
      event: { type: "ENTITLEMENT_CREATE", timestamp: "2026-01-01T00:00:00", data },
    }));
  const { t, guildId, id, payload } = of({ id: "9", guild_id: "5" });
  assert.deepEqual([t, guildId, id], ["ENTITLEMENT_CREATE", "5", null]);
  assert.deepEqual(JSON.parse(payload).d, {
    id: "9",
    guild_id: "5",
    event_timestamp: "2026-01-01T00:00:00",
  });
  assert.equal(of({ guild: { id: "6" } }).guildId, "6");
  assert.equal(of(undefined).guildId, "");
});

Deno.test("readHttpEvent() says what is wrong with anything else", () => {
  for (
    const [text, reason] of [
      ["", /not JSON/],
      ["[]", /not an object/],
      ['{"type":2}', /neither an interaction/],
      ['{"type":2,"id":"x"}', /neither an interaction/],
      ['{"event":{"type":"lower"}}', /no type/],
      ['{"event":{}}', /no type/],
    ] as const
  ) {
    assert.throws(() => readHttpEvent(text), { code: "bad_message", message: reason }, text);
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { allowedCallbacks } from "../../../sim/rest/interactions.ts";
import { refused, restApi } from "./api.ts";

/** Bodies that are right for each type of first response. */
const BODIES: Readonly<Record<number, Record<string, unknown>>> = {
  4: { content: "hi" },
  5: {},
  6: {},
  7: { content: "changed" },
  8: { choices: [] },
  9: { components: [{}], title: "t", custom_id: "c" },
  12: {},
};

function withInteraction(type = 2, event: Record<string, unknown> = {}) {
  const api = restApi();
  const { world, guild, channel } = api;
  const id = world.nextId();
  const token = `interaction-token-${id}`;
  world.emit("INTERACTION_CREATE", guild.id, {
    id,
    type,
    token,
    channel_id: channel.id,
    guild_id: guild.id,
    ...event,
  });
  const answer = (callback: number, data = BODIES[callback], query = "") =>
    api.call("POST", `/interactions/${id}/${token}/callback${query}`, {
      auth: null,
      json: { type: callback, ...(data && { data }) },
    });
  return { ...api, id, token, answer, followUps: `/webhooks/${world.application.id}/${token}` };
}

Deno.test("each type of interaction takes the first responses of the table and no others", async () => {
  const table: [number, number[]][] = [
    [2, [4, 5, 9, 12]],
    [3, [4, 5, 6, 7, 9, 12]],
    [4, [8]],
    [5, [4, 5, 12]],
  ];
  for (const [type, allowed] of table) {
    for (const callback of Object.keys(BODIES).map(Number)) {
      const { answer } = withInteraction(type);
      const { status } = await answer(callback);
      assert.equal(
        status,
        allowed.includes(callback) ? 204 : 400,
        `${type} answered with ${callback}`,
      );
    }
  }
});

Deno.test("a modal that was opened from a component can update its message", () => {
  const modal = { id: "1", token: "t", type: 5 };
  assert.ok(!allowedCallbacks(modal).includes(7));
  assert.ok(allowedCallbacks({ ...modal, message: { id: "2" } }).includes(7));
});

Deno.test("a first response is a message of the channel, and is told", async () => {
  const { answer, dispatches, guild, followUps, call } = withInteraction();
  assert.equal((await answer(4)).status, 204);
  assert.deepEqual([dispatches.at(-1)!.t, dispatches.at(-1)!.guildId], [
    "MESSAGE_CREATE",
    guild.id,
  ]);
  const { json } = await call("GET", `${followUps}/messages/@original`, { auth: null });
  assert.equal(json.content, "hi");
});

Deno.test("with_response describes the interaction and its message", async () => {
  const { answer, id } = withInteraction();
  const { status, json } = await answer(4, { content: "hi", flags: 64 }, "?with_response=true");
  assert.equal(status, 200);
  assert.equal(json.interaction.id, id);
  assert.equal(json.interaction.response_message_id, json.resource.message.id);
  assert.equal(json.interaction.response_message_ephemeral, true);
  assert.equal(json.resource.type, 4);
});

Deno.test("an ephemeral answer is told without a guild", async () => {
  const { answer, dispatches } = withInteraction();
  await answer(4, { content: "only you", flags: 64 });
  assert.equal(dispatches.at(-1)!.guildId, null);
});

Deno.test("a first response after 3 s, or with another token, is 10062", async () => {
  const late = withInteraction();
  await late.clock.advance(3001);
  refused(await late.answer(4), 404, 10062);
  const { id, call } = withInteraction();
  const json = { type: 4, data: { content: "x" } };
  refused(await call("POST", `/interactions/${id}/wrong/callback`, { json }), 404, 10062);
  refused(await call("POST", "/interactions/1/wrong/callback", { json }), 404, 10062);
});

Deno.test("a second first response is 40060", async () => {
  const { answer } = withInteraction();
  await answer(5);
  refused(await answer(4), 400, 40060);
});

Deno.test("a response that cannot be shown does not spend the one response", async () => {
  const { answer } = withInteraction();
  refused(await answer(4, {}), 400, 50006);
  assert.equal((await answer(4)).status, 204);
});

Deno.test("a deferral is answered by editing @original, which ends the thinking", async () => {
  const { answer, call, followUps, dispatches } = withInteraction();
  const { json } = await answer(5, { flags: 64 }, "?with_response=true");
  assert.equal(json.interaction.response_message_loading, true);
  const { json: edited } = await call("PATCH", `${followUps}/messages/@original`, {
    auth: null,
    json: { content: "done" },
  });
  assert.equal(edited.flags, 64);
  assert.equal(edited.content, "done");
  assert.equal(dispatches.at(-1)!.t, "MESSAGE_UPDATE");
});

Deno.test("the first follow-up after a deferral is the deferred answer, the second is another", async () => {
  const { answer, call, followUps } = withInteraction();
  const { json } = await answer(5, {}, "?with_response=true");
  const post = () => call("POST", followUps, { auth: null, json: { content: "later" } });
  assert.equal((await post()).json.id, json.resource.message.id);
  assert.notEqual((await post()).json.id, json.resource.message.id);
});

Deno.test("a component's message is updated by 7 and is @original after 6", async () => {
  for (const callback of [6, 7]) {
    const { world, call, channel } = restApi();
    const path = `/channels/${channel.id}/messages`;
    const { json: message } = await call("POST", path, { json: { content: "buttons" } });
    const event = { id: world.nextId(), type: 3, token: "t", channel_id: channel.id, message };
    world.emit("INTERACTION_CREATE", null, event);
    await call("POST", `/interactions/${event.id}/t/callback`, {
      json: { type: callback, data: { content: "changed" } },
    });
    const original = await call("GET", `/webhooks/${world.application.id}/t/messages/@original`);
    assert.equal(original.json.id, message.id);
    assert.equal(original.json.content, callback === 7 ? "changed" : "buttons");
  }
});

Deno.test("follow-ups are messages at once, until the token is 15 minutes old: 50027", async () => {
  const { answer, call, clock, followUps } = withInteraction();
  const post = () => call("POST", followUps, { auth: null, json: { content: "more" } });
  refused(await post(), 404, 10015);
  await answer(4);
  await clock.advance(890_000);
  assert.equal((await post()).status, 200);
  await clock.advance(10_001);
  refused(await post(), 401, 50027);
});

Deno.test("an app that only a user installed sends at most five follow-ups: 40094", async () => {
  const { answer, call, clock, followUps } = withInteraction(2, {
    authorizing_integration_owners: { 1: "42" },
  });
  await answer(4);
  const post = () => call("POST", followUps, { auth: null, json: { content: "more" } });
  for (let i = 0; i < 5; i++) assert.equal((await post()).status, 200);
  await clock.advance(2000);
  refused(await post(), 400, 40094);
});

Deno.test("too many choices or modal components are 50035", async () => {
  const complete = withInteraction(4);
  refused(await complete.answer(8, { choices: Array(26).fill({}) }), 400, 50035);
  const modal = withInteraction(2);
  refused(await modal.answer(9, { components: [] }), 400, 50035);
});

Deno.test("answers to interactions pass while the global limit refuses everything else", async () => {
  const { answer, call, followUps, world } = withInteraction();
  world.settings.restGlobalPerSecond = 0;
  assert.equal((await call("GET", "/users/@me")).status, 429);
  assert.equal((await answer(4)).status, 204);
  const followUp = await call("POST", followUps, { json: { content: "more" } });
  assert.equal(followUp.status, 200);
});

Deno.test("follow-ups of different interactions never share a bucket", async () => {
  const { world, call, channel } = restApi();
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 6, max: 20 }), async (interactions) => {
      for (let i = 0; i < interactions; i++) {
        const event = { id: world.nextId(), type: 2, token: "", channel_id: channel.id };
        event.token = `token-${event.id}`;
        world.emit("INTERACTION_CREATE", null, event);
        await call("POST", `/interactions/${event.id}/${event.token}/callback`, {
          json: { type: 4, data: { content: "x" } },
        });
        const { headers } = await call("POST", `/webhooks/${world.application.id}/${event.token}`, {
          json: { content: "x" },
        });
        assert.equal(headers.get("x-ratelimit-remaining"), "4");
      }
    }),
    { numRuns: 3 },
  );
});

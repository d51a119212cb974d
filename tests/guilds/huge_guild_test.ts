/**
 * A guild of 75,000 members: whatever comes, no step takes long, and a change does not take longer than in a
 * small one. What is counted is the text that is taken up or gone through, not time.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createBody } from "../../guilds/create.ts";
import { find } from "../../guilds/found.ts";
import { Guilds } from "../../guilds/guilds.ts";
import { Page, WarmPages } from "../../guilds/page.ts";
import { freeze, partsOf } from "../../guilds/parts.ts";
import { PAGE_BYTES } from "../../guilds/section.ts";
import type { Work } from "../../guilds/slices.ts";

const MEMBERS = 75_000;
const ALL = { members: true, presences: true, voice: true };
/** About what takes a millisecond. */
const STEP_BYTES = 10 * PAGE_BYTES;

/** Counts the bytes of pages that are read or packed. */
class Meter {
  #bytes = 0;
  total = 0;
  longest = 0;

  /** Does work step by step. */
  run<T>(work: Work<T>): T {
    this.total = this.longest = 0;
    const undo = (["open", "peek", "set", "delete", "packed"] as const).map((name) =>
      this.#watch(name)
    );
    let step = this.#step(work);
    while (!step.done) step = this.#step(work);
    for (const each of undo) each();
    return step.value;
  }

  #step<T>(work: Work<T>): IteratorResult<unknown, T> {
    this.#bytes = 0;
    const step = work.next();
    this.total += this.#bytes;
    this.longest = Math.max(this.longest, this.#bytes);
    return step;
  }

  /** Only what is packed is work: what is open is there. */
  #watch(name: "open" | "peek" | "set" | "delete" | "packed"): () => void {
    const own = Page.prototype[name] as (this: Page, ...given: string[]) => unknown;
    const count = (page: Page) => {
      if (page.isPacked !== (name === "packed")) this.#bytes += page.bytes;
    };
    function counting(this: Page, ...given: string[]) {
      count(this);
      return own.apply(this, given);
    }
    Object.assign(Page.prototype, { [name]: counting });
    return () => void Object.assign(Page.prototype, { [name]: own });
  }
}

const idOf = (i: number) => String(175_928_847_299_117_063n + BigInt(i) * 4_194_304_000n);
const member = (i: number) => ({
  user: { id: idOf(i), username: `name of ${i}`, avatar: "0123456789abcdef0123456789abcdef" },
  nick: null,
  roles: ["5", i % 2 === 0 ? "6" : "7"],
  joined_at: "2021-01-01T00:00:00.000000+00:00",
});

Deno.test("in a guild of 75,000 members no step is long, and a change is as short as anywhere", () => {
  const warm = new WarmPages(0);
  const meter = new Meter();
  const guilds = new Guilds(warm);
  const chill = () => {
    while (warm.isOver) warm.packOne();
  };
  const apply = (t: string, d: object) =>
    meter.run(guilds.apply(t, JSON.stringify({ guild_id: "1", ...d }), ALL));
  apply("READY", { user: { id: idOf(0) }, guilds: [] });
  apply("GUILD_CREATE", {
    id: "1",
    member_count: MEMBERS,
    roles: [{ id: "5" }, { id: "6" }],
    members: [],
  });
  let longest = 0;
  for (let from = 0; from < MEMBERS; from += 1_000) {
    const members = Array.from({ length: 1_000 }, (_, i) => member(from + i));
    const presences = members.slice(0, 100).map(({ user: { id } }) => ({
      user: { id },
      status: "idle",
    }));
    // Now and then, because it takes long.
    if (from % 25_000 === 0) chill();
    apply("GUILD_MEMBERS_CHUNK", { members, presences });
    longest = Math.max(longest, meter.longest);
  }
  assert.ok(longest <= STEP_BYTES, `a chunk: ${longest} bytes in a step`);

  const [user, update] = [{ id: idOf(7) }, { nick: "new" }];
  for (
    const [t, d] of [
      ["GUILD_MEMBER_UPDATE", { user, ...update }],
      ["GUILD_MEMBER_ADD", member(MEMBERS)],
      ["GUILD_MEMBER_REMOVE", { user: { id: idOf(9) } }],
      ["PRESENCE_UPDATE", { user, status: "dnd" }],
      ["VOICE_STATE_UPDATE", { user_id: idOf(8), channel_id: "3", member: member(8) }],
      ["GUILD_UPDATE", { id: "1", name: "new" }],
      ["CHANNEL_UPDATE", { id: "3" }],
      ["GUILD_ROLE_UPDATE", { role: { id: "5" } }],
    ] as const
  ) {
    chill();
    apply(t, d);
    assert.ok(meter.total <= STEP_BYTES, `${t}: ${meter.total} bytes`);
  }

  const fork = guilds.fork();
  chill();
  apply("GUILD_MEMBER_UPDATE", { user, nick: "newer" });
  assert.ok(meter.total <= STEP_BYTES, `beside a state that others look at: ${meter.total} bytes`);

  chill();
  apply("GUILD_ROLE_DELETE", { role_id: "6" });
  assert.ok(meter.longest <= STEP_BYTES, `a role that is gone: ${meter.longest} bytes in a step`);
  const roles = JSON.parse(guilds.all.get("1")!.get("members", idOf(8))!).roles;
  assert.deepEqual(roles, ["5"]);

  for (const intents of [0xffff, 0x00ff]) {
    const terms = { intents, largeThreshold: 250 };
    chill();
    const body = meter.run(createBody(guilds.all.get("1")!, terms, idOf(0)));
    assert.ok(meter.longest <= STEP_BYTES, `GUILD_CREATE: ${meter.longest} bytes in a step`);
    const { members, member_count } = JSON.parse(new TextDecoder().decode(body));
    assert.deepEqual([members.length, member_count], [intents === 0xffff ? 7_499 : 2, MEMBERS]);
  }

  chill();
  meter.run(find(guilds, { kind: "user", userId: idOf(MEMBERS - 1) }));
  assert.ok(meter.total <= STEP_BYTES, `a user is found: ${meter.total} bytes`);

  const frozen = meter.run(freeze(fork));
  assert.ok(meter.longest <= STEP_BYTES, `frozen: ${meter.longest} bytes in a step`);
  meter.run(
    function* (): Work<void> {
      for (const { bytes } of partsOf(fork, frozen)) {
        assert.ok(bytes.length < 300 * 1024);
        yield;
      }
    }(),
  );
  assert.equal(meter.total, 0, "parts are made of what is packed");
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { type Answered, type Attempt, DeadEnds } from "../../rest/dead_ends.ts";
import { routeOf } from "../../rest/route.ts";

const GONE = { status: 404, text: '{"message": "Unknown Webhook", "code": 10015}' };
const UNAUTHORIZED = { status: 401, text: '{"message": "401: Unauthorized", "code": 0}' };
const PAGE: Answered = { status: 403, refusal: { scope: "address", retryAfterMs: 1_000 } };
const ANSWERS: readonly Answered[] = [GONE, UNAUTHORIZED, PAGE, { status: 200 }, { status: 502 }];

const attempt = fc.record({
  method: fc.constantFrom("GET", "POST"),
  path: fc.constantFrom(
    ...["/webhooks/1/t", "/webhooks/1/t/messages/2", "/webhooks/2/t", "/users/@me", "/gateway"],
    ...["/channels/1/messages", "/channels/2/messages", "/channels/3/messages"],
  ),
  credential: fc.constantFrom("", "Bot a", "Bot b"),
}).map(({ method, path, credential }): Attempt => ({ route: routeOf(method, path), credential }));

const step = fc.record({
  attempt,
  answered: fc.constantFrom(...ANSWERS),
  afterMs: fc.constantFrom(0, 100, 1_000, 5_000, 40_000),
});

/** The same in words: which noes were heard since the last better answer, of each ground. */
class Heard {
  readonly #noes: { ground: string; own: string; route: string }[] = [];

  learn(attempt: Attempt, answered: Answered): void {
    const no = answered === PAGE
      ? "address"
      : answered === UNAUTHORIZED
      ? credentialOf(attempt)
      : answered === GONE
      ? placeOf(attempt)
      : null;
    const isYes = (ground: string) =>
      answered !== PAGE && answered.status < 500 &&
      (ground === "address" || answered.status !== 401);
    for (const ground of groundsOf(attempt)) {
      if (ground === no) this.#noes.push({ ground, ...namesOf(attempt) });
      else if (isYes(ground)) this.#forget(ground, namesOf(attempt).own);
    }
  }

  /** Whether what was heard is enough to stop a request. */
  isEnough(attempt: Attempt): boolean {
    const { own } = namesOf(attempt);
    return groundsOf(attempt).some((ground) => {
      const said = this.#noes.filter((no) => no.ground === ground);
      const fresh = said.filter(({ route }) => route !== "");
      return said.some((no) => no.own === own) ||
        new Set(fresh.map(({ route }) => route)).size >= 2 ||
        new Set(fresh.map((no) => no.own)).size >= 5;
    });
  }

  /** It proves nothing of others any more; of its own route only the route itself can tell. */
  #forget(ground: string, own: string): void {
    for (const [i, no] of [...this.#noes.entries()].reverse()) {
      if (no.ground !== ground) continue;
      if (no.own === own) this.#noes.splice(i, 1);
      else this.#noes[i] = { ...no, route: "" };
    }
  }
}

const placeOf = ({ route: { major } }: Attempt) => major.startsWith("webhooks/") ? major : null;
const credentialOf = ({ route: { kind }, credential }: Attempt) =>
  kind === "other" && credential !== "" ? credential : null;
const groundsOf = (attempt: Attempt) =>
  ["address", placeOf(attempt), credentialOf(attempt)].filter((ground) => ground !== null);
const namesOf = ({ route: { method, template, major }, credential }: Attempt) => {
  const route = `${credential} ${method} ${template}`;
  return { own: `${route} ${major}`, route };
};

Deno.test("DeadEnds stops nothing for which it has not heard enough, whatever is answered to whom", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ends = new DeadEnds();
      const heard = new Heard();
      let nowMs = 0;
      for (const { attempt, answered, afterMs } of steps) {
        nowMs += afterMs;
        if (ends.find(attempt, nowMs) !== null) {
          assert.ok(heard.isEnough(attempt), `${JSON.stringify(attempt)} at ${nowMs}`);
          continue;
        }
        ends.goAhead(attempt, nowMs);
        ends.learn(attempt, answered, nowMs);
        heard.learn(attempt, answered);
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("DeadEnds lets every route go again within three hours, once all is well", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.array(attempt), (steps, later) => {
      const ends = new DeadEnds();
      let nowMs = 0;
      for (const { attempt, answered, afterMs } of steps) {
        nowMs += afterMs;
        if (ends.find(attempt, nowMs) !== null) continue;
        ends.goAhead(attempt, nowMs);
        ends.learn(attempt, answered, nowMs);
      }
      nowMs += 3 * 3_600_000;
      for (const attempt of later) {
        assert.equal(ends.find(attempt, nowMs), null);
        ends.goAhead(attempt, nowMs);
        ends.learn(attempt, { status: 200 }, nowMs);
      }
    }),
    { numRuns: 500 },
  );
});

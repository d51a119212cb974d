/**
 * Who takes events by POST, in virtual time: verifies what comes, keeps it as a careful receiver does, and can be
 * told to fail.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { type Clock, sleep } from "../../ports/clock.ts";
import type { HttpPost, PostAnswer } from "../../ports/http/post.ts";

/** One event of a POST, as it is in the body. */
export interface PostedJson {
  readonly shardId: number;
  readonly totalShards: number;
  readonly cursor: number;
  readonly payload?: { readonly t: string; readonly s: number; readonly d: unknown };
  readonly gap?: unknown;
  readonly kind?: number;
}

/** A POST that came. */
export interface CamePost {
  readonly id: string;
  readonly atMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly events: readonly PostedJson[];
  /** Of the body. */
  readonly bytes: number;
}

/** What a receiver is. */
export interface PostReceiver {
  readonly post: HttpPost;
  /** Every POST that reached it. */
  readonly posts: CamePost[];
  /** Events in the order in which they came, without those that its cursors say came before. */
  readonly got: PostedJson[];
  /** Events that came again. */
  repeats: number;
  /** POSTs that are under way now, and the most that ever were. */
  readonly underWay: { now: number; most: number; sameShard: number };
  /** How the next POSTs are answered, once they are taken or not: by default 204. */
  answer: (came: CamePost) => Partial<PostAnswer> | "lost" | "refused";
  /** How long an answer takes. */
  latencyMs: number;
}

/** Makes one that takes what is signed with `secretKey`. */
export function postReceiver(clock: Clock, secretKey: string | null = "a secret"): PostReceiver {
  const seen = new Map<string, number>();
  const busy = new Map<string, number>();
  const receiver: PostReceiver = {
    posts: [],
    got: [],
    repeats: 0,
    underWay: { now: 0, most: 0, sameShard: 0 },
    answer: () => ({}),
    latencyMs: 5,
    async post({ headers, body, signal }) {
      const text = new TextDecoder().decode(body);
      verify(headers, text, secretKey);
      const came: CamePost = {
        id: headers["webhook-id"]!,
        atMs: clock.now(),
        headers,
        events: JSON.parse(text).events,
        bytes: body.length,
      };
      const verdict = receiver.answer(came);
      if (verdict === "refused") throw new Error("connection refused");
      receiver.posts.push(came);
      const shards = [...new Set(came.events.map(shardOf))];
      const { underWay } = receiver;
      underWay.most = Math.max(underWay.most, ++underWay.now);
      for (const shard of shards) {
        const count = (busy.get(shard) ?? 0) + 1;
        busy.set(shard, count);
        underWay.sameShard = Math.max(underWay.sameShard, count);
      }
      try {
        await sleep(clock, receiver.latencyMs, signal);
      } finally {
        underWay.now--;
        for (const shard of shards) busy.set(shard, busy.get(shard)! - 1);
      }
      const { status = 204, retryAfter = null, text: said = "" } = verdict === "lost"
        ? {}
        : verdict;
      if (status < 300) keep(came.events);
      if (verdict === "lost") throw new Error("connection reset");
      return { status, retryAfter, text: said };
    },
  };
  function keep(events: readonly PostedJson[]): void {
    for (const event of events) {
      const shard = shardOf(event);
      if (event.cursor <= (seen.get(shard) ?? -1)) {
        receiver.repeats++;
        continue;
      }
      seen.set(shard, event.cursor);
      receiver.got.push(event);
    }
  }
  return receiver;
}

function shardOf({ shardId, totalShards }: PostedJson): string {
  return `${shardId}/${totalShards}`;
}

/** By what the specification says, and not by our own code. */
function verify(headers: Readonly<Record<string, string>>, body: string, key: string | null): void {
  if (key === null) return assert.equal(headers["webhook-signature"], undefined);
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const expected = createHmac("sha256", key).update(signed).digest("base64");
  assert.equal(headers["webhook-signature"], `v1,${expected}`);
}

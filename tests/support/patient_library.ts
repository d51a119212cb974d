/**
 * A library on `/gateway` that does what libraries do, by itself: it identifies, acknowledges when it is asked to,
 * resumes when it is closed, begins anew after op 9, and ends on a code that is final.
 *
 * @module
 */

import { ALL_INTENTS } from "../../protocol/discord/intents.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { shardRange } from "../../protocol/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Consumers } from "../../unit/consumers.ts";
import type { Payload } from "./library.ts";

/** Codes after which no library comes back. */
const FINAL: ReadonlySet<number> = new Set([4004, 4010, 4011, 4012, 4013, 4014]);
/** It answers so late. */
const THINKS_MS = 2;
const COMES_BACK_MS = 20;
/** Between op 9 and the next IDENTIFY. */
const BEGINS_ANEW_MS = 1_000;

/** A library that has one shard of the total that it goes by. */
export function patientLibrary(
  { consumers, clock }: { consumers: Pick<Consumers, "accept">; clock: Clock },
  shard: readonly [number, number],
  token = "secret",
) {
  const got: Payload[] = [];
  let session: string | null = null;
  let last = 0;
  let code: number | null = null;
  let isOver = false;
  let at = consumers;
  let line = connect();

  function connect() {
    let isOpen = true;
    const link = at.accept(
      {
        send: (text) => void (isOpen && take(JSON.parse(text))),
        sendBytes() {},
        close(given) {
          if (!isOpen) return;
          code = given;
          end(given);
          if (FINAL.has(given)) isOver = true;
          else comeBack();
        },
      },
      new URLSearchParams("v=10&encoding=json"),
      "ws://gatehouse.test/",
    );
    function send(op: number, d: unknown) {
      if (isOpen) link.text(JSON.stringify({ op, d }));
    }
    function soon(ms: number, op: number, d: () => unknown) {
      clock.after(ms, () => send(op, d()));
    }
    function begin(ms: number) {
      if (session === null) {
        return soon(
          ms,
          OP.IDENTIFY,
          () => ({ token, intents: ALL_INTENTS, shard, properties: {} }),
        );
      }
      const resume = { token, session_id: session };
      soon(ms, OP.RESUME, () => ({ ...resume, seq: last }));
    }
    function beatEvery(ms: number) {
      clock.after(ms, () => {
        send(OP.HEARTBEAT, last);
        if (isOpen) beatEvery(ms);
      });
    }
    function take(payload: Payload) {
      got.push(payload);
      if (payload.s !== null) last = payload.s;
      if (payload.t === "READY") session = payload.d.session_id;
      if (payload.op === OP.HELLO) {
        begin(THINKS_MS);
        beatEvery(payload.d.heartbeat_interval);
      }
      if (payload.op === OP.HEARTBEAT) soon(THINKS_MS, OP.HEARTBEAT, () => last);
      if (payload.op !== OP.INVALID_SESSION) return;
      session = null;
      last = 0;
      begin(BEGINS_ANEW_MS);
    }
    function end(given: number) {
      isOpen = false;
      clock.after(1, () => link.closed(given));
    }
    function cut() {
      if (isOpen) link.closed(1006);
      isOpen = false;
    }
    return { send, cut, end, isOpen: () => isOpen };
  }

  function comeBack() {
    clock.after(COMES_BACK_MS, () => void (isOver || line.isOpen() || (line = connect())));
  }

  return {
    got,
    send: (op: number, d: unknown) => line.send(op, d),
    /** Loses its connection, and comes back. */
    cut() {
      if (!line.isOpen()) return;
      line.cut();
      comeBack();
    },
    /** Is there no more. */
    end(given = 1000) {
      isOver = true;
      if (line.isOpen()) line.end(given);
    },
    /** From now on it comes back to another life of the unit. */
    moveTo(next: Pick<Consumers, "accept">) {
      at = next;
      line.cut();
      comeBack();
    },
    /** With which it was closed last. */
    get code() {
      return code;
    },
    get isOver() {
      return isOver;
    },
    count: (t: string) => got.filter((it) => it.t === t).length,
    /** Names of the events that came. */
    names: () => got.flatMap(({ t }) => t?.startsWith("EVENT_") ? [t] : []),
    numbers: () => got.flatMap(({ t, s }) => t?.startsWith("EVENT_") ? [s!] : []),
  };
}

/** What {@linkcode patientLibrary} gives. */
export type PatientLibrary = ReturnType<typeof patientLibrary>;

/**
 * A bot whose process has a library for each shard of a total. When one of them ends it is started anew, by the
 * total that it is told then: to be looked at now and then.
 */
export function patientBot(
  unit: { consumers: Pick<Consumers, "accept">; clock: Clock },
  total: number,
  toldTotal: () => number,
  token?: string,
) {
  const start = (total: number) =>
    shardRange(0, total - 1).map((id) => patientLibrary(unit, [id, total], token));
  let own = start(total);
  const all = [...own];
  return {
    /** Those that are, and those that were. */
    all,
    /** Those that are. */
    get own() {
      return own;
    },
    look() {
      if (!own.some(({ isOver }) => isOver)) return;
      for (const library of own) library.end();
      own = start(toldTotal());
      all.push(...own);
    },
    names: () => all.flatMap((library) => library.names()),
  };
}

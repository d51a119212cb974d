/**
 * A library on `/gateway` of a rig: it says what a test wants it to, and acknowledges when it is told
 * to, by the test or by op 1.
 *
 * @module
 */

import { ALL_INTENTS } from "../../protocol/discord/intents.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import type { Rig } from "./rig.ts";

/** A payload as a library reads it. */
export interface Payload {
  readonly op: number;
  readonly t: string | null;
  readonly s: number | null;
  // deno-lint-ignore no-explicit-any -- what a gateway says
  readonly d: any;
}

/** What a session is told about itself. */
const OF_A_SESSION: ReadonlySet<string> = new Set(["READY", "RESUMED", "GATEHOUSE_REPEAT"]);

/**
 * A connection of a library; it is dead where it does not answer a close frame. With `x:name` as its token it
 * reads beside the bot.
 */
export function connect(
  { gateway, clock }: Pick<Rig, "gateway" | "clock">,
  isDead = false,
  token = "x",
) {
  const got: Payload[] = [];
  const texts: string[] = [];
  let closedWith: number | null = null;
  let isBusy = isDead;
  const link = gateway.consumers.accept(
    {
      send: (text) => {
        texts.push(text);
        const payload = JSON.parse(text) as Payload;
        got.push(payload);
        if (payload.op === OP.HEARTBEAT && !isBusy) {
          clock.after(1, () => send(OP.HEARTBEAT, last()));
        }
      },
      sendBytes() {},
      close: (code) => {
        closedWith = code;
        if (!isDead) clock.after(1, () => link.closed(code));
      },
    },
    new URLSearchParams("v=10&encoding=json"),
    "ws://gatehouse.test/",
  );
  const send = (op: number, d: unknown) => link.text(JSON.stringify({ op, d }));
  const last = () => got.findLast(({ s }) => s !== null)?.s ?? 0;
  return {
    got,
    /** What came, as it came. */
    texts,
    last,
    send,
    /** Sends a payload as its text is. */
    raw: (text: string) => link.text(text),
    get closedWith() {
      return closedWith;
    },
    /** From now on it answers no heartbeat that it is asked for. */
    beBusy: () => void (isBusy = true),
    /** The events, without what a session is told about itself. */
    events: () => got.filter(({ t }) => t !== null && !OF_A_SESSION.has(t)),
    identify: (presence?: object, shard = [0, 1], intents = ALL_INTENTS) =>
      send(OP.IDENTIFY, {
        token,
        intents,
        shard,
        properties: {},
        ...(presence && { presence }),
      }),
    resume: (sessionId: string, seq: number) =>
      send(OP.RESUME, { token, session_id: sessionId, seq }),
    acknowledge: () => send(OP.HEARTBEAT, last()),
    sessionId: () => got.find(({ t }) => t === "READY")?.d.session_id as string,
    /** The body of the last dispatch of this name. */
    body: (t: string) => got.findLast((payload) => payload.t === t)?.d,
    close: (code: number) => link.closed(code),
  };
}

/** What {@linkcode connect} gives. */
export type Library = ReturnType<typeof connect>;

/** Names of the events that came, one library after the other. */
export function names(...libraries: Library[]): (string | null)[] {
  return libraries.flatMap((library) => library.events().map(({ t }) => t));
}

/** Names of the events that Discord has sent, without what belongs to its own session. */
export function sent({ sim }: Pick<Rig, "sim">): string[] {
  return sim.ledger.events.map(({ t }) => t).filter((t) => t !== "READY" && t !== "RESUMED");
}

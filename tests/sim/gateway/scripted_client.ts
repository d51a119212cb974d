/**
 * A client for the simulator's own tests: it does what the test says and nothing else, so that it can
 * break rules too.
 *
 * @module
 */

import { ALL_INTENTS } from "../../../protocol/discord/intents.ts";
import { OP } from "../../../protocol/discord/opcodes.ts";
import type { Socket } from "../../../ports/socket.ts";
import {
  createSimulator,
  createVirtualClock,
  simConnect,
  type Simulator,
} from "../../../sim/mod.ts";
import type { SimulatorOptions } from "../../../sim/mod.ts";
import type { VirtualClock } from "../../../sim/mod.ts";

/** A payload as the client reads it. */
export interface Payload {
  readonly t: string | null;
  readonly s: number | null;
  readonly op: number;
  // deno-lint-ignore no-explicit-any -- tests look into bodies of every kind
  readonly d: any;
}

/** A simulator in virtual time and a way to connect to it. */
export interface Stage {
  readonly clock: VirtualClock;
  readonly sim: Simulator;
  /** Opens a connection, by default to the base host, and waits for what comes at once. */
  connect(query?: string, base?: string): Promise<ScriptedClient>;
  /** A client that has identified as `[id, count]` and has its READY and guilds. */
  ready(id?: number, count?: number, intents?: number): Promise<ScriptedClient>;
}

/** A stage with a simulator whose knobs are these. */
export function stage(options: Omit<SimulatorOptions, "clock"> = {}): Stage {
  const clock = createVirtualClock();
  const sim = createSimulator({ ...options, clock });
  const connector = simConnect(sim);
  const self: Stage = {
    clock,
    sim,
    async connect(query = "v=10&encoding=json", base = sim.world.addresses.gatewayUrl) {
      const client = new ScriptedClient();
      client.socket = connector(`${new URL(base).origin}/?${query}`, client);
      await clock.advance(20);
      return client;
    },
    async ready(id = 0, count = 1, intents = ALL_INTENTS) {
      const client = await self.connect();
      client.identify({ shard: [id, count], intents });
      await clock.advance(100);
      return client;
    },
  };
  return self;
}

/** Records everything that comes. */
export class ScriptedClient {
  socket!: Socket;
  readonly payloads: Payload[] = [];
  readonly raw: Uint8Array[] = [];
  opened = false;
  closedWith: number | null = null;
  failure: string | null = null;

  open(): void {
    this.opened = true;
  }
  message(data: Uint8Array): void {
    this.raw.push(data.slice());
    if (data[0] === 0x7b) this.payloads.push(JSON.parse(new TextDecoder().decode(data)));
  }
  closed(code: number): void {
    this.closedWith = code;
  }
  failed(reason: string): void {
    this.failure = reason;
  }

  send(op: number, d: unknown): void {
    this.socket.send(JSON.stringify({ op, d }));
  }
  beat(d: number | null = this.seq): void {
    this.send(OP.HEARTBEAT, d);
  }
  identify(changes: Record<string, unknown> = {}): void {
    this.send(OP.IDENTIFY, {
      token: "sim-token",
      intents: ALL_INTENTS,
      properties: { os: "linux", browser: "test", device: "test" },
      ...changes,
    });
  }
  resume(sessionId: string, seq: number, token = "sim-token"): void {
    this.send(OP.RESUME, { token, session_id: sessionId, seq });
  }

  /** Payloads with this opcode. */
  ofOp(op: number): Payload[] {
    return this.payloads.filter((payload) => payload.op === op);
  }
  /** Dispatches with this name, or all of them. */
  events(t?: string): Payload[] {
    return this.ofOp(OP.DISPATCH).filter((payload) => t === undefined || payload.t === t);
  }
  get names(): (string | null)[] {
    return this.events().map((payload) => payload.t);
  }
  /** Last `s` received, or `null`. */
  get seq(): number | null {
    return this.events().at(-1)?.s ?? null;
  }
  get sessionId(): string {
    return this.events("READY")[0]!.d.session_id;
  }
}

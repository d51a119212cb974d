/**
 * `/control`: how an operator looks at a unit and moves it. JSON in, JSON out.
 *
 * @module
 */

import type { Hono } from "../../deps.ts";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import { type CommandResults, plainResults } from "../../protocol/command.ts";
import { targetOf } from "../../protocol/link_call.ts";
import { encodeValue, notJson } from "../../protocol/value.ts";
import type { ShardPayload } from "../../protocol/worker_message.ts";
import type { UnitGateway } from "../../unit/gateway.ts";
import type { Unit } from "../../unit/unit.ts";

/** What `/control` acts on. */
export interface ControlOptions {
  readonly unit: Unit;
  readonly allowFaults: boolean;
}

const VERBS = ["kill", "respawn", "spawn"] as const;

const CRASHES = ["throw", "exit", "hang"] as const;

/** Adds the routes of `/control` to an empty app. */
export function control(app: Hono, { unit, allowFaults }: ControlOptions): Hono {
  const number = (text: string, what: string): number => {
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw bad(`${what} is ${JSON.stringify(text)}, expected a number`);
  };
  app.get("/state", (c) => c.json(unit.snapshot));
  app.get("/shards/:id", async (c) => {
    const { session, ...info } = await running(unit).pool.shardInfo(
      number(c.req.param("id"), "shard"),
    );
    return c.json({ ...info, session: session && { seq: session.seq, base: session.base } });
  });
  app.post("/shards/:id/reconnect", async (c) => {
    await running(unit).pool.reconnect(number(c.req.param("id"), "shard"), "end");
    return c.json({ ok: true });
  });
  app.post("/shards/:id/resume", async (c) => {
    await running(unit).pool.reconnect(number(c.req.param("id"), "shard"), "keep");
    return c.json({ ok: true });
  });
  app.post("/shards/:id/send", async (c) => {
    const payload = payloadOf(await c.req.json().catch(() => undefined));
    await running(unit).pool.sendPayload(number(c.req.param("id"), "shard"), payload);
    return c.json({ ok: true });
  });
  app.post("/workers/:id/restart", (c) => {
    running(unit).pool.restart(number(c.req.param("id"), "worker"));
    return c.json({ ok: true });
  });
  app.post("/workers/:id/crash", (c) => {
    if (!allowFaults) {
      throw new GatehouseError("refused", "caller", "Cannot crash: ALLOW_FAULTS is not 1");
    }
    const how = CRASHES.find((known) => known === (c.req.query("how") ?? "throw"));
    if (!how) {
      throw bad(`how is ${JSON.stringify(c.req.query("how"))}, expected ${CRASHES.join(", ")}`);
    }
    running(unit).pool.crash(number(c.req.param("id"), "worker"), how);
    return c.json({ ok: true });
  });
  app.post("/clusters/:id/restart", async (c) => {
    await unit.clusters.get(number(c.req.param("id"), "cluster")).respawn();
    return c.json({ ok: true });
  });
  app.post("/clusters/restart-all", async (c) => {
    await unit.clusters.restartAll();
    return c.json({ ok: true });
  });
  for (const verb of VERBS) {
    app.post(`/clusters/:id/${verb}`, async (c) => {
      const cluster = unit.clusters.get(number(c.req.param("id"), "cluster"));
      await cluster[verb](timeoutOf(c.req.query("timeout")));
      return c.json({ ok: true });
    });
    app.post(`/services/:name/${verb}`, async (c) => {
      await unit.services.get(c.req.param("name"))[verb](timeoutOf(c.req.query("timeout")));
      return c.json({ ok: true });
    });
  }
  app.get("/stats", (c) => c.json(unit.stats));
  app.post("/command", async (c) => {
    const { to, data, ...options } = await c.req.json().catch(() => ({}));
    const target = targetOf(to);
    if (!target) throw bad("to is none of {all}, {clusterId}, {guildId}, {service}");
    try {
      const answer = await unit.peers.command(target, data, options) ?? null;
      const isAll = "all" in target && answer !== null;
      const plain = isAll ? plainResults(answer as CommandResults) : answer;
      const place = notJson(encodeValue(plain));
      if (place === null) return c.json({ answer: plain });
      throw new TypeError(`Cannot write the answer as JSON: ${place}`);
    } catch (error) {
      if (error instanceof GatehouseError) throw error;
      // What the target answered as its error, or threw.
      return c.json({ error: messageOf(error), name: (error as Error).name }, 502);
    }
  });
  return app;
}

/** `?timeout=` in milliseconds. */
function timeoutOf(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? text : Number(text);
  throw bad(`timeout is ${JSON.stringify(text)}, expected milliseconds`);
}

function running(unit: Unit): UnitGateway {
  if (unit.gateway) return unit.gateway;
  throw new GatehouseError("not_ready", "host", "Cannot do that: no shard has started yet");
}

function payloadOf(body: unknown): ShardPayload {
  const { op, d } = (body ?? {}) as Record<string, unknown>;
  if (typeof op !== "number") throw bad(`op is ${JSON.stringify(op)}, expected a number`);
  if (d === undefined) throw bad("d is missing");
  return { op, d };
}

function bad(what: string): GatehouseError {
  return new GatehouseError("bad_message", "caller", `Cannot read request: ${what}`);
}

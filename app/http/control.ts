/**
 * `/control`: how an operator looks at a unit and moves it. JSON in, JSON out.
 *
 * @module
 */

import type { Context, Hono } from "../../deps.ts";
import { type CommandResults, plainResults } from "../../protocol/command.ts";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import { parseExact, writeExact } from "../../protocol/json.ts";
import { isRecord } from "../../protocol/record.ts";
import type { ReshardSnapshot } from "../../protocol/reshard.ts";
import { rounded } from "../../protocol/rounded.ts";
import type { Snapshot } from "../../protocol/status.ts";
import { encodeValue, notJson } from "../../protocol/value.ts";
import type { ClusterTarget } from "../../bot/ipc.ts";
import { readBody } from "../../ports/http/body.ts";
import { callUnit, isForPeers, type MethodsUnit, unitIpc } from "../../unit/methods.ts";

/** The routes that do something, and which method of the unit each is. */
const POSTS: readonly (readonly [path: string, request: { method: string; session?: string }])[] = [
  ["/shards/:id/resume", { method: "reconnect", session: "keep" }],
  ["/shards/:id/reconnect", { method: "reconnect", session: "end" }],
  ["/workers/:id/restart", { method: "restartWorker" }],
  ["/workers/:id/crash", { method: "crashWorker" }],
  ["/clusters/:id/restart", { method: "respawn" }],
  ["/clusters/restart-all", { method: "restartAll" }],
  ...["kill", "respawn", "spawn"].flatMap((method) => [
    [`/clusters/:id/${method}`, { method }] as const,
    [`/services/:name/${method}`, { method }] as const,
  ]),
];

/** What the number, or the name, in a path says. */
const FIELDS: Readonly<Record<string, string>> = {
  shards: "shardId",
  workers: "workerId",
  clusters: "clusterId",
  services: "service",
};

/**
 * Adds the routes of `/control` to an empty app.
 *
 * @param isBot Whether a request comes from a built-in cluster or service, which has the verbs of its link
 * and no others. Default: none does.
 */
export function control(
  app: Hono,
  unit: MethodsUnit & { readonly snapshot: Snapshot },
  isBot: (request: Request) => boolean = () => false,
): Hono {
  // What is none of the verbs of a link is for operators.
  const does =
    (method: string, handle: (c: Context) => Response | Promise<Response>) => (c: Context) => {
      if (isForPeers(method) || !isBot(c.req.raw)) return handle(c);
      const error = `${c.req.path} is for operators: a bot's credential does not do`;
      return c.json({ error }, 403);
    };
  const call = async (request: object) => await callUnit(unit, "operator", request);
  const ipc = unitIpc(() => unit);
  app.get(
    "/state",
    does("state", async (c) => {
      const snapshot = await call({ method: "state", ...unitIn(c) });
      c.header("content-type", "application/json");
      return c.body(
        JSON.stringify(snapshot, (_, value) => isNumber(value) ? rounded(value) : value),
      );
    }),
  );
  app.get("/stats", async (c) => c.json(await call({ method: "stats" }) as object | null));
  app.get(
    "/shards/:id",
    does("shardInfo", async (c) => {
      const shardId = numberIn(c.req.param("id"));
      return c.json(await call({ method: "shardInfo", shardId, ...unitIn(c) }) as object);
    }),
  );
  app.post("/shards/:id/send", async (c) => {
    const payload = await jsonOf(c.req.raw);
    const shardId = numberIn(c.req.param("id"));
    await call({ method: "sendPayload", shardId, payload, ...unitIn(c) });
    return c.json({ ok: true });
  });
  for (const [path, request] of POSTS) {
    const field = FIELDS[path.split("/")[1]!]!;
    const act = async (c: Context) => {
      const { id, name } = c.req.param() as { id?: string; name?: string };
      const { timeout, how = "throw" } = c.req.query();
      const whose = { [field]: name ?? numberIn(id) };
      await call({ ...request, ...whose, ...unitIn(c), how, timeoutMs: numberIn(timeout) });
      return c.json({ ok: true });
    };
    app.post(path, does(request.method, act));
  }
  app.post(
    "/reshard",
    does("reshard", async (c) => {
      const body = await jsonOf(c.req.raw);
      const { totalShards } = isRecord(body) ? body : {};
      return c.json(
        await call({ method: "reshard", totalShards, ...unitIn(c) }) as ReshardSnapshot,
        202,
      );
    }),
  );
  for (const how of ["pause", "resume", "cancel"]) {
    const method = `${how}Reshard`;
    app.post(
      `/reshard/${how}`,
      does(method, async (c) => c.json(await call({ method, ...unitIn(c) }) as ReshardSnapshot)),
    );
  }
  app.post(
    "/drain",
    does("drain", async (c) => {
      await call({ method: "drain", ...unitIn(c) });
      return c.json({ ok: true }, 202);
    }),
  );
  app.post("/command", async (c) => {
    const body = await jsonOf(c.req.raw);
    const { to, data, ...options } = isRecord(body) ? body : {};
    try {
      const answer = await ipc.sendClusterCommand(to as ClusterTarget, data, options) ?? null;
      const isAll = answer !== null && (to as Record<string, unknown>).all === true;
      const plain = isAll ? plainResults(answer as CommandResults) : answer;
      const place = notJson(encodeValue(plain));
      if (place === null) {
        c.header("content-type", "application/json");
        return c.body(writeExact({ answer: plain }));
      }
      throw new TypeError(`Cannot write the answer as JSON: ${place}`);
    } catch (error) {
      if (error instanceof GatehouseError) throw error;
      // What the target answered as its error, or threw.
      const { name } = error instanceof Error ? error : new Error();
      return c.json({ error: messageOf(error), name }, 502);
    }
  });
  return app;
}

/** Which unit of a fleet is meant, where it is said. */
function unitIn(c: Context): { unit?: string } {
  const { unit } = c.req.query();
  return unit === undefined ? {} : { unit };
}

/** Far above any payload, and enough for a command that a person writes. */
const MOST_BODY_BYTES = 1024 * 1024;

/**
 * The body of a request; `undefined` where there is none.
 *
 * @throws {GatehouseError} `too_large`, or `bad_message` where it is not JSON or too deep.
 */
async function jsonOf({ body }: Request): Promise<unknown> {
  const bytes = await readBody(body, MOST_BODY_BYTES);
  if (bytes === null) {
    const text = `Cannot read the body: it has more than ${MOST_BODY_BYTES} bytes`;
    throw new GatehouseError("too_large", "caller", text);
  }
  if (bytes.length === 0) return undefined;
  try {
    return parseExact(new TextDecoder().decode(bytes));
  } catch (cause) {
    const text = `Cannot read the body: it is not JSON: ${messageOf(cause)}`;
    throw new GatehouseError("bad_message", "caller", text, {}, { cause });
  }
}

const isNumber = (value: unknown): value is number => typeof value === "number";

/** A number where the text is one; else the text, which the method refuses by its name. */
function numberIn(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : text;
}

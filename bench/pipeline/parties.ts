/**
 * Who is measured.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type Program, startProgram } from "../program.ts";
import { BASE_COMMIT } from "./base.ts";
import type { FloorQuestion } from "./floor.ts";
import type { HandlerQuestion } from "./handler.ts";
import { INTENTS, type Party, type PartyOptions, type RunningParty } from "./party.ts";
import type { PeerQuestion, Way } from "./peer.ts";
import { startProduct } from "./product.ts";

/** This tree, which the others are compared with. */
export const GATEHOUSE: Party = {
  name: "gatehouse",
  label: "Gatehouse",
  start: (options) => startProduct(fileURLToPath(new URL("../..", import.meta.url)), options),
};

/** Gatehouse as it was. */
export const BASE: Party = {
  name: "base",
  label: `Gatehouse at ${BASE_COMMIT}`,
  start: (options) => startProduct(options.baseTree, options),
};

/** All of them, in the order of their turns and of the rows of tables. */
export const PARTIES: readonly Party[] = [
  GATEHOUSE,
  BASE,
  {
    name: "discordeno",
    label: "@discordeno/gateway 21, one process, uncompressed",
    start: (options) => startPeer("discordeno", options),
  },
  {
    name: "discordeno-ws",
    label: "the same, JSON over a WebSocket to a second process",
    start: (options) => startPeer("discordeno", options, "socket"),
  },
  {
    name: "guide",
    label: "the same, a POST per event to a second process",
    start: (options) => startPeer("discordeno", options, "post"),
  },
  {
    name: "discordjs",
    label: "@discordjs/ws 2, one process, uncompressed",
    start: (options) => startPeer("discordjs", options),
  },
  {
    name: "floor",
    label: "the least: receive, inflate, write on",
    unitOnly: true,
    start: startFloor,
  },
];

/** A library's bot; with a way to its handler's process, where it has one. */
async function startPeer(
  library: PeerQuestion["library"],
  { world, shards }: PartyOptions,
  kind?: "socket" | "post",
): Promise<RunningParty> {
  const handler = kind && startProgram(new URL("./handler.ts", import.meta.url));
  const port = await handler?.ask<number>(world satisfies HandlerQuestion);
  const way: Way = kind && port !== undefined ? { kind, port } : { kind: "handler" };
  const peer = startProgram(new URL("./peer.ts", import.meta.url));
  await peer.ask({ library, world, shards, intents: INTENTS, way } satisfies PeerQuestion);
  return running(peer, handler);
}

async function startFloor({ world, shards, compression }: PartyOptions): Promise<RunningParty> {
  const counter = startProgram(new URL("./floor_counter.ts", import.meta.url));
  const port = await counter.ask<number>(world satisfies HandlerQuestion);
  const floor = startProgram(new URL("./floor.ts", import.meta.url));
  const question: FloorQuestion = { world, shards, intents: INTENTS, compression, port };
  await floor.ask(question);
  return running(floor, counter);
}

function running(unit: Program, handler: Program | undefined): RunningParty {
  return {
    pid: unit.pid,
    ...(handler && { handlerPid: handler.pid }),
    // What goes wrong is printed as it happens.
    lastWords: () => "",
    async end() {
      await unit.end();
      await handler?.end();
    },
  };
}

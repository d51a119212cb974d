/**
 * Cards of units and of who leads, as they are written down.
 *
 * @module
 */

import type { Json } from "../ports/fleet/bus.ts";
import type { LeaderCard, UnitCard } from "../protocol/fleet.ts";
import { fieldsOf } from "./fields.ts";

/** What the keys of units' cards begin with. */
export const UNIT_KEYS = "unit.";
/** The key of who leads. */
export const LEADER_KEY = "leader";
/** Its own part of the order in which lives of one name came. */
const LIFE = /^(\d{1,15})-/;

/** The key of a unit's card. */
export function unitKey(unit: string): string {
  return UNIT_KEYS + unit;
}

/** A unit's card as it is written. */
export function encodeUnitCard(card: UnitCard): Json {
  return { ...card, services: [...card.services] };
}

/**
 * A unit's card again.
 *
 * @throws {GatehouseError} `bad_message` where it is none, or that of another unit than the key says.
 */
export function parseUnitCard(key: string, value: Json): UnitCard {
  const fields = fieldsOf(key, value);
  const unit = fields.unit("unit");
  if (unitKey(unit) !== key) throw fields.wrong("unit", "the name in the key");
  return {
    unit,
    life: fields.text("life"),
    beat: fields.count("beat"),
    cores: fields.count("cores", 1),
    clusters: fields.count("clusters"),
    services: fields.texts("services"),
    isLeaving: fields.flag("isLeaving"),
    epoch: fields.count("epoch"),
  };
}

/** The card of who leads as it is written. */
export function encodeLeaderCard(card: LeaderCard): Json {
  return { ...card };
}

/**
 * The card of who leads again.
 *
 * @throws {GatehouseError} `bad_message` where it is none.
 */
export function parseLeaderCard(key: string, value: Json): LeaderCard {
  const fields = fieldsOf(key, value);
  return {
    unit: fields.unit("unit"),
    life: fields.text("life"),
    beat: fields.count("beat"),
    term: fields.count("term", 1),
  };
}

/**
 * A name for a life of a unit that follows another one of its name, so that of two processes with one name the
 * newer is known, whatever their clocks say.
 *
 * @param before The life that was written down; `null`: none was.
 * @param nonce What no other has.
 *
 * @example
 * ```ts
 * import { isNewerLife, lifeAfter } from "./cards.ts";
 * const first = lifeAfter(null, "5eed");
 * console.assert(isNewerLife(lifeAfter(first, "beef"), first));
 * ```
 */
export function lifeAfter(before: string | null, nonce: string): string {
  return `${numberOf(before) + 1}-${nonce}`;
}

/** Whether a life came after another one of the same name. */
export function isNewerLife(life: string, than: string): boolean {
  const [one, other] = [numberOf(life), numberOf(than)];
  return one === other ? life > than : one > other;
}

function numberOf(life: string | null): number {
  return Number(LIFE.exec(life ?? "")?.[1] ?? 0);
}

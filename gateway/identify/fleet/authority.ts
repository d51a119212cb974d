/**
 * The identify authority of the fleet, as every unit has it: it acts while its unit leads.
 *
 * @module
 */

import type { Cancel } from "../../../ports/clock.ts";
import { IdentifyLead, type LeadOptions } from "./lead.ts";

/** Leads the identifies of the fleet whenever its unit leads the fleet. */
export class IdentifyAuthority {
  readonly #options: LeadOptions;
  readonly #cancel: Cancel;
  #lead: { readonly term: number; readonly lead: IdentifyLead } | null = null;

  constructor(options: LeadOptions) {
    this.#options = options;
    this.#cancel = options.view.watch(() => this.#look());
    this.#look();
  }

  /** Leads no more, whoever leads the fleet. */
  stop(): void {
    this.#cancel();
    this.#end();
  }

  #look(): void {
    const { view: { term } } = this.#options;
    if (term === (this.#lead?.term ?? null)) return;
    this.#end();
    if (term !== null) this.#lead = { term, lead: new IdentifyLead(this.#options, term) };
  }

  #end(): void {
    this.#lead?.lead.stop();
    this.#lead = null;
  }
}

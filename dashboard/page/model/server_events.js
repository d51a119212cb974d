/**
 * Server-sent events read from a stream of text, as
 * [the standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream) has them:
 * what the page needs of them. `EventSource` does not tell why it was refused.
 *
 * @module
 */

/** Collects text as it comes, and gives events as they are whole. */
export class EventReader {
  #rest = "";
  #name = "";
  /** @type {string[]} */
  #data = [];

  /**
   * The events that end in this text.
   *
   * @param {string} text
   * @returns {{ name: string, data: string }[]}
   */
  read(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line.endsWith("\r") ? line.slice(0, -1) : line));
  }

  /** @param {string} line */
  #line(line) {
    if (line === "") return this.#end();
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === "event") this.#name = value;
    if (field === "data") this.#data.push(value);
    return [];
  }

  #end() {
    const event = { name: this.#name || "message", data: this.#data.join("\n") };
    const isWhole = this.#data.length > 0;
    this.#name = "";
    this.#data = [];
    return isWhole ? [event] : [];
  }
}

/**
 * Shards as a grid. One of them has the focus; the arrow keys lead to others, Enter opens its details.
 *
 * @module
 */

import { columnsFor, moveBy, rowsOf } from "../model/grid.js";
import {
  Component,
  html,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "../preact.js";
import { Peek } from "./peek.js";
import { ShardCell } from "./shard_cell.js";

/** @typedef {import("./common.js").App} App */
/** @typedef {import("../model/grid.js").Size} Size */
/** @typedef {import("../model/shards.js").Measure} Measure */

/**
 * `keys` of the shards, in their order.
 *
 * @typedef {{ app: App, keys: readonly string[], size: Size, measure: Measure, label: string }} Props
 */

/**
 * The grid: drawn again when others are to be in it. Its cells draw themselves.
 *
 * @extends {Component<Props>}
 */
export class ShardGrid extends Component {
  /**
   * @override
   * @param {Props} next
   */
  shouldComponentUpdate(next) {
    const { keys, size, measure } = this.props;
    return next.keys !== keys || next.size !== size || next.measure !== measure;
  }

  /**
   * @override
   * @param {Props} props
   */
  render(props) {
    return html`<${Grid} ...${props} />`;
  }
}

/** @param {Props} props */
function Grid({ app, keys, size, measure, label }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const current = useRef(/** @type {string | null} */ (null));
  const [width, setWidth] = useState(0);
  const [peeked, setPeeked] = useState(/** @type {HTMLElement | null} */ (null));
  const columns = columnsFor(width, keys.length, size);

  useLayoutEffect(() => {
    const grid = ref.current;
    if (!grid) return;
    setWidth(grid.clientWidth);
    const watch = new ResizeObserver(() => setWidth(grid.clientWidth));
    watch.observe(grid);
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => ref.current?.style.setProperty("--columns", String(columns)), [columns]);
  // One place of the grid can be reached by Tab: the one that was left last.
  useEffect(() => {
    const key = current.current !== null && keys.includes(current.current)
      ? current.current
      : keys[0];
    if (key !== undefined) hold(key);
  }, [keys, columns, width]);

  /** @param {string} key */
  function hold(key) {
    const grid = ref.current;
    grid?.querySelectorAll('[tabindex="0"]').forEach((cell) => cell.setAttribute("tabindex", "-1"));
    cellOf(grid, key)?.setAttribute("tabindex", "0");
    current.current = key;
  }

  /** @param {KeyboardEvent} event */
  function press(event) {
    const key = keyOf(event.target);
    if (key === null) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return app.store.setOpen(key);
    }
    const to = moveBy(event.key, keys.indexOf(key), {
      columns,
      count: keys.length,
      isCtrl: event.ctrlKey,
    });
    const next = to === null ? undefined : keys[to];
    if (next === undefined) return;
    event.preventDefault();
    cellOf(ref.current, next)?.focus();
  }

  /** @param {FocusEvent} event */
  function focus(event) {
    const key = keyOf(event.target);
    if (key === null) return;
    hold(key);
    const cell = cellOf(ref.current, key);
    setPeeked(cell?.matches(":focus-visible") ? cell : null);
  }

  /** @param {PointerEvent} event */
  function point(event) {
    if (event.pointerType !== "mouse") return;
    setPeeked(event.target instanceof Element ? event.target.closest("[data-key]") : null);
  }

  // What points at a cell renders this again, and the rows are the same.
  const rows = useMemo(
    () =>
      width === 0 ? null : rowsOf(keys, columns).map((row) =>
        html`
          <div role="row" class="row" key=${row[0]}>
            ${size === "cell"
              ? html`<span role="rowheader" class="row-head">${row[0]?.split("/")[0]}</span>`
              : null}
            ${row.map((key) =>
              html`
                <${ShardCell} key=${key} id=${key} store=${app.store} size=${size}
                  measure=${measure} />
              `
            )}
          </div>
        `
      ),
    [keys, columns, size, measure, width === 0],
  );

  return html`
    <div
      class=${`grid of-${size}s`}
      role="grid"
      aria-label=${label}
      aria-rowcount=${Math.ceil(keys.length / columns)}
      aria-colcount=${columns + (size === "cell" ? 1 : 0)}
      ref=${ref}
      onClick=${(/** @type {Event} */ { target }) => {
        const key = keyOf(target);
        if (key !== null) app.store.setOpen(key);
      }}
      onKeyDown=${press}
      onfocusin=${focus}
      onfocusout=${() => setPeeked(null)}
      onPointerOver=${point}
      onPointerLeave=${() => setPeeked(null)}
    >
      ${rows}
    </div>
    ${size === "card" ? null : html`<${Peek} app=${app} cell=${peeked} />`}
  `;
}

/**
 * @param {EventTarget | null} target
 * @returns {string | null} Key of the shard whose cell it is in.
 */
function keyOf(target) {
  const cell = target instanceof Element ? target.closest("[data-key]") : null;
  return cell?.getAttribute("data-key") ?? null;
}

/**
 * @param {HTMLElement | null} grid
 * @param {string} key
 * @returns {HTMLElement | null}
 */
function cellOf(grid, key) {
  return grid?.querySelector(`[data-key="${key}"]`) ?? null;
}

/**
 * A chart of the last ten minutes.
 *
 * @module
 */

import { short } from "../model/format.js";
import { html, useEffect, useRef } from "../preact.js";
import { UPlot } from "../uplot.js";

/** @typedef {import("../../vendor/uplot.d.ts").Columns} Columns */

/**
 * One line of it.
 *
 * @typedef {object} Line
 * @property {string} color Name of a property of the style sheet.
 * @property {boolean} [isFilled]
 */

const HEIGHT_PX = 92;
/** Steps of the scale: nothing that is drawn comes in halves. */
const WHOLE = Array.from(
  { length: 10 },
  (_, digits) => [1, 2, 5].map((step) => step * 10 ** digits),
)
  .flat();

/**
 * @param {{ columns: Columns, lines: readonly Line[], label: string, onPoint: (at: number | null) => void }} props
 * `onPoint`: which moment is pointed at.
 */
export function Chart({ columns, lines, label, onPoint }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const chart = useRef(/** @type {UPlot | null} */ (null));
  const latest = useRef({ columns, onPoint });
  latest.current = { columns, onPoint };
  useEffect(() => {
    const place = ref.current;
    if (!place) return;
    return keepChart(place, lines, latest, chart);
  }, []);
  useEffect(() => chart.current?.setData(columns), [columns]);
  return html`<div class="chart" role="img" aria-label=${label} ref=${ref}></div>`;
}

/**
 * Draws it, and anew when the colours are others.
 *
 * @param {HTMLElement} place
 * @param {readonly Line[]} lines
 * @param {{ current: { columns: Columns, onPoint: (at: number | null) => void } }} latest
 * @param {{ current: UPlot | null }} chart
 * @returns {() => void}
 */
function keepChart(place, lines, latest, chart) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const size = () => ({ width: place.clientWidth, height: HEIGHT_PX });
  const fits = new ResizeObserver(() => place.clientWidth > 0 && chart.current?.setSize(size()));
  function draw() {
    chart.current?.destroy();
    const options = { ...size(), ...look(place, lines, (at) => latest.current.onPoint(at)) };
    chart.current = new UPlot(options, latest.current.columns, place);
    fits.observe(place);
  }
  draw();
  dark.addEventListener("change", draw);
  addEventListener("gatehouse-theme", draw);
  return () => {
    dark.removeEventListener("change", draw);
    removeEventListener("gatehouse-theme", draw);
    fits.disconnect();
    chart.current?.destroy();
  };
}

/**
 * How it looks, in the library's words.
 *
 * @param {HTMLElement} place
 * @param {readonly Line[]} lines
 * @param {(at: number | null) => void} point
 */
function look(place, lines, point) {
  const font = `11px ${getComputedStyle(place).fontFamily}`;
  const color = (/** @type {string} */ name) => colorOf(place, name);
  const axis = {
    font,
    stroke: color("--dim"),
    grid: { stroke: color("--hair"), width: 1 },
    ticks: { show: false },
  };
  return {
    padding: [6, 0, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { setScale: false, x: false },
      sync: { key: "gatehouse" },
      points: { size: 6 },
    },
    hooks: { setCursor: [(/** @type {UPlot} */ { cursor }) => point(cursor.idx ?? null)] },
    scales: {
      x: { time: true },
      y: {
        range: (
          /** @type {unknown} */ _,
          /** @type {number} */ __,
          /** @type {number} */ most,
        ) => [0, Math.max(1, most * 1.15)],
      },
    },
    axes: [
      {
        ...axis,
        size: 20,
        gap: 4,
        space: 70,
        incrs: [60, 120, 300, 600],
        values: [[60, "{HH}:{mm}", null, null, null, null, null, null, 1]],
        grid: { show: false },
      },
      {
        ...axis,
        side: 1,
        size: 44,
        gap: 6,
        space: 26,
        incrs: WHOLE,
        values: (/** @type {unknown} */ _, /** @type {number[]} */ at) => at.map(short),
      },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        stroke: color(line.color),
        width: 1.5,
        points: { show: false },
        ...line.isFilled && { fill: color(`${line.color}-veil`) },
      })),
    ],
  };
}

/**
 * A colour as a canvas takes it: properties of a style sheet are texts, which light and dark are still to be chosen in.
 *
 * @param {HTMLElement} place
 * @param {string} name
 */
function colorOf(place, name) {
  place.style.color = `var(${name})`;
  const { color } = getComputedStyle(place);
  place.style.color = "";
  return color;
}

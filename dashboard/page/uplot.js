/**
 * What charts are drawn with: loaded once there is something to draw.
 *
 * @module
 */

// @ts-types="../vendor/uplot.d.ts"
export { default as UPlot } from "../vendor/uplot.js";

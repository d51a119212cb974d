/**
 * What charts are drawn with. It comes with the page: what were loaded later would be missing where the unit is away
 * just then, and browsers differ in whether they ask for it again.
 *
 * @module
 */

// @ts-types="../vendor/uplot.d.ts"
export { default as UPlot } from "../vendor/uplot.js";

/**
 * The dashboard: a page that shows a unit as it lives.
 *
 * @module
 */

import { html, render } from "./preact.js";
const page = document.getElementById("page");
if (page !== null) render(html`<h1>Hi</h1>`, page);

/**
 * Where the focus is when what had it is gone: a button that was pressed and is no more, a shard that others have
 * taken the place of. A browser would begin again at the top of the page.
 *
 * @module
 */

/** Parts that can take the focus themselves. */
const PARTS = "section[tabindex], aside[tabindex]";

/**
 * From now on the part takes it in which it was last.
 *
 * @param {HTMLElement} place What is drawn in.
 */
export function keepFocus(place) {
  /** @type {{ element: Element, part: HTMLElement } | null} */
  let last = null;
  const isNowhere = () => document.activeElement === document.body;

  // A dialog is of no part: after it the focus is where it was before.
  place.addEventListener("focusin", ({ target }) => {
    if (!(target instanceof Element)) return;
    const part = target.closest(PARTS);
    if (part instanceof HTMLElement) last = { element: target, part };
    else if (target.closest("dialog") === null) last = null;
  });
  // Who clicks beside everything has left it.
  place.ownerDocument.addEventListener("pointerdown", () => {
    setTimeout(() => {
      if (isNowhere() && last?.element.isConnected) last = null;
    });
  });
  new MutationObserver(() => {
    if (last === null || last.element.isConnected || !isNowhere()) return;
    const { part } = last;
    last = null;
    if (part.isConnected) part.focus({ preventScroll: true });
  }).observe(place, { childList: true, subtree: true });
}

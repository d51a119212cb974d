/**
 * What the page is made with.
 *
 * @module
 */

// @ts-types="../vendor/preact.d.ts"
export {
  Component,
  html,
  render,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "../vendor/preact.js";

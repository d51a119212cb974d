/**
 * Types of `preact.js`, as far as the page uses it. Ours, not the library's.
 *
 * @module
 */

/** What a component returns and `render()` takes. */
export type Node = object | string | number | boolean | null | undefined | readonly Node[];

/** A component with a life of its own. */
export class Component<Props = object, State = object> {
  constructor(props: Props);
  props: Readonly<Props> & { readonly children?: Node };
  state: Readonly<State>;
  setState(change: Partial<State>): void;
  forceUpdate(): void;
  componentDidMount?(): void;
  componentDidUpdate?(before: Props): void;
  componentWillUnmount?(): void;
  shouldComponentUpdate?(next: Props, state: State): boolean;
  render(props: Props, state: State): Node;
}

/** HTML as a tagged template, whose tags may be components: `<${Part} a=${1} />`. */
export function html(texts: TemplateStringsArray, ...values: unknown[]): Node;
/** Shows a tree in an element of the document. */
export function render(tree: Node, place: object): void;
/** What stays the same object from one render to the next. */
export function useRef<Value>(first: Value): { current: Value };
/** A value that renders again when it is set. */
export function useState<Value>(
  first: Value | (() => Value),
): [Value, (next: Value | ((before: Value) => Value)) => void];
/** Does something after a render; what it returns undoes it. */
export function useEffect(effect: () => void | (() => void), of?: readonly unknown[]): void;
/** The same, before the browser paints. */
export function useLayoutEffect(effect: () => void | (() => void), of?: readonly unknown[]): void;
/** A value that is computed again when one of `of` is another. */
export function useMemo<Value>(compute: () => Value, of: readonly unknown[]): Value;
/** A function that is another only when one of `of` is. */
export function useCallback<Callback>(callback: Callback, of: readonly unknown[]): Callback;

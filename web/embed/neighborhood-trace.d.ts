/** `<neighborhood-trace>`: one sample's neighbourhood between two layers of a network, on any page. Importing the module defines the element. */
import type { Bundle, Manifest, NtraceError, Trace } from "../engine/ntrace.js";

/** What an element shows. What is absent, the bundle chooses. */
export interface TraceAttributes {
  /** Address of a bundle's folder, as `ntrace pack` writes it; relative to the page. */
  src: string;
  /** Whose neighbourhood: 0 to N - 1. */
  sample?: number;
  /** Layers, 0 is the input. */
  from?: number;
  to?: number;
  /** How many neighbours: 1 to 1,000, less than the samples. */
  k?: number;
  /** Colours. Default: as the reader's system has them. */
  theme?: "light" | "dark";
}

/** What the reader chose. */
export interface TraceChoice {
  sample: number;
  from: number;
  to: number;
  k: number;
}

export interface NeighborhoodTraceEventMap {
  /** The bundle is open. Does not bubble. */
  ready: CustomEvent<{ manifest: Manifest }>;
  /** A trace is drawn: from compressed codes first, then ranked exactly (`detail.exact`). Does not bubble. */
  trace: CustomEvent<Trace>;
  /** The reader chose another sample, layer or k; the attributes say so already. Bubbles. */
  change: CustomEvent<TraceChoice>;
  /** Something failed; the element says it in words, too. Does not bubble. */
  error: CustomEvent<NtraceError>;
}

/** Properties mirror the attributes; null where there is none. Elements of one page that show the same bundle share one engine. */
export class NeighborhoodTrace extends HTMLElement {
  src: string | null;
  sample: number | null;
  from: number | null;
  to: number | null;
  k: number | null;
  theme: string | null;
  /** The open bundle, null until "ready". It is closed when the last element that shows it leaves the page. */
  readonly bundle: Bundle | null;
  /** The trace that is drawn. */
  readonly trace: Trace | null;

  addEventListener<K extends keyof NeighborhoodTraceEventMap>(
    type: K, listener: (this: NeighborhoodTrace, event: NeighborhoodTraceEventMap[K]) => void, options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

/** Makes an element: what the cell of a notebook returns. */
export function neighborhoodTrace(attributes: TraceAttributes): NeighborhoodTrace;

declare global {
  interface HTMLElementTagNameMap {
    "neighborhood-trace": NeighborhoodTrace;
  }
}

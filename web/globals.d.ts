/** What web/build.js fills in: the build's identity and its files. */
declare const NTRACE_SITE: { build: string; files: { path: string; sha256: string; type: string }[] };
/** As lib.webworker has it, which cannot stand beside lib.dom. */
interface FetchEvent extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response> | Response): void;
  waitUntil(promise: Promise<unknown>): void;
}

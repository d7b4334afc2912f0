/** What web/build.js fills in: the SHA-256 of each build of the engine. */
declare const NTRACE_BUILDS: Record<string, string>;

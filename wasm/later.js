/** What the first view does not need: one script that comes when one of these is first asked for. */
export { compare } from "./compare.js";
export { densities } from "./densities.js";
export { explain } from "./explain.js";
export { measures } from "./measures.js";
export { place, placeTrace, preparePlace, releasePlace } from "./place.js";
export { project } from "./project.js";
export { parting, seat } from "./seat.js";
export { draw } from "./sheet.js";
export { suggestions } from "./suggestions.js";
export { summary } from "./summary.js";

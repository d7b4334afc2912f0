/** The explorer's keys, by where they work. */

/** @type {{ where: string, keys: [key: string, what: string][] }[]} */
export const KEYS = [
  { where: "Everywhere", keys: [["Ctrl Z", "undo"], ["Ctrl Shift Z", "redo"], ["?", "this list"]] },
  {
    where: "Lines",
    keys: [["↑ ↓", "go from line to line at the layer looked at"], ["Enter", "lay the sample beside others"], ["Shift Enter", "open its trace"], ["↑ ↓ on a handle", "move one end of a brush"], ["Shift ↑ ↓", "move the brush as a whole"], ["Delete", "clear the brush"]],
  },
  {
    where: "Map",
    keys: [
      ["M R L", "move, rectangle, outline"], ["← ↑ → ↓", "move the cursor; with Alt by small steps"], ["Shift arrows", "select a rectangle"], ["Enter", "lay the sample beside others"], ["+ − 0", "nearer, farther, all"],
      ["Space", "play the layers"], [", .", "one layer back, one on"], ["F", "map alone"], ["T", "open the trace"], ["Esc", "clear the outline"],
    ],
  },
  { where: "Pictures", keys: [["← ↑ → ↓", "go from picture to picture"], ["Enter", "lay it beside others"], ["T", "open its trace"]] },
];

/** The guided tour, stop by stop. A stop whose element is not there, as on a phone or in another tab, is passed over. */

/** @typedef {{ element: string, title: string, text: string }} Stop */

/** @param {{ one: string, many: string }} noun @returns {Stop[]} */
export const stopsFor = ({ one, many }) => [
  { element: ".explore-plot", title: "Every line is one", text: `Each ${one} is a line from the first layer to the last. It is high where most of its first neighbours are still near.` },
  { element: ".toolbar-item:has([name=near])", title: "How many neighbours", text: "So many of the nearest are counted, against the layer chosen beside it. Change either, and all lines are counted anew." },
  { element: ".plot-names, .explore-plot", title: "Brush an axis", text: `Drag along an axis to keep the ${many} whose line passes there. Brushes on several axes keep those who pass all of them.` },
  { element: ".explore-map", title: "The map", text: `The same ${many} on a plane, so that who is near at this layer lies near here. Zoom in and pictures appear.` },
  { element: ".map-tools, .explore-map", title: "Select on it", text: "Draw a rectangle or a free outline. What you catch is coloured in every view; go to another layer and see where it went." },
  { element: ".map-player, .explore-map", title: "From input to output", text: `Play the layers, and watch all ${many} move.` },
  { element: ".toolbar-item:has([name=colour])", title: "Colours", text: "Colour by class, by what the network says, or by any measure, such as how far the map can be trusted." },
  { element: ".explore-filters", title: "Filters", text: "Keep a class, the misread ones, a range of any measure. The numbers say how many there are." },
  { element: "#tab-samples, .explore-panel", title: "The selection in pictures", text: "Sort it by any measure. A click lays a picture beside others, with what the network saw in it." },
  { element: "#tab-classes, .explore-panel", title: "Classes", text: "Who is taken for whom: a cell of the matrix selects those it counts." },
  { element: "#tab-layers, .explore-panel", title: "Layers", text: "How many neighbours every two layers share, for what is selected. A cell opens both in the trace view." },
  { element: "#tab-suggestions, .explore-panel", title: "Where to look first", text: "The engine suggests some that stand out, and says why. Undo takes back whatever you did." },
];

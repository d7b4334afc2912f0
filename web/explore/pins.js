/** Samples laid side by side: what a click on a sample changes, wherever it is drawn. */

/** @typedef {import("../params.js").State} State */

/** So many fit beside each other. */
export const MOST_PINS = 6;

/** Pins a sample, or takes its pin away; the oldest makes room for one too many. @param {State} state @param {number} sample @returns {Pick<State, "pins">} */
export const togglePin = ({ pins }, sample) => ({ pins: pins.includes(sample) ? pins.filter((pin) => pin !== sample) : [...pins, sample].slice(-MOST_PINS) });

/** Pins a sample that may be pinned already. @param {State} state @param {number} sample @returns {Pick<State, "pins">} */
export const addPin = (state, sample) => (state.pins.includes(sample) ? { pins: state.pins } : togglePin(state, sample));

/** The page in one file. */
import "./platform.js";
import "../main.js";

// The page's rendering: Preact with hooks, and htm for templates without a build step.
import { h, render, Fragment } from "preact";
import htm from "htm";

export { useEffect, useMemo, useRef, useState, useLayoutEffect, useCallback } from "preact/hooks";
export { h, render, Fragment };
export const html = htm.bind(h);

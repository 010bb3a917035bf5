/* The triangle: which cells each loss's gradient visits under TBPTT(k1, k2).

   Positions, depths and plans are those of helpers.truncation, shares those of
   helpers.tools.closed_form: depth counts cells, the loss's own is the first. */

(function (root) {
  "use strict";

  const TwoAxes = root.TwoAxes;
  const { svg, letters, number, count } = TwoAxes;
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  /** One update each: cells `first` to `stop` − 1, losses `firstLoss` to `stop` − 1. */
  function segments(P, k1, k2) {
    for (const [name, value] of Object.entries({ P, k1, k2 }))
      if (!Number.isInteger(value) || value < 1)
        TwoAxes.refuse(`${name} must be a whole number of at least 1, got ${value}.`);
    if (k2 < k1) TwoAxes.refuse(`k2 must be at least k1 = ${k1}, or losses are left out, got ${k2}.`);
    const plan = [];
    for (let i = 0; i < P; i += k1)
      plan.push({ first: Math.max(0, i + k1 - k2), firstLoss: i, stop: Math.min(i + k1, P) });
    return plan;
  }

  /** Cells that each position's loss visits. */
  const depths = (P, k1, k2) =>
    segments(P, k1, k2).flatMap(({ first, firstLoss, stop }) =>
      Array.from({ length: stop - firstLoss }, (_, i) => firstLoss + i - first + 1));

  /** Cells that all backward passes visit together. */
  const cellsVisited = (P, k1, k2) => sum(segments(P, k1, k2).map((s) => s.stop - s.first));

  /** The longest backward pass: so many states are held at once, besides the one before them. */
  const held = (P, k1, k2) => Math.max(...segments(P, k1, k2).map((s) => s.stop - s.first));

  /** Bytes of float64 that `steps` steps keep: inputs (steps, B, D), states (steps + 1, B, H). */
  const bytes = (steps, B, D, H) => 8 * B * (H * (steps + 1) + D * steps);

  /** How many losses have depth 1, 2, … P. */
  const histogram = (P, k1, k2) => {
    const counts = Array(P).fill(0);
    for (const depth of depths(P, k1, k2)) counts[depth - 1] += 1;
    return counts;
  };

  const signalKept = (depth, D) => Math.min(depth, D) / D;

  /** Share of the learning signal at lag D that the losses keep on average.

      The scalar linear model of helpers.tools.closed_form: the target of a loss is the input D steps
      before. Carried, depth K keeps min(K, D)/D. After a reset the state holds only inputs of
      the cells that are visited: the one asked for is among them from depth D + 1 on, and then
      all D shares arrive; below, none does. */
  function share(P, k1, k2, D, edge) {
    const all = depths(P, k1, k2);
    if (edge === "reset") return all.filter((depth) => depth > D).length / P;
    return sum(all.map((depth) => Math.min(depth, D))) / P / D;
  }

  TwoAxes.triangle = { segments, depths, cellsVisited, held, bytes, histogram, signalKept, share };

  /* The picture. */

  const LEFT = 30, TOP = 22, SIZE = 322;
  const CELL = { inputs: 8, units: 32 };

  const named = ({ P, k1, k2 }) => {
    if (k1 === P && k2 === P) return "Full";
    if (k1 === k2) return `Windows of T = ${k1}`;
    if (k1 === 1) return `Sliding, ${k2} cells`;
    return `The plan (${k1}, ${k2})`;
  };

  function drawn(state) {
    const { P, k1, k2, D, edge, loss, simple } = state;
    const a = SIZE / P, gap = a > 5 ? 1 : 0.5;
    const x = (s) => LEFT + s * a, y = (t) => TOP + t * a;
    const plan = segments(P, k1, k2);
    const row = (kind, t, from, to, more) => to > from &&
      svg("rect", { class: kind, x: x(from), y: y(t) + gap / 2, width: (to - from) * a - gap, height: a - gap, ...more });
    const parts = [];
    for (const { first, firstLoss, stop } of plan)
      for (let t = firstLoss; t < stop; t++) {
        if (edge === "carry" && !simple) parts.push(row("state-fill", t, 0, first, { "fill-opacity": 0.3 }));
        else parts.push(row("quiet-fill", t, 0, first));
        for (let s = first; s <= t; s++) parts.push(row("gradient-fill", t, s, s + 1));
      }
    if (plan.length > 1 && plan.length <= 30)
      for (const { firstLoss, stop } of plan.slice(0, -1))
        parts.push(svg("path", { class: "cut", d: `M${LEFT} ${y(stop)}H${Math.min(x(stop) + 6, LEFT + SIZE)}` }));
    const asked = D < P && !simple;
    if (asked) {
      const d = `M${x(0) + a / 2} ${y(D) + a / 2}L${x(P - D) - a / 2} ${y(P) - a / 2}`;
      parts.push(svg("path", { class: "halo", d }), svg("path", { class: "time-line", d }));
    }
    const t = loss - 1;
    parts.push(svg("rect", { class: "chosen", x: LEFT, y: y(t), width: loss * a, height: a }));
    const right = LEFT + loss * a + 5;
    parts.push(letters(Math.min(right, 300), y(t) + a / 2 + 4, `loss ${loss}`, { class: right > 300 ? "none" : "strong" }));

    parts.push(letters(LEFT, TOP + SIZE + 15, "cell s →", { class: "quiet" }));
    parts.push(letters(LEFT + SIZE, TOP + SIZE + 15, P, { class: "end quiet" }));
    parts.push(letters(2, 14, "loss t ↓", { class: "quiet" }));
    if (!asked || D * a > 14) parts.push(letters(LEFT - 6, TOP + 10, "1", { class: "end quiet" }));
    if (!asked || (P - D) * a > 18) parts.push(letters(LEFT - 6, TOP + SIZE, P, { class: "end quiet" }));
    if (asked) parts.push(letters(LEFT - 6, y(D) + a / 2 + 4, "D", { class: "end time strong" }));
    return parts.filter(Boolean).join("");
  }

  /** How many losses have which depth, in the empty corner above the diagonal. */
  function bars({ P, k1, k2, loss }) {
    const counts = histogram(P, k1, k2), most = Math.max(...counts);
    const left = 206, width = 146, bottom = 104, height = 66, w = width / P;
    const mine = depths(P, k1, k2)[loss - 1];
    const parts = counts.map((n, i) => n > 0 && svg("rect", {
      class: i + 1 === mine ? "gradient-fill" : "gradient-fill faint", x: left + i * w, y: bottom - (n / most) * height,
      width: Math.max(w - 0.5, 1), height: (n / most) * height }));
    parts.push(svg("path", { class: "context", d: `M${left} ${bottom}h${width}` }));
    parts.push(letters(left + width, 14, `losses by depth, at most ${most}`, { class: "end quiet" }));
    parts.push(letters(left, bottom + 14, "1", { class: "quiet" }));
    parts.push(letters(left + width / 2, bottom + 14, "depth", { class: "middle quiet" }));
    parts.push(letters(left + width, bottom + 14, P, { class: "end quiet" }));
    return parts.filter(Boolean).join("");
  }

  function told(state) {
    const { P, k1, k2, D, edge, loss, simple } = state;
    const depth = depths(P, k1, k2)[loss - 1];
    const plan = k1 === P
      ? `${named(state)}: one update at the end, and its backward pass visits all ${P} cells.`
      : `${named(state)}: an update after ${k1 === 1 ? "each loss" : `every ${k1} losses`}, whose backward pass visits ${k2 === 1 ? "one cell" : `up to ${k2} cells`}.`;
    const back = depth === 1 ? "visits its own cell only" : `visits ${depth} cells, back to lag ${depth - 1}`;
    if (simple) return `${plan} Loss ${loss} ${back}.`;
    const asked = loss <= D ? `the input at lag ${D} lies before the text`
      : depth > D ? `the input at lag ${D} is among them`
      : edge === "carry" ? `the input at lag ${D} is further back and known by value only`
      : `the input at lag ${D} is further back and forgotten`;
    return `${plan} Loss ${loss} ${back}; ${asked}.`;
  }

  /** A page on which nothing has been carried or reset yet asks for the simple picture. */
  const when = ({ simple }) => !simple;

  const step = (P) => Math.max(1, Math.round(P / 7));

  TwoAxes.figures.triangle = {
    title: "the triangle",
    label: "The triangle of losses and the cells that their gradients visit",
    width: 360,
    height: 364,
    start: { P: 49, k1: 7, k2: 7, D: 10, edge: "carry", loss: 26, simple: 0 },
    controls: [
      { kind: "buttons", label: "Plans", options: [
        { text: "full", set: ({ P }) => ({ k1: P, k2: P }) },
        { text: "windows", set: ({ P }) => ({ k1: step(P), k2: step(P) }) },
        { text: "sliding", set: ({ P }) => ({ k1: 1, k2: step(P) }) },
        { text: "(k1, k2)", set: ({ P }) => ({ k1: step(P), k2: Math.min(2 * step(P), P) }) },
      ] },
      { kind: "slider", name: "P", label: "P, losses", short: "P", min: 2, max: 60 },
      { kind: "slider", name: "k1", label: "k1, losses to an update", short: "k1", min: 1, max: ({ P }) => P },
      { kind: "slider", name: "k2", label: "k2, cells to go back", short: "k2", min: 1, max: ({ P }) => P },
      { kind: "choice", name: "edge", label: "state at a cut", when, options: [
        { value: "carry", text: "carry its value" },
        { value: "reset", text: "reset to zeros" },
      ] },
      { kind: "slider", name: "D", label: "D, lag of the signal", short: "D", min: 1, max: ({ P }) => P, when },
      { kind: "slider", name: "loss", label: "look at loss", short: "loss", min: 1, max: ({ P }) => P },
    ],
    settle(state, name) {
      const { P } = state;
      let { k1, k2 } = state;
      if (name === "k1") k2 = Math.max(k1, k2);
      if (name === "k2") k1 = Math.min(k1, k2);
      const within = (value) => Math.min(value, P);
      return { ...state, k1: within(k1), k2: within(k2), D: within(state.D), loss: within(state.loss) };
    },
    pick({ P }, x, y) {
      const loss = Math.floor(((y - TOP) / SIZE) * P) + 1;
      return x < LEFT + (SIZE * loss) / P && loss >= 1 && loss <= P ? { loss } : null;
    },
    view(state) {
      const { P, k1, k2, D, edge, simple } = state;
      const steps = held(P, k1, k2);
      const kept = share(P, k1, k2, D, edge);
      return {
        picture: drawn(state) + bars(state),
        says: told(state),
        facts: [
          [number(segments(P, k1, k2).length), "updates"],
          [number(cellsVisited(P, k1, k2)), "cells visited"],
          [number(bytes(steps, 1, CELL.inputs, CELL.units)), "bytes kept *"],
          [number(sum(depths(P, k1, k2)) / P, 2), "mean depth"],
          ...(simple ? [] : [[`${number(100 * kept, 1)} %`,
            `of a lag-${D} signal kept, ${edge === "carry" ? "mean of min(K, D)/D" : "losses with K > D"}`]]),
        ],
        remark: `* at most at once: ${count(steps, "step")} of one stream, ${CELL.units} units, ${CELL.inputs} inputs, float64.${simple ? "" : " K is a loss's depth."}`,
      };
    },
  };
})(globalThis);

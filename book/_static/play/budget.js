/* The calculator: what a choice of B and T makes of a corpus. As src/helpers/budget.py counts. */

(function (root) {
  "use strict";

  const TwoAxes = root.TwoAxes;

  /* In units of H: states kept at each step and once before the first; what else is kept at each
     step; columns of the weights; biases beside them. */
  const OF_CELL = {
    rnn: { states: 1, rest: 0, columns: 1, biases: 0 },
    lstm: { states: 2, rest: 5, columns: 4, biases: 0 },
    gru: { states: 1, rest: 4, columns: 3, biases: 1 },
  };
  const ID_BYTES = 8;

  /** Bytes of the tape of one window, by what is kept. */
  function kept({ B, T, H, V, layers, cell, size }) {
    const { states, rest } = OF_CELL[cell], each = layers * H * B * size;
    const parts = { states: each * states * (T + 1), gates: each * rest * T,
      outputs: B * size * V * T, ids: B * ID_BYTES * T };
    return { ...parts, all: parts.states + parts.gates + parts.outputs + parts.ids };
  }

  /** Weights and biases; B and T have no part in them. */
  function parameters({ H, V, layers, cell }) {
    const { columns, biases } = OF_CELL[cell];
    const reading = V + (layers - 1) * H;
    return columns * H * (reading + layers * H) + layers * (columns + biases) * H + H * V + V;
  }

  /** All of it, for one epoch in contiguous streams. */
  function workOut(choice) {
    const { N, B, T } = choice;
    const L = Math.floor(N / B), positions = L - 1, steps = Math.min(T, positions);
    const full = Math.floor(positions / T), rest = positions % T;
    const depths = (full * T * (T + 1)) / 2 + (rest * (rest + 1)) / 2;
    return {
      streamLength: L,
      tokens: B * steps,
      updates: full + (rest > 0 ? 1 : 0),
      lastSteps: rest || T,
      targets: positions * B,
      dropped: N - 1 - positions * B,
      lossesAtDepth: (depth) => (depth > steps ? 0 : B * (full + (depth <= rest ? 1 : 0))),
      meanDepth: depths / positions,
      kept: kept({ ...choice, T: steps }),
      parameters: parameters(choice),
    };
  }

  TwoAxes.budget = { kept, parameters, workOut };

  /* The figure. */

  const { svg, letters, number, count, read, refuse } = TwoAxes;

  /** 1.03 MB, 516 kB; units of a thousand. */
  function inUnits(value) {
    const units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"];
    let i = 0, left = value;
    for (; left >= 999.5 && i < units.length - 1; i += 1) left /= 1000;
    return `${number(left, i === 0 || left >= 99.95 ? 0 : left >= 9.995 ? 1 : 2)} ${units[i]}`;
  }

  const FIELDS = [
    ["N", "N, tokens of the corpus", 2, 1e12], ["B", "B, batch size", 1, 1e12], ["T", "T, time steps", 1, 1e6],
    ["H", "H, hidden units of a layer", 1, 1e5], ["V", "V, symbols", 1, 1e6], ["layers", "Layers", 1, 100],
  ];

  function chosen(state) {
    const found = { cell: state.cell, size: Number(state.size) };
    for (const [name, label, min, max] of FIELDS)
      found[name] = read(label.split(",")[0], state[name], { min, max });
    const most = Math.floor(found.N / 2);
    if (found.B > most)
      refuse(`B must be at most ${number(most)} for ${number(found.N)} tokens, since a stream needs 2 ` +
        `to predict one from the other, got ${number(found.B)}.`);
    return found;
  }

  const LEFT = 8, RIGHT = 352;

  const QUIET = { style: "fill:var(--play-quiet)" }, LIGHT = { class: "state-fill", "fill-opacity": 0.6 };
  const GATES = { lstm: "gates, tanh of the memory", gru: "gates, recalled state" };

  function bytesDrawn({ kept: parts }, cell) {
    const rows = [["states", "states", { class: "state-fill" }], ["gates", GATES[cell], LIGHT],
      ["outputs", "outputs before the softmax", QUIET], ["ids", "token ids", QUIET]];
    const bar = (width, y, look) => svg("rect", { x: LEFT, y, width, height: 12, ...look });
    return letters(LEFT, 14, `kept for the backward pass: ${inUnits(parts.all)}`, { class: "strong" }) +
      rows.filter(([, name]) => name).map(([part, name, look], i) => {
        const y = 38 + 38 * i, share = parts[part] / parts.all, percent = 100 * share;
        const said = percent < 0.5 ? "less than 1 %" : `${number(percent)} %`;
        return letters(LEFT, y, name) + letters(RIGHT, y, `${inUnits(parts[part])}, ${said}`, { class: "end" }) +
          bar((RIGHT - LEFT) * share, y + 5, look) + bar(RIGHT - LEFT, y + 5, { class: "context" });
      }).join("");
  }

  function depthsDrawn(found, steps) {
    const top = 240, height = 56, base = top + height, most = found.lossesAtDepth(1);
    const across = (depth) => LEFT + ((RIGHT - LEFT) * depth) / steps;
    const bar = (from, to) => {
      const tall = height * (found.lossesAtDepth(to) / most);
      return svg("rect", { class: "time-fill", x: across(from), y: base - tall, width: across(to) - across(from), height: tall });
    };
    const at = (depth) => `depth ${number(depth)}: ${number(found.lossesAtDepth(depth))}`;
    const rest = found.lastSteps < steps ? found.lastSteps : 0, mean = across(found.meanDepth - 0.5);
    return [
      letters(LEFT, 206, "losses of an epoch, by the cells that each visits", { class: "strong" }),
      rest > 0 ? bar(0, rest) : "", bar(rest, steps),
      svg("path", { class: "cut", d: `M${mean} ${top - 10}V${base}` }),
      letters(mean, top - 14, `mean depth ${number(found.meanDepth, 1)}`, { class: "middle" }),
      svg("path", { class: "context", d: `M${LEFT} ${base}H${RIGHT}` }),
      letters(LEFT, base + 15, at(1)),
      steps > 1 ? letters(RIGHT, base + 15, at(steps), { class: "end" }) : "",
    ].join("");
  }

  TwoAxes.figures.budget = {
    title: "the calculator",
    label: "Bytes kept for the backward pass, and losses by depth",
    width: 360,
    height: 320,
    start: { N: "100,001", B: "16", T: "32", H: "32", V: "25", layers: "1", cell: "lstm", size: "8" },
    controls: [
      ...FIELDS.map(([name, label]) => ({ kind: "text", name, label })),
      { kind: "choice", name: "cell", label: "Cell", options: [
        { value: "rnn", text: "tanh cell" }, { value: "lstm", text: "LSTM" }, { value: "gru", text: "GRU" }] },
      { kind: "choice", name: "size", label: "Bytes of a number", options: [
        { value: "8", text: "8, float64" }, { value: "4", text: "4, float32" }, { value: "2", text: "2, half precision" }] },
    ],
    view(state) {
      const choice = chosen(state), found = workOut(choice);
      const steps = Math.min(choice.T, found.streamLength - 1);
      const depth = `Depths are spread evenly from 1 to ${number(steps)} cells within a window, ` +
        `(T + 1)/2 = ${number((steps + 1) / 2, 1)} on average.`;
      return {
        picture: bytesDrawn(found, choice.cell) + depthsDrawn(found, steps),
        says: `${count(choice.N, "token")} make ${count(choice.B, "stream")} of ${count(found.streamLength, "position")}: ` +
          `${count(found.updates, "update")} an epoch, ${count(found.tokens, "token")} an update, ` +
          `${inUnits(found.kept.all)} kept for the backward pass. ${depth}`,
        facts: [
          [number(found.updates), "updates an epoch"],
          [number(found.tokens), "tokens an update"],
          [number(found.dropped), "targets dropped"],
          [number(found.lastSteps), "steps in the last window"],
          [Number.isSafeInteger(found.kept.all) ? number(found.kept.all) : inUnits(found.kept.all), "bytes for the backward pass"],
          [number(found.parameters), "weights and biases"],
        ],
        note: choice.T > steps
          ? `A stream has only ${count(steps, "step")} to predict, so the window is that long.` : "",
      };
    },
  };
})(globalThis);

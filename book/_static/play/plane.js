/* The plane: bias and noise of one update over batch size and time steps, in the scalar model of
   src/helpers/closed_form.py, where every formula is explained. */

(function (root) {
  "use strict";

  const TwoAxes = root.TwoAxes;

  /** Expected gradient of one token's loss whose backward pass visits `depth` cells. */
  const meanAt = (a, D, depth) =>
    (a * (1 - a ** (2 * depth))) / (1 - a * a) ** 2 - Math.min(depth, D) * a ** (D - 1);

  /** Bias and variance of one stream's window, for every T from 1 to `most`.

     Isserlis' theorem, written out: the variance of the mean over t of e_t·g_t, with errors e and
     truncated derivatives g, is the mean over t and s of E[e_t e_s]·E[g_t g_s] + E[g_t e_s]·E[e_t g_s].
     Each of these is a recursion over positions, so all T together cost most² steps. */
  function moments(a, D, most) {
    const n = most + 1, bias = [NaN], variance = [NaN], power = [1];
    for (let k = 0; k < most + D; k += 1) power.push(power[k] * a);
    const states = (r) => power[Math.abs(r)] / (1 - a * a); // E[h_t h_s], r = t − s
    const input = (r) => (r < 0 ? 0 : power[r]); // E[h_t x_s]
    const errors = (r) => states(r) - input(r + D) - input(D - r) + (r === 0 ? 1 : 0); // E[e_t e_s]
    const gh = new Float64Array(n * n), ge = new Float64Array(n * n), gg = new Float64Array(n * n);
    for (let t = 1; t <= most; t += 1)
      for (let s = 0; s <= most; s += 1) {
        const i = t * n + s, before = i - n, r = t - 1 - s; // g_t = h_{t−1} + a·g_{t−1}
        gh[i] = states(r) + a * gh[before];
        if (s === 0) continue;
        ge[i] = states(r) - input(r + D) + a * ge[before];
        gg[i] = gh[i - 1] + a * gg[i - 1];
      }
    const full = a / (1 - a * a) ** 2 - D * power[D - 1];
    let means = 0, sum = 0;
    for (let T = 1; T <= most; T += 1) {
      for (let s = 1; s <= T; s += 1) {
        const i = T * n + s;
        sum += (s < T ? 2 : 1) * (errors(T - s) * gg[i] + ge[i] * ge[s * n + T]);
      }
      means += meanAt(a, D, T);
      bias.push(means / T - full);
      variance.push(sum / (T * T));
    }
    return { bias, variance };
  }

  const SIZES = [1, 2, 4, 8, 16, 32, 64, 128], MOST = 128, EPOCH = 100001;
  let last = {};

  /** Bias, noise and their root mean square at one choice of B and T. */
  function cell(a, D, B, T) {
    if (last.a !== a || last.D !== D) last = { a, D, ...moments(a, D, MOST) };
    const bias = last.bias[T], noise = Math.sqrt(last.variance[T] / B);
    return { B, T, bias, noise, both: Math.hypot(bias, noise) };
  }

  /** The cells with as many tokens to an update, by B. */
  const line = (a, D, tokens) => SIZES
    .filter((B) => SIZES.includes(tokens / B)).map((B) => cell(a, D, B, tokens / B));

  const best = (cells) => cells.reduce((x, y) => (y.both < x.both ? y : x));

  /** Bytes of the tape of one unit with one input and one output; as helpers.tools.budget counts. */
  const bytes = (B, T) => 8 * B * (3 * T + 1);

  /** Updates in one epoch of contiguous streams; as helpers.layout counts. */
  const updates = (N, B, T) => Math.ceil((Math.floor(N / B) - 1) / T);

  TwoAxes.plane = { moments, cell, line, best, bytes, updates, SIZES, EPOCH };

  /* The figure. */

  const { svg, letters, number, count } = TwoAxes;
  const CELL = 39, LEFT = 44, TOP = 34, SIDE = CELL * SIZES.length;
  const middle = (start, size) => start + CELL * (SIZES.indexOf(size) + 0.5);

  /** Two digits that count, as far as there is room for them: 28, −1.3, 0.083. */
  function brief(value, places = 3) {
    const size = Math.abs(value);
    return number(value, size === 0 ? 0 : Math.min(places, Math.max(0, 1 - Math.floor(Math.log10(size)))));
  }

  /** A square whose area goes with the error, divided as its square is: noise, then bias. */
  function square({ B, T, bias, both }, largest) {
    const side = 33 * Math.sqrt(both / largest), x = middle(LEFT, B) - side / 2, y = middle(TOP, T) - side / 2;
    const height = side * (bias / both) ** 2;
    return svg("rect", { class: "batch-fill", x, y, width: side, height: side - height }) +
      svg("rect", { class: "time-fill", x, y: y + side - height, width: side, height });
  }

  function grid(state) {
    const { a, D, B, T } = state;
    const cells = SIZES.flatMap((each) => SIZES.map((steps) => cell(a, D, each, steps)));
    const largest = Math.max(...cells.map(({ both }) => both));
    const diagonal = (tokens, style) => {
      const on = line(a, D, tokens);
      const ends = [on[0], on.at(-1)].map((each) => `${middle(LEFT, each.B)} ${middle(TOP, each.T)}`);
      return svg("path", { ...style, d: `M${ends.join("L")}` });
    };
    const iso = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192]
      .map((tokens) => diagonal(tokens, { class: "context", style: "stroke-width:0.7" }));
    const lowest = best(line(a, D, B * T));
    const corner = (start, size) => middle(start, size) - CELL / 2;
    return [
      ...iso, diagonal(B * T, { class: "cut" }), ...cells.map((each) => square(each, largest)),
      svg("circle", { class: "chosen", style: "stroke-width:2.5",
        cx: middle(LEFT, lowest.B), cy: middle(TOP, lowest.T), r: 15 }),
      svg("rect", { class: "chosen", style: "stroke-width:2",
        x: corner(LEFT, B) + 1, y: corner(TOP, T) + 1, width: CELL - 2, height: CELL - 2 }),
      svg("rect", { class: "context", x: LEFT, y: TOP, width: SIDE, height: SIDE }),
      letters(LEFT + SIDE / 2, 12, "batch size B: more streams, less noise", { class: "middle batch" }),
      letters(0, 0, "time steps T: longer windows, less bias", {
        class: "middle time", transform: `translate(14 ${TOP + SIDE / 2}) rotate(-90)` }),
      ...SIZES.flatMap((size) => [
        letters(middle(LEFT, size), TOP - 6, size, { class: size === B ? "middle strong" : "middle" }),
        letters(LEFT - 6, middle(TOP, size) + 4, size, { class: size === T ? "end strong" : "end" })]),
    ].join("");
  }

  /** Below each column, the numbers of the cell in which the dashed line crosses it. */
  function table({ a, D, B, T }) {
    const cells = line(a, D, B * T), lowest = best(cells), top = TOP + SIDE + 18;
    const rows = [["T", "quiet", (each) => String(each.T)], ["bias", "time", (each) => brief(each.bias, 2)],
      ["noise", "batch", (each) => brief(each.noise, 2)], ["both", "strong", (each) => brief(each.both, 2)]];
    return rows.flatMap(([name, look, text], i) => [
      letters(LEFT - 6, top + 17 * i, name, { class: `end ${look}` }),
      ...cells.map((each) => letters(middle(LEFT, each.B), top + 17 * i, text(each),
        { class: each === lowest ? "middle strong" : "middle" })),
    ]).join("");
  }

  const powers = (name, label) => ({ kind: "slider", name, label, values: SIZES });
  const target = ({ a, D, B, T }) => {
    const lowest = best(line(a, D, B * T));
    return { B: lowest.B, T: lowest.T };
  };

  TwoAxes.figures.plane = {
    title: "the plane",
    label: "Bias and noise of one update, over batch size and time steps",
    width: 360,
    height: 426,
    start: { B: 64, T: 1, a: 0.8, D: 10 },
    controls: [
      powers("B", "Batch size B"),
      powers("T", "Time steps T"),
      { kind: "buttons", label: "Where to stand",
        options: [{ text: "Go to the best cell of this line", set: target }] },
      { kind: "slider", name: "a", label: "Weight a", short: "The weight a",
        min: 0, max: 0.95, step: 0.05 },
      { kind: "slider", name: "D", label: "Lag D", short: "The lag D", min: 1, max: 32 },
    ],
    pick(state, x, y) {
      const place = (from, at) => Math.floor((at - from) / CELL);
      const B = SIZES[place(LEFT, x)], T = SIZES[place(TOP, y)];
      return B && T ? { B, T } : null;
    },
    view(state) {
      const { a, D, B, T } = state, here = cell(a, D, B, T), lowest = best(line(a, D, B * T));
      const same = lowest.B === B && lowest.T === T;
      const tokens = count(B * T, "token");
      return {
        picture: grid(state) + table(state),
        says: `B = ${B}, T = ${T}, ${tokens} an update: bias ${brief(here.bias)}, noise ` +
          `${brief(here.noise)}, both together ${brief(here.both)}. ` +
          (same ? `No other split of ${tokens} in the picture does better.`
            : `Best with ${tokens}: B = ${lowest.B}, T = ${lowest.T}, with ${brief(lowest.both)}.`),
        facts: [
          [number(updates(EPOCH, B, T)), `updates an epoch of ${count(EPOCH, "token")}`],
          [number(bytes(B, T)), "bytes kept for the backward pass"],
        ],
      };
    },
  };
})(globalThis);

/* The descent: walks with minibatches of three sizes over the loss of one line, y = wx + b. */

(function (root) {
  "use strict";

  const TwoAxes = root.TwoAxes;

  /* The first 64 points of the chapter, to two decimals: tests/nightly/test_play.py says them. */
  const u = [-1.64,0.02,0.71,-1.54,0.6,-0.05,0.94,0.36,-0.11,1.21,1.85,-0.53,0.78,-0.54,0.48,0.92,0.13,0.86,1.65,0.51,2.31,-0.41,-0.96,0.55,0.44,1.43,0.86,-1.02,1.92,1.79,-0.84,2.08,-0.17,-0.47,-0.23,1.29,0.48,1.84,1.52,0.94,0.77,1.2,0.17,0.56,0.09,0.38,1.75,1.2,-1.33,0.81,-0.07,-0.11,0.59,-0.36,0.28,-0.14,0.64,0.98,-0.85,1.81,0.54,0.82,-0.84,0.86];
  const v = [-4.6,-1.07,0.24,-5.87,-0.58,-0.69,2.75,-0.6,-0.18,1.8,2.57,-1.48,1.67,-2.37,-0.25,0.72,-0.2,1.6,1.99,0.35,2.11,-1.89,-3.22,0.56,-0.14,2.11,-0.39,-3.49,1.07,3.25,-2.23,3.39,-2.03,-1.33,-1.54,-0.36,0.55,4.47,2.69,1.56,2.34,1.4,1.6,-0.88,-2.14,0.01,3.59,2.75,-0.78,1.2,-1.28,-1.23,1.88,-2.08,-0.42,0.48,0.48,0.08,-3.19,4.26,2.07,-1.72,-2.17,1.36];
  const N = u.length, START = [-1, 2], LOST = 1000;

  /** Marsaglia's xorshift of 32 bits; the first 8 numbers are left out. */
  function numbers(seed) {
    let x = Math.imul(seed + 1, 2654435761);
    const draw = () => {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      return x >>> 0;
    };
    for (let i = 0; i < 8; i += 1) draw();
    return draw;
  }

  /** The samples in the order in which every walker sees them, without end. */
  function deck(seed, replace) {
    const draw = numbers(seed);
    const below = (n) => Math.floor((draw() * n) / 2 ** 32);
    let order = [];
    return () => {
      if (replace) return below(N);
      if (order.length === 0) {
        const fresh = u.map((_, n) => n);
        for (let i = N - 1; i > 0; i -= 1) {
          const j = below(i + 1);
          [fresh[i], fresh[j]] = [fresh[j], fresh[i]];
        }
        order = fresh.reverse();
      }
      return order.pop();
    };
  }

  const mean = (f) => u.reduce((sum, _, n) => sum + f(n), 0) / N;

  /** The loss ½·mean((w·u + b − v)²): its lowest point, and its axes with their curvature. */
  const landscape = (function () {
    const mu = mean((n) => u[n]), mv = mean((n) => v[n]);
    const uu = mean((n) => u[n] * u[n]), uv = mean((n) => u[n] * v[n]);
    const w = (uv - mu * mv) / (uu - mu * mu), b = mv - w * mu;
    const least = mean((n) => (w * u[n] + b - v[n]) ** 2) / 2;
    const middle = (uu + 1) / 2, half = Math.hypot((uu - 1) / 2, mu);
    const angle = (Math.atan2(2 * mu, uu - 1) / 2) * (180 / Math.PI);
    return { w, b, least, uu, u: mu, steep: middle + half, flat: middle - half, angle };
  })();

  /** Loss above the lowest. */
  function excess(w, b) {
    const dw = w - landscape.w, db = b - landscape.b;
    return (landscape.uu * dw * dw + 2 * landscape.u * dw * db + db * db) / 2;
  }

  /** Where a walker was after 0, 1, … updates, until one of the two budgets is spent. */
  function walk({ B, rate, seed, replace, updates, samples }) {
    const next = deck(seed, replace);
    const straight = Math.hypot(START[0] - landscape.w, START[1] - landscape.b);
    let [w, b] = START;
    const found = { w: [w], b: [b], samples: [0], length: [0], excess: [excess(w, b)], lost: false };
    while (found.w.length <= updates && !found.lost) {
      const seen = found.samples.at(-1);
      const size = replace || B === N ? B : Math.min(B, N - (seen % N));
      if (seen + size > samples) break;
      let gw = 0, gb = 0;
      for (let i = 0; i < size; i += 1) {
        const n = B === N ? i : next();
        const error = w * u[n] + b - v[n];
        gw += error * u[n];
        gb += error;
      }
      const stepW = (rate * gw) / size, stepB = (rate * gb) / size;
      w -= stepW;
      b -= stepB;
      found.w.push(w);
      found.b.push(b);
      found.samples.push(seen + size);
      found.length.push(found.length.at(-1) + Math.hypot(stepW, stepB) / straight);
      found.excess.push(excess(w, b));
      found.lost = Math.hypot(w - landscape.w, b - landscape.b) > LOST;
    }
    return found;
  }

  TwoAxes.descent = { u, v, N, landscape, numbers, deck, excess, walk };

  /* The figure. */

  const { svg, letters, number, count } = TwoAxes;
  const SCALE = 52, LEFT = 40, TOP = 8, SIDE = 6 * SCALE;
  const across = (w) => LEFT + (w + 2) * SCALE, down = (b) => TOP + (3 - b) * SCALE;
  const LEVELS = [0.0625, 0.125, 0.25, 0.5, 1, 2, 4, 8];
  const RATES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.2, 1.5];
  const MOST = { samples: 1024, updates: 128 };

  /** Two digits that count: 28, 2.0, 0.083. */
  function brief(value) {
    if (value === 0) return "0";
    const digits = Math.max(0, 1 - Math.floor(Math.log10(Math.abs(value))));
    return number(value, Math.min(digits, 4));
  }

  const sized = (B) => (B === 1 ? "one sample" : B === N ? "all 64" : `${B} samples`);

  function walks(state) {
    const { by, B, rate, seed, replace } = state;
    const budget = { updates: Infinity, samples: Infinity, [by]: state[by] };
    return [["one", 1], ["some", B], ["all", N]].map(([name, size]) =>
      ({ name, size, ...walk({ ...budget, B: size, rate, seed, replace }) }));
  }

  const LINE = {
    one: { class: "gradient-line", style: "stroke-width:0.9" },
    some: { class: "batch-line", style: "stroke-width:2.5" },
    all: { class: "cut", style: "stroke-width:2" },
  };
  const END = {
    one: { class: "gradient-fill", d: "M0-6 6 5-6 5z" },
    some: { class: "batch-fill", d: "M-5-5h10v10h-10z" },
    all: { class: "chosen", style: "stroke-width:2", d: "M0-6 6 0 0 6-6 0z" },
  };
  const put = (what, x, y) => svg("path", { ...what, transform: `translate(${x} ${y})` });

  function draw(found) {
    const at = (w, b) => [across(w), down(b)].map((value) => Math.round(value * 10) / 10);
    const centre = at(landscape.w, landscape.b);
    const ovals = LEVELS.map((level) => svg("ellipse", {
      class: "context", rx: SCALE * Math.sqrt((2 * level) / landscape.steep),
      ry: SCALE * Math.sqrt((2 * level) / landscape.flat),
      transform: `translate(${centre.join(" ")}) rotate(${-landscape.angle.toFixed(2)})` }));
    const lines = found.map(({ name, w, b }) =>
      svg("path", { ...LINE[name], d: "M" + w.map((_, i) => at(w[i], b[i]).join(" ")).join("L") }));
    const ends = found.map(({ name, w, b }) => put(END[name], ...at(w.at(-1), b.at(-1))));
    const lowest = put({ class: "chosen", style: "stroke-width:2", d: "M-6-6 6 6M-6 6 6-6" }, ...centre);
    const begin = svg("circle", { class: "chosen", style: "stroke-width:2", cx: across(START[0]), cy: down(START[1]), r: 7 });
    const frame = { x: LEFT, y: TOP, width: SIDE, height: SIDE };
    const ticks = [0, 2, 4, 6].flatMap((i) => [
      letters(LEFT + i * SCALE, TOP + SIDE + 16, number(i - 2), { class: "middle" }),
      letters(LEFT - 6, TOP + SIDE - i * SCALE + 4, number(i - 3), { class: "end" })]);
    return [
      svg("clipPath", { id: "descent-frame" }, svg("rect", frame)),
      svg("g", { "clip-path": "url(#descent-frame)" }, ...ovals, ...lines, begin, lowest, ...ends),
      svg("rect", { class: "context", ...frame }),
      ...ticks,
      letters(LEFT + SIDE / 2, TOP + SIDE + 30, "slope w", { class: "middle" }),
      letters(0, 0, "intercept b", { class: "middle", transform: `translate(14 ${TOP + SIDE / 2}) rotate(-90)` }),
    ].join("");
  }

  const COLUMNS = [152, 214, 276, 352];

  /** The numbers below the picture, which also say whose line is whose. */
  function table(found) {
    const top = TOP + SIDE + 52;
    const head = ["updates", "samples", "path", "excess loss"].map((word, i) =>
      letters(COLUMNS[i], top, word, { class: "end quiet" }));
    const rows = found.flatMap(({ name, size, w, samples, length, excess, lost }, i) => {
      const y = top + 20 * (i + 1);
      const cells = [number(w.length - 1), number(samples.at(-1)),
        ...(lost ? ["", "lost"] : [brief(length.at(-1)), brief(excess.at(-1))])];
      return [
        svg("path", { ...LINE[name], d: `M2 ${y - 4}h24` }), put(END[name], 14, y - 4),
        letters(34, y, sized(size)),
        ...cells.map((word, j) => letters(COLUMNS[j], y, word, { class: "end" }))];
    });
    return head.concat(rows).join("");
  }

  function words(found, state) {
    const some = found[1], updates = some.w.length - 1;
    const spent = `${count(updates, "update")}, ${count(some.samples.at(-1), "sample")}`;
    const who = `Batch size ${state.B}, learning rate ${state.rate}: ${spent}`;
    const kept = found.filter((each) => !each.lost);
    const astray = found.filter((each) => each.lost).map((each) => sized(each.size)).join(", ");
    const lost = astray ? ` Lost, because the steps are too long: ${astray}.` : "";
    if (some.lost) return `${who}, and the walk is lost.${lost}`;
    const now = `${who}, path ${brief(some.length.at(-1))} times the straight line, ` +
      `excess loss ${brief(some.excess.at(-1))}.`;
    if (state[state.by] === 0) return `${now} All three stand at the start.`;
    const least = kept.reduce((a, b) => (b.excess.at(-1) < a.excess.at(-1) ? b : a));
    return `${now} Lowest of the three: ${sized(least.size)}.${lost}`;
  }

  const counted = (by, label, stride) => ({
    kind: "steps", name: by, label, min: 0, max: MOST[by], run: true, every: 120,
    stride: () => stride, when: (state) => state.by === by });

  TwoAxes.figures.descent = {
    title: "the descent",
    label: "Three walks over the contour lines of one loss",
    width: 360,
    height: 438,
    start: { B: 8, rate: 0.2, seed: 1, replace: false, by: "samples", samples: 256, updates: 32 },
    controls: [
      { kind: "slider", name: "B", label: "Batch size B", short: "The batch size", min: 1, max: N },
      { kind: "slider", name: "rate", label: "Learning rate", values: RATES },
      { kind: "choice", name: "by", label: "Equal for all three",
        options: [{ value: "samples", text: "samples" }, { value: "updates", text: "updates" }] },
      counted("samples", "Samples seen", 8),
      counted("updates", "Updates made", 1),
      { kind: "slider", name: "seed", label: "Seed of the order", short: "The seed", min: 0, max: 999 },
      { kind: "check", name: "replace", label: "Draw with replacement" },
    ],
    view(state) {
      const found = walks(state);
      return {
        picture: draw(found) + table(found),
        says: words(found, state),
        facts: found.map(({ size, length, excess, lost }) => lost ? ["lost", sized(size)]
          : [brief(excess.at(-1)), `excess loss, ${sized(size)}; path ${brief(length.at(-1))}`]),
      };
    },
  };
})(globalThis);

/* The ribbon: a corpus is cut into streams and windows, and an epoch is walked through.

   Loaders are those of helpers.layout.account, restated as what each update reads. A window is
   a table of positions, rows are ticks and each column is one of the B sequences of the
   minibatch; the target of position p is p + 1. */

(function (root) {
  "use strict";

  const TwoAxes = root.TwoAxes;
  const { svg, letters, number, count } = TwoAxes;
  const range = (length, from = 0) => Array.from({ length }, (_, i) => from + i);

  /** Windows of T rows over B stretches of `length` positions, column b from b·apart on. */
  const walk = (B, T, length, apart, whole) => {
    const found = [];
    for (let start = 0; whole ? start + T <= length : start < length; start += T)
      found.push(range(Math.min(T, length - start), start).map((t) => range(B).map((b) => b * apart + t)));
    return found;
  };

  /** Pieces of T steps that begin at `starts`, B at a time. */
  const deal = (starts, B, T, whole) => {
    const found = [];
    for (let i = 0; whole ? i + B <= starts.length : i < starts.length; i += B)
      found.push(range(T).map((t) => starts.slice(i, i + B).map((start) => start + t)));
    return found;
  };

  /** The updates of one epoch; `order(n)` is a permutation of 0 … n − 1, or none for reading order.

      Shuffled, the loaders that cut streams give their windows in another order; the last two
      shuffle their pieces before they deal them. */
  function epoch(loader, N, B, T, order) {
    const limits = { N: [N, 2], B: [B, 1], T: [T, 1] };
    for (const [name, [value, least]] of Object.entries(limits))
      if (!Number.isInteger(value) || value < least)
        TwoAxes.refuse(`${name} must be a whole number of at least ${least}, got ${value}.`);
    const shuffle = (items) => order ? order(items.length).map((i) => items[i]) : items;
    const L = Math.floor(N / B), per = Math.floor((N - 1) / B), pieces = Math.floor((N - 1) / T);
    if (loader === "streams" && L < 2)
      TwoAxes.refuse(`B must be at most ${Math.floor(N / 2)} for N = ${N} tokens, since a stream needs 2 to predict one from the other; it is ${B}.`);
    if (loader === "shuffled" && pieces < B)
      TwoAxes.refuse(`N = ${N} tokens hold ${count(pieces, "piece")} of T = ${T} with their targets, too few for B = ${B}.`);
    const found = {
      streams: () => shuffle(walk(B, T, L - 1, L, false)),
      ptb: () => shuffle(walk(B, T, L - 1, L, true)),
      fastai: () => shuffle(walk(B, T, per, per, false)),
      sequential: () => shuffle(walk(B, T, per, per, true)),
      shuffled: () => deal(shuffle(range(pieces).map((i) => i * T)), B, T, true),
      overlapping: () => deal(shuffle(range(Math.max(N - T, 0))), B, T, false),
    }[loader]();
    if (found.length === 0)
      TwoAxes.refuse(`N = ${N} tokens leave this loader nothing to predict with B = ${B} and T = ${T}. Take a smaller B or T.`);
    return found;
  }

  /** Targets, updates, dropped and repeated targets of an epoch, counted token by token. */
  function account(updates, N) {
    const targets = updates.flat(2).map((p) => p + 1);
    const distinct = new Set(targets).size;
    return { targets: targets.length, updates: updates.length, dropped: N - 1 - distinct, repeated: targets.length - distinct };
  }

  /** For each column of each window but the first: does it go on where that column stopped? */
  const continues = (updates) => updates.slice(1).map((next, i) => {
    const last = updates[i][updates[i].length - 1];
    return next[0].map((p, b) => p === last[b] + 1);
  });

  /** The share of columns that go on; none where there is one update only. */
  function continuation(updates) {
    const all = continues(updates).flat();
    return all.length ? all.filter(Boolean).length / all.length : null;
  }

  /** A shuffle that is the same for the same seed (mulberry32, Fisher–Yates). */
  const shuffler = (seed) => (n) => {
    let a = seed >>> 0;
    const draw = () => {
      a = (a + 0x6d2b79f5) >>> 0;
      let t = Math.imul(a ^ (a >>> 15), 1 | a);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const items = range(n);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(draw() * (i + 1));
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  };

  const MOST = 60;

  /** A text as tokens: characters as a reader counts them where the browser can, else code points. */
  function tokens(text) {
    const some = text.slice(0, 2000);
    const parts = typeof Intl === "object" && Intl.Segmenter
      ? Array.from(new Intl.Segmenter("en", { granularity: "grapheme" }).segment(some), (s) => s.segment)
      : Array.from(some);
    return parts.map((part) => /^\s+$/.test(part) ? "␣" : /^[\p{Cc}\p{Cs}]/u.test(part) ? "�" : part);
  }

  TwoAxes.ribbon = { epoch, account, continues, continuation, shuffler, tokens };

  /* The picture. */

  const WIDTH = 360, HEIGHT = 420, LEFT = 10, ACROSS = 20, STEP = 17, TALL = 20, GAP = 13, LEAST = 13, MARGIN = 72;

  const NAMES = {
    streams: "PyTorch's example",
    ptb: "the PTB tutorial",
    fastai: "fastai",
    sequential: "older d2l, in order",
    overlapping: "all windows, stride 1",
    shuffled: "pieces of T",
  };

  const epochOf = ({ loader, N, B, T, shuffle, seed }) =>
    epoch(loader, N, B, T, shuffle ? shuffler(seed) : null);

  /** How many updates, or ticks of this update, there are; as before where the settings are impossible. */
  const size = (state, what) => {
    try {
      const updates = epochOf(state);
      return what === "update" ? updates.length : updates[Math.min(state.update, updates.length) - 1].length;
    } catch (refusal) {
      if (!(refusal instanceof TwoAxes.Refusal)) throw refusal;
      return state[what];
    }
  };

  const textOf = (state) => state.source === "numbers" ? range(MOST).map(String) : tokens(state.text);
  const most = (state) => Math.min(MOST, textOf(state).length);

  const fitted = (width, height, text) =>
    Math.min(14, height * 0.72, (width - 2) / (0.62 * Math.max(1, Array.from(text).length)));

  /** One token in its box; letters that would be too small are left out. */
  function token(x, y, width, height, text, kind, more = []) {
    const size = fitted(width, height, text);
    return svg("rect", { class: `box ${kind}`, x, y, width, height }) + more.join("") +
      (size >= 6 ? letters(x + width / 2, y + height / 2 + size * 0.36, text, { class: "middle", style: `font-size:${Math.round(size * 10) / 10}px` }) : "");
  }

  function strip(state, words, window, tick) {
    const { N, B, T, loader } = state;
    const reads = new Set(window.flat()), now = new Set(window[tick - 1]);
    const predicted = new Set(epochOf(state).flat(2).map((p) => p + 1));
    const L = { streams: Math.floor(N / B), ptb: Math.floor(N / B), shuffled: T,
      fastai: Math.floor((N - 1) / B), sequential: Math.floor((N - 1) / B) }[loader];
    const parts = [letters(LEFT, 13, `the corpus: ${N} tokens in reading order`)];
    const cuts = [];
    for (let p = 0; p < N; p++) {
      const x = LEFT + (p % ACROSS) * STEP, y = 20 + Math.floor(p / ACROSS) * (TALL + 3);
      const kind = now.has(p) ? "now" : reads.has(p) ? "read" : "";
      const lost = p > 0 && !predicted.has(p);
      parts.push(token(x, y, STEP, TALL, words[p], kind,
        lost ? [svg("path", { class: "lost", d: `M${x + 1} ${y + TALL - 1}L${x + STEP - 1} ${y + 1}` })] : []));
      const edges = loader === "shuffled" ? p % L === 0 && p <= N - 1 : L && p % L === 0 && p <= L * B;
      if (p > 0 && edges) cuts.push(svg("path", { class: "knife", d: `M${x} ${y - 2}v${TALL + 4}` }));
    }
    return parts.concat(cuts).join("");
  }

  /** The stretch of an epoch's rows around one update that there is room for. */
  function around(rows, update, room) {
    let from = rows.findIndex((row) => row.i === update), to = from;
    while (to < rows.length && rows[to].i === update) to += 1;
    const height = (first, last) =>
      (last - first) * LEAST + (rows[last - 1].i - rows[first].i) * GAP;
    for (let grown = true; grown;) {
      grown = false;
      if (to < rows.length && height(from, to + 1) <= room) (to += 1), (grown = true);
      if (from > 0 && height(from - 1, to) <= room) (from -= 1), (grown = true);
    }
    return [from, to];
  }

  /** Column b is what row b of the minibatch reads, update after update. */
  function table(state, words, updates, top) {
    const room = HEIGHT - 26 - top, B = Math.max(...updates.map((w) => w[0].length));
    const now = state.update - 1, goes = continues(updates);
    const rows = updates.flatMap((window, i) => window.map((row, t) => ({ i, t, row })));
    const [from, to] = around(rows, now, room);
    const edges = rows[to - 1].i - rows[from].i;
    const tall = Math.min(26, (room - edges * GAP) / (to - from)), wide = Math.min(32, 270 / B);
    const left = MARGIN, parts = [], over = [];
    let y = top;
    rows.slice(from, to).forEach(({ i, t, row }, k) => {
      if (t === 0 && k > 0) {
        const middle = y + GAP / 2;
        y += GAP;
        parts.push(svg("path", { class: "cut", d: `M${left - 8} ${middle}H${left + wide * B + 8}` }));
        goes[i - 1].forEach((on, b) => {
          const x = left + (b + 0.5) * wide, r = Math.min(5.5, wide / 2.5);
          parts.push(on
            ? svg("path", { class: "state-line", d: `M${x} ${middle - r}v${2 * r}m${-r * 0.7} ${-r * 0.8}l${r * 0.7} ${r * 0.8}l${r * 0.7} ${-r * 0.8}` })
            : svg("path", { class: "broken", d: `M${x - r * 0.7} ${middle - r * 0.7}l${r * 1.4} ${r * 1.4}m0 ${-r * 1.4}l${-r * 1.4} ${r * 1.4}` }));
        });
      }
      row.forEach((p, b) => parts.push(token(left + b * wide, y, wide, tall, words[p],
        i !== now ? "" : t === state.tick - 1 ? "now" : "read")));
      if (i === now && t === 0) {
        const high = tall * updates[i].length;
        over.push(svg("rect", { class: "chosen", x: left, y, width: wide * row.length, height: high }));
        over.push(letters(left - 8, y + high / 2 + 4, `update ${i + 1}`, { class: "end strong" }));
      }
      y += tall;
    });
    if (to < rows.length) over.push(letters(left + wide * B + 8, y - 2, "…", { class: "strong" }));
    if (from > 0) over.push(letters(left + wide * B + 8, top + 10, "…", { class: "strong" }));
    return parts.concat(over).join("");
  }

  function drawn(state, words, updates) {
    const top = 20 + Math.ceil(state.N / ACROSS) * (TALL + 3) + 38;
    const B = updates[0][0].length;
    return strip(state, words, updates[state.update - 1], state.tick) +
      letters(MARGIN, top - 8, `batch: ${count(B, "column")} side by side →`, { class: "batch" }) +
      letters(10, top + 12, "time", { class: "time" }) + letters(10, top + 26, "↓", { class: "time" }) +
      table(state, words, updates, top) +
      letters(LEFT, HEIGHT - 5, "struck out: never predicted   ↓ goes on   × does not", { class: "quiet" });
  }

  const listed = (items) => items.length === 1 ? items[0]
    : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;

  function told(state, words, updates) {
    const { update, tick } = state;
    const window = updates[update - 1], row = window[tick - 1].map((p) => words[p]);
    const seen = row.length > 8 ? `${row.slice(0, 7).join(", ")} … and ${row[row.length - 1]}` : listed(row);
    const first = `Update ${update} of ${updates.length} reads ${count(window.length, "tick")} of ${count(row.length, "column")}.`;
    const now = `Tick ${tick} receives ${seen}${row.length > 1 ? `: one token of each column, ${row.length} at once.` : ", one token."}`;
    if (updates.length === 1) return `${first} ${now}`;
    const score = continuation(updates);
    const goes = score === 1 ? "Every column goes on where it stopped, so its state may be carried."
      : score === 0 ? "No column goes on where it stopped, so a carried state would come from another place."
      : "Some columns do not go on where they stopped, so a carried state would be wrong there.";
    return `${first} ${now} ${goes}`;
  }

  TwoAxes.figures.ribbon = {
    title: "the ribbon",
    label: "The corpus as a ribbon, and the table of what each update reads",
    width: WIDTH,
    height: HEIGHT,
    start: { source: "text", text: "abcdefghijklmnopqrstuvwxyz.", N: 27, B: 3, T: 4, loader: "streams",
      shuffle: false, seed: 1, update: 1, tick: 1 },
    controls: [
      { kind: "steps", name: "update", label: "update", min: 1, max: (state) => size(state, "update"), run: true, every: 700 },
      { kind: "slider", name: "tick", label: "tick", min: 1, max: (state) => size(state, "tick") },
      { kind: "slider", name: "B", label: "B, batch size", short: "B", min: 1, max: 30 },
      { kind: "slider", name: "T", label: "T, time steps", short: "T", min: 1, max: 30 },
      { kind: "slider", name: "N", label: "N, tokens", short: "N", min: 2, max: most },
      { kind: "choice", name: "loader", label: "loader",
        options: Object.entries(NAMES).map(([value, text]) => ({ value, text })) },
      { kind: "check", name: "shuffle", label: "shuffle" },
      { kind: "buttons", label: "Shuffle", when: (state) => state.shuffle,
        options: [{ text: "shuffle again", set: (state) => ({ seed: state.seed + 1 }) }] },
      { kind: "choice", name: "source", label: "corpus",
        options: [{ value: "text", text: "a text of your own" }, { value: "numbers", text: "numbers" }] },
      { kind: "text", name: "text", label: "your text", when: (state) => state.source === "text" },
    ],
    settle(state, name) {
      const wish = { ...state };
      if (name === "text" || (name === "source" && state.source === "text")) wish.N = Math.max(2, most(state));
      wish.update = Math.min(wish.update, size(wish, "update"));
      wish.tick = Math.min(wish.tick, size(wish, "tick"));
      return wish;
    },
    view(state) {
      const words = textOf(state);
      if (words.length < 2)
        TwoAxes.refuse(`The text needs at least 2 characters, one to predict from the other, got ${TwoAxes.short(state.text)}.`);
      const updates = epochOf(state), counted = account(updates, state.N), score = continuation(updates);
      return {
        picture: drawn(state, words, updates),
        says: told(state, words, updates),
        facts: [
          [number(counted.updates), "updates an epoch"],
          [number(counted.targets), "losses computed"],
          [`${number(counted.dropped)} of ${number(state.N - 1)}`, "targets dropped"],
          [number(counted.repeated), "losses repeated"],
          [score === null ? "–" : number(score, 2), "continuation score"],
        ],
        note: words.length > MOST && state.source === "text"
          ? `Your text is longer than ${MOST} characters: the picture takes the first ${MOST}.` : "",
        remark: "Continuation score: of all columns at all edges between updates, the share that goes on where it stopped.",
      };
    },
  };
})(globalThis);

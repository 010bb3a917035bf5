/* The frame of the figures to play with. How to use it is said in book/_ext/play.py.

   A figure registers itself as TwoAxes.figures[name]; its pure part stands at TwoAxes[name].
   Nothing here touches the page before it has been read, so the file runs without one too. */

(function (root) {
  "use strict";

  const TwoAxes = (root.TwoAxes = root.TwoAxes || {});
  TwoAxes.figures = TwoAxes.figures || {};

  /* Words and numbers. */

  class Refusal extends Error {}
  TwoAxes.Refusal = Refusal;

  /** Refuse a setting: the reader sees the message, and the last good picture stays. */
  TwoAxes.refuse = (message) => {
    throw new Refusal(message);
  };

  /** A number as the pages write it: 1,225 and −0.5. */
  TwoAxes.number = (value, digits = 0) => {
    const [whole, part] = Math.abs(value).toFixed(digits).split(".");
    const sign = value < 0 && Number(value.toFixed(digits)) !== 0 ? "−" : "";
    return sign + whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? "." + part : "");
  };

  /** "1 update", "1,225 updates"; the plural is given where an s is not enough. */
  TwoAxes.count = (value, one, many = one + "s") =>
    `${TwoAxes.number(value)} ${value === 1 ? one : many}`;

  /** What was typed, short enough for a message. */
  TwoAxes.short = (text) => {
    const letters = Array.from(String(text).trim());
    if (letters.length === 0) return "nothing";
    return letters.length > 20 ? `“${letters.slice(0, 20).join("")}…”` : `“${letters.join("")}”`;
  };

  /** The number in a text, or a refusal that says what would work. */
  TwoAxes.read = (name, text, { min, max, whole = true }) => {
    const plain = String(text).trim().replace(/−/g, "-").replace(/,(?=\d{3}\b)/g, "");
    const value = Number(plain);
    const form = whole ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
    if (!form.test(plain) || !(value >= min && value <= max)) {
      const kind = whole ? "a whole number" : "a number";
      TwoAxes.refuse(`${name} must be ${kind} from ${min} to ${max}, got ${TwoAxes.short(text)}.`);
    }
    return value;
  };

  /* Drawings are made as text, so that the still picture comes from the same lines. */

  const escaped = (text) =>
    String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

  const rounded = (value) =>
    String(value).replace(/-?\d+\.\d+(e-?\d+)?/g, (found) => String(Math.round(found * 100) / 100));

  const open = (name, attributes) =>
    "<" + name + Object.entries(attributes)
      .filter(([, value]) => value !== undefined && value !== null && value !== false)
      .map(([key, value]) => ` ${key}="${escaped(rounded(value))}"`)
      .join("");

  /** One element of a drawing around others, which are drawings already. */
  TwoAxes.svg = (name, attributes = {}, ...inside) =>
    inside.length ? `${open(name, attributes)}>${inside.join("")}</${name}>` : open(name, attributes) + "/>";

  /** Letters in a drawing. */
  TwoAxes.letters = (x, y, text, attributes = {}) =>
    TwoAxes.svg("text", { x, y, ...attributes }, escaped(text));

  /** The picture by itself, as a file; `style` are the rules that the page has for it. */
  TwoAxes.still = (name, set = {}, style = "") => {
    const figure = TwoAxes.figures[name];
    const { width, height } = figure;
    const drawn = figure.view({ ...figure.start, ...set }).picture;
    const size = { viewBox: `0 0 ${width} ${height}`, width, height };
    const ground = TwoAxes.svg("rect", { class: "ground", width, height });
    return TwoAxes.svg("svg", { xmlns: "http://www.w3.org/2000/svg", class: "play-picture", ...size },
      `<style>${style}</style>`, ground, drawn) + "\n";
  };

  /** Whether the reader has asked for less motion. */
  TwoAxes.calm = () =>
    Boolean(root.matchMedia && root.matchMedia("(prefers-reduced-motion: reduce)").matches);

  if (typeof document === "undefined") return;

  /* The page. */

  const element = (name, attributes = {}, ...inside) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes))
      if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
    made.append(...inside);
    return made;
  };

  const button = (text, press, attributes = {}) => {
    const made = element("button", { type: "button", ...attributes }, text);
    made.addEventListener("click", press);
    return made;
  };

  const of = (value, state) => (typeof value === "function" ? value(state) : value);

  /* Each kind of control gives the elements to show and a function that brings them in step. */

  const kinds = {
    slider(control, id, hand) {
      const { name, label, values } = control;
      const range = element("input", { type: "range", id, step: control.step || 1 });
      const typed = values
        ? element("output", { for: id })
        : element("input", { type: "text", inputmode: control.step ? "decimal" : "numeric",
            autocomplete: "off", "aria-label": `${label}, typed` });
      const limits = () => values
        ? { min: 0, max: values.length - 1 }
        : { min: of(control.min, hand.state), max: of(control.max, hand.state) };
      range.addEventListener("input", () => {
        const value = Number(range.value);
        hand.change(name, values ? values[value] : value);
      });
      // When the number is complete: on the way from 1 to 14 nothing should happen.
      if (!values) typed.addEventListener("change", () => hand.attempt(typed, () => {
        const read = { ...limits(), whole: !control.step };
        hand.change(name, TwoAxes.read(control.short || label, typed.value, read), typed);
      }));
      const show = (state, from) => {
        const value = values ? values.indexOf(state[name]) : state[name];
        const { min, max } = limits();
        Object.assign(range, { min, max });
        range.value = value;
        const text = control.text ? control.text(state[name]) : String(state[name]);
        range.setAttribute("aria-valuetext", text);
        if (values) typed.value = text;
        else if (from !== typed) typed.value = String(state[name]);
      };
      const parts = [element("label", { for: id }, label), range, typed];
      return { class: "play-slider", parts, show };
    },

    steps(control, id, hand) {
      const { name } = control;
      const made = kinds.slider(control, id, hand);
      const edge = (which) => of(control[which], hand.state);
      let timer = null;
      const stop = () => {
        clearInterval(timer);
        timer = null;
      };
      const move = (by) => {
        const value = Math.min(edge("max"), Math.max(edge("min"), hand.state[name] + by));
        hand.change(name, value, run);
      };
      const back = button("Back", () => (stop(), move(-1)));
      const next = button("Step", () => (stop(), move(1)));
      const run = control.run && button("Run", () => {
        if (timer) return stop(), hand.update(run);
        if (hand.state[name] >= edge("max")) hand.change(name, edge("min"), run);
        if (TwoAxes.calm()) return hand.change(name, edge("max"));
        timer = setInterval(() => {
          move(control.stride ? control.stride(hand.state) : 1);
          if (hand.state[name] >= edge("max")) stop(), hand.update(run);
        }, control.every || 400);
        hand.update(run);
      });
      const show = (state, from) => {
        if (from !== run) stop();
        made.show(state, from);
        back.setAttribute("aria-disabled", state[name] <= edge("min"));
        next.setAttribute("aria-disabled", state[name] >= edge("max"));
        if (run) run.textContent = timer ? "Stop" : "Run";
      };
      const row = element("div", { class: "play-buttons" }, back, next, ...(run ? [run] : []));
      return { class: made.class, parts: [...made.parts, row], show };
    },

    choice(control, id, hand) {
      const options = control.options.map(({ value, text }) => element("option", { value }, text));
      const select = element("select", { id }, ...options);
      select.addEventListener("change", () => hand.change(control.name, select.value));
      const parts = [element("label", { for: id }, control.label), select];
      return { class: "play-choice", parts, show: (state) => (select.value = state[control.name]) };
    },

    check(control, id, hand) {
      const box = element("input", { type: "checkbox", id });
      box.addEventListener("change", () => hand.change(control.name, box.checked));
      const parts = [box, element("label", { for: id }, control.label)];
      return { class: "play-check", parts, show: (state) => (box.checked = state[control.name]) };
    },

    text(control, id, hand) {
      const field = element("input", { type: "text", id, autocomplete: "off", spellcheck: "false" });
      field.addEventListener("input", () => hand.change(control.name, field.value, field));
      const show = (state, from) => from !== field && (field.value = state[control.name]);
      return { class: "play-text", parts: [element("label", { for: id }, control.label), field], show };
    },

    buttons(control, id, hand) {
      const made = control.options.map(({ text, set }) =>
        button(text, () => hand.become({ ...hand.state, ...of(set, hand.state) })));
      const show = (state) => control.options.forEach(({ set }, i) => {
        const here = Object.entries(of(set, state)).every(([key, value]) => state[key] === value);
        made[i].setAttribute("aria-pressed", here);
      });
      const group = { class: "play-buttons", role: "group", "aria-label": control.label };
      return { class: "play-presets", parts: [element("div", group, ...made)], show };
    },
  };

  function mount(stage, number) {
    const figure = TwoAxes.figures[stage.dataset.play];
    if (!figure) return;
    const first = { ...figure.start, ...JSON.parse(stage.dataset.set || "{}") };
    const key = `play-${number}`;
    const says = element("p", { class: "play-says", id: `${key}-says`, "aria-live": "polite" });
    const facts = element("dl", { class: "play-facts" });
    const trouble = element("p", { class: "play-trouble", role: "alert" });
    const remark = element("p", { class: "play-remark" });
    const shown = [];

    const hand = {
      state: first,
      /** One control changes one setting; `from` is a field that keeps what was typed. */
      change(name, value, from) {
        const wish = { ...hand.state, [name]: value };
        hand.become(figure.settle ? figure.settle(wish, name) : wish, from);
      },
      become(state, from) {
        hand.state = state;
        hand.update(from);
      },
      /** Run something that may refuse; what is refused is said, and the picture stays. */
      attempt(field, run) {
        try {
          run();
        } catch (refusal) {
          if (!(refusal instanceof Refusal)) throw refusal;
          if (field) field.setAttribute("aria-invalid", "true");
          trouble.textContent = refusal.message;
          stage.classList.add("play-refused");
        }
      },
      update(from) {
        for (const field of stage.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
        for (const { control, box, show } of shown) {
          show(hand.state, from);
          if (control.when) box.hidden = !control.when(hand.state);
        }
        hand.attempt(from instanceof HTMLInputElement ? from : null, () => {
          const view = figure.view(hand.state);
          picture.innerHTML = view.picture;
          says.textContent = view.says;
          facts.replaceChildren(...view.facts.map(([value, words]) =>
            element("div", {}, element("dt", {}, words), element("dd", {}, String(value)))));
          trouble.textContent = view.note || "";
          remark.textContent = view.remark || "";
          stage.classList.remove("play-refused");
        });
      },
    };

    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const about = { class: "play-picture", viewBox: `0 0 ${figure.width} ${figure.height}`, role: "img",
      "aria-label": figure.label, "aria-describedby": says.id };
    for (const [name, value] of Object.entries(about)) picture.setAttribute(name, value);
    if (figure.pick) {
      const pick = (event) => {
        const box = picture.getBoundingClientRect(), scale = figure.width / box.width;
        const found = figure.pick(hand.state, (event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
        if (found) hand.become({ ...hand.state, ...found });
      };
      picture.addEventListener("pointerdown", pick);
      picture.addEventListener("pointermove", (event) => event.buttons && pick(event));
    }

    const controls = figure.controls.map((control, i) => {
      const made = kinds[control.kind](control, `${key}-${control.name || i}`, hand);
      const box = element("div", { class: made.class }, ...made.parts);
      shown.push({ control, box, show: made.show });
      return box;
    });
    const again = button("Start again", () => hand.become({ ...first }), { class: "play-again" });
    const title = `Settings of the picture: ${figure.title}`;
    const settings = stage.querySelector(".play-settings");
    settings.setAttribute("role", "group");
    settings.setAttribute("aria-label", title);
    settings.replaceChildren(trouble, ...controls, again);
    stage.querySelector(".play-words").replaceChildren(says, facts, remark);
    hand.update();
    stage.querySelector(".play-box").replaceChildren(picture);
    stage.classList.add("play-live");
  }

  document.addEventListener("DOMContentLoaded", () =>
    document.querySelectorAll(".play-stage").forEach(mount));
})(globalThis);

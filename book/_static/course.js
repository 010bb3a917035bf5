/* What a page does beyond being read. Without this script every page is whole.

   A reader's own record is kept in this browser and nowhere else, as one entry of its storage:
   the names of what was done, and whether the first choice of a question was right. */

(function () {
  "use strict";

  const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));

  /* The record. */

  const KEY = "two-axes";
  let record = {};
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    if (kept && typeof kept === "object" && !Array.isArray(kept)) record = kept;
  } catch {
    // Nothing is kept, or it is refused: the record lasts as long as the page.
  }

  const keep = () => {
    try {
      if (Object.keys(record).length) localStorage.setItem(KEY, JSON.stringify(record));
      else localStorage.removeItem(KEY);
    } catch {
      // As above.
    }
    show();
  };

  const page = document.querySelector(".work")?.dataset.page;
  const named = (name) => `${page}#${name}`;
  const of = (where) => Object.keys(record).filter((name) => name.startsWith(`${where}#`));

  /** "3 of 5 exercises done; 2 of 4 questions answered, 1 at the first try." */
  const summary = (where, exercises, questions) => {
    const names = of(where);
    const done = names.filter((name) => record[name] === "done").length;
    const right = names.filter((name) => record[name] === "right").length;
    const answered = right + names.filter((name) => record[name] === "wrong").length;
    const parts = [];
    if (exercises) parts.push(`${done} of ${exercises} exercises done`);
    if (questions) {
      const first = answered ? `, ${right} of them right at the first try` : "";
      parts.push(`${answered} of ${questions} questions answered${first}`);
    }
    return parts.join("; ") + ".";
  };

  const show = () => {
    for (const place of all(".record")) {
      const { page: where, exercises, questions } = place.dataset;
      place.textContent = summary(where, Number(exercises), Number(questions));
    }
    const about = document.querySelector(".work .record");
    const score = document.querySelector(".score");
    if (score && about) score.textContent = summary(page, 0, Number(about.dataset.questions));
    for (const box of all("[data-exercise]")) {
      box.checked = record[named(box.dataset.exercise)] === "done";
    }
    for (const button of all(".forget")) {
      const where = button.dataset.page;
      button.disabled = (where ? of(where) : Object.keys(record)).length === 0;
    }
  };

  /* Exercises. */

  for (const box of all("[data-exercise]")) {
    box.addEventListener("change", () => {
      if (box.checked) record[named(box.dataset.exercise)] = "done";
      else delete record[named(box.dataset.exercise)];
      keep();
    });
  }

  /* Questions: to open a choice is to make it. */

  const mark = (choice) => {
    if (choice.dataset.mark) return;
    choice.dataset.mark = choice.dataset.answer;
    const word = document.createElement("span");
    word.className = "verdict";
    word.textContent = choice.dataset.answer === "right" ? " ✓ right" : " ✗ wrong";
    choice.querySelector("summary").append(word);
  };

  for (const choice of all(".question > details")) {
    choice.querySelector("summary").addEventListener("click", () => {
      if (choice.open) return;
      mark(choice);
      const name = named(choice.closest(".question").dataset.question);
      if (!(name in record)) {
        record[name] = choice.dataset.answer;
        keep();
      }
    });
  }

  for (const button of all(".forget")) {
    button.addEventListener("click", () => {
      const where = button.dataset.page;
      for (const name of where ? of(where) : Object.keys(record)) delete record[name];
      for (const choice of all("[data-mark]")) {
        delete choice.dataset.mark;
        choice.open = false;
        choice.querySelector(".verdict").remove();
      }
      keep();
    });
  }

  show();

  /* On paper everything is open, and closed again afterwards. */

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("article details:not([open])");
    for (const each of opened) each.open = true;
    for (const picture of all("article img[loading=lazy]")) picture.loading = "eager";
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
    opened = [];
  });

  /* What scrolls sideways can be scrolled by keyboard. */

  const wide = all("article .cell_output figure, article div.math");
  const reachable = () => {
    const scrolls = wide.map((each) => each.scrollWidth > each.clientWidth);
    wide.forEach((each, i) => {
      if (scrolls[i]) each.tabIndex = 0;
      else each.removeAttribute("tabindex");
    });
  };
  addEventListener("load", reachable);
  addEventListener("resize", reachable);
})();

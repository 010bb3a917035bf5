/* The search: which sections answer a query best. The list of sections, SECTIONS, is made by
   book/_ext/finder.py; stopwords and Stemmer come with Sphinx. */

"use strict";

const Finder = (() => {
  const MOST = 20;

  // Words of a question that say nothing about what is asked, unless the query has no others.
  const ASKING = new Set(
    ("between can could did difference different do does doesn don false get gets getting had has "
      + "have how i isn it just me my mean means must need none our please should than true versus "
      + "vs we what when where which who why work works would you your")
      .split(" "));

  // Words that the stemmer would take for "state".
  const WHOLE = ["stateful", "stateless"];

  /** The words of a text as the index has them: as `stems` of finder.py. */
  const stems = (text) => {
    const stemmer = new Stemmer();
    const found = text.toLowerCase().match(/[\p{L}\p{N}_]+=[\p{L}\p{N}_]+/gu) ?? [];
    for (const word of text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [])
      for (const part of new Set([word, ...word.split("_")]))
        if (part && !/^\p{N}+$/u.test(part) && !stopwords.includes(part))
          found.push(WHOLE.includes(part) ? part : stemmer.stemWord(part));
    return found;
  };

  const asked = (query) => {
    const stemmer = new Stemmer();
    const plain = new Set([...ASKING].map((word) => stemmer.stemWord(word)));
    const all = [...new Set(stems(query))];
    const telling = all.filter((word) => !plain.has(word));
    return telling.length ? telling : all;
  };

  /** Index words that a word of the query may stand for, each with how surely. */
  const meant = (word, terms) => {
    if (Object.hasOwn(terms, word)) return [[word, 1]];
    if (word.length < 3) return [];
    const longer = Object.keys(terms).filter((term) => term.startsWith(word));
    if (longer.length) return longer.map((term) => [term, 0.7]);
    const shorter = Object.keys(terms)
      .filter((term) => term.length > 3 && term.length > word.length - 4 && word.startsWith(term));
    return shorter.map((term) => [term, 0.5]);
  };

  /** Where a word stands, as [place, count]: the text that `packed` of finder.py made. */
  const stands = (text) => {
    let place = 0;
    return text.split(" ").map((step) => {
      const [further, count] = step.split("*").map(Number);
      place += further;
      return [place, count ?? 1];
    });
  };

  /** Share of a title's words that a query has. */
  const named = (title, words) => {
    const own = asked(title);
    return own.filter((word) => words.includes(word)).length / Math.max(1, own.length);
  };

  /** Places for a query, the best first, as [number, score]: BM25, and the more words the better,
      those of the title above all. */
  const rank = (query, { places, terms }) => {
    const words = asked(query);
    const mean = places.reduce((sum, place) => sum + place[4], 0) / places.length;
    const scores = new Map();
    let whole = 0;
    for (const word of words) {
      const counts = new Map();
      for (const [term, sure] of meant(word, terms))
        for (const [place, count] of stands(terms[term]))
          counts.set(place, (counts.get(place) ?? 0) + sure * count);
      const rare = Math.log(1 + (places.length - counts.size + 0.5) / (counts.size + 0.5));
      whole += rare;
      for (const [place, count] of counts) {
        const full = count + 1.2 * (0.4 + 0.6 * places[place][4] / mean);
        const [score, share] = scores.get(place) ?? [0, 0];
        scores.set(place, [score + rare * 2.2 * count / full, share + rare]);
      }
    }
    const final = ([place, [score, share]]) => {
      const [, title, , , , worth] = places[place];
      return [place, worth * score * (1 + named(title, words)) * (share / whole) ** 2];
    };
    return [...scores]
      .map(final)
      .sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  };

  const element = (name, text, rest = {}) =>
    Object.assign(document.createElement(name), { textContent: text, ...rest });

  const item = ([address, title, page, opening]) => {
    const line = document.createElement("li");
    line.append(element("a", title, { href: address }));
    if (page !== title) line.append(" ", element("span", page, { className: "found-on" }));
    if (opening) line.append(element("p", opening, { className: "found-opening" }));
    return line;
  };

  const show = (query) => {
    const out = document.getElementById("search-results");
    for (const field of document.querySelectorAll('input[name="q"]')) field.value = query;
    const found = rank(query, SECTIONS);
    const shown = found.slice(0, MOST);
    const some = shown.length < found.length ? `the best ${MOST} of ${found.length} places` :
      `${found.length} ${found.length === 1 ? "place" : "places"}`;
    const said = shown.length ? `Found ${some}, the best first.` :
      "Nothing was found. Try one or two words, such as a name from your code or a word of the "
      + "error message.";
    const list = element("ol", "", { className: "found" });
    list.append(...shown.map(([place]) => item(SECTIONS.places[place])));
    const status = element("p", said, { className: "found-count" });
    status.setAttribute("role", "status");
    out.replaceChildren(element("h2", "Found"), status, list);
  };

  return { stems, stands, rank, show };
})();

if (typeof document !== "undefined") {
  const query = new URLSearchParams(location.search).get("q")?.trim();
  if (query) {
    const list = document.createElement("script");
    list.src = "_static/sections.js";
    list.onload = () => Finder.show(query);
    document.head.append(list);
  }
}

"use strict";
(() => {
  const PAGE = 50, NAMES = 12, PRINTED = 5000;
  const TONES = ["plain", "escalates", "everything", "gains", "loses", "changes", "stop", "warning"];
  const root = document.documentElement;
  root.classList.add("on");

  // ---- light and dark

  const theme = document.getElementById("theme");
  const themes = ["auto", "light", "dark"];
  const kept = () => { try { return localStorage.getItem("rolecall-theme"); } catch { return null; } };
  const wear = (name) => {
    const chosen = themes.includes(name) ? name : "auto";
    if (chosen === "auto") root.removeAttribute("data-theme"); else root.dataset.theme = chosen;
    theme.textContent = "Theme: " + chosen;
    try { localStorage.setItem("rolecall-theme", chosen); } catch { /* a page from a file may keep nothing */ }
    return chosen;
  };
  let worn = wear(kept());
  theme.addEventListener("click", () => { worn = wear(themes[(themes.indexOf(worn) + 1) % themes.length]); });

  // ---- what is shown; names only ever as text

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const number = (n) => n.toLocaleString("en-US");
  let data = { s: [""], l: [], lists: {}, matrix: null };
  const said = (n) => data.s[n];

  const lineOf = ([shared, origin, note], signed) => {
    const [sign, what, scope, before, mark, through] = data.l[shared].map(said);
    const prose = !scope && !through && !mark && !origin && !note && !signed;
    const kind = prose ? " prose" : signed ? " signed" : !scope && !through ? " long" : "";
    const line = make("li", "line" + kind);
    line.append(make("span", "sign", sign));
    const first = make("span", "what", what);
    if (mark) first.append(make("span", "mark", mark));
    line.append(first);
    if (prose) return line;
    const second = make("span", "scope", scope);
    if (before) second.append(make("s", "", before));
    line.append(second, make("span", "through", through));
    const third = make("span", "origin");
    if (origin) third.append(make("code", "", said(origin)));
    if (note) third.append(make("i", "", said(note)));
    line.append(third);
    if (signed) {
      const off = make("span", "sign-off");
      off.append(make("span", "box", "keep"), make("span", "box", "remove"), make("span", "blank", "by"), make("span", "blank", "on"));
      line.append(off);
    }
    return line;
  };
  const folded = (summary, fill) => {
    const details = make("details");
    details.append(make("summary", "", summary));
    details.addEventListener("toggle", () => { if (details.childElementCount === 1) fill(details); });
    return details;
  };
  const entryOf = ([tone, tag, names, beside, lines], signed, seen) => {
    const entry = make("li", "entry " + TONES[tone]);
    const head = make("div", "head");
    if (tag) head.append(make("span", "tag", said(tag)));
    if (names.length) {
      const all = make("span", "names");
      const some = names.slice(0, NAMES);
      some.forEach((it, n) => {
        if (n) all.append(", ");
        all.append(make("b", "", said(it)));
      });
      if (names.length > NAMES) {
        const rest = names.slice(NAMES);
        all.append(folded("and " + number(rest.length) + " more", (to) => to.append(rest.map(said).join(", "))));
      }
      head.append(all);
    }
    beside.forEach((it) => head.append(make("span", "beside", said(it))));
    entry.append(head);
    if (lines.length) {
      const list = make("ul", "lines");
      lines.slice(0, seen).forEach((it) => list.append(lineOf(it, signed)));
      if (seen) entry.append(list);
      if (lines.length > seen) {
        const rest = lines.slice(seen);
        entry.append(folded(seen ? "and " + number(rest.length) + " more" : "what it found, and what would allow it", (to) => {
          const more = make("ul", "lines");
          rest.forEach((it) => more.append(lineOf(it, signed)));
          to.append(more);
        }));
      }
    }
    return entry;
  };

  // ---- pages of what fits the search

  const fits = (texts, words) => words.every((word) => texts.some((it) => data.low[it].includes(word)));
  const textsOf = ([, tag, names, beside, lines]) => {
    const texts = new Set([tag, ...names, ...beside]);
    for (const [shared, origin, note] of lines) {
      data.l[shared].forEach((it) => texts.add(it));
      texts.add(origin).add(note);
    }
    texts.delete(0); texts.delete(undefined);
    return [...texts];
  };

  class Pages {
    constructor(section, all, add, texts, keep = () => true) {
      Object.assign(this, { all, add, texts, keep, found: all, shown: 0 });
      this.place = section.querySelector(".place");
      this.count = section.querySelector(".count");
      this.more = make("button", "more");
      this.more.type = "button";
      this.more.addEventListener("click", () => this.show(PAGE));
      section.append(this.more);
    }
    search(words) {
      if (words.length && !this.index) this.index = this.all.map(this.texts);
      this.found = this.all.filter((it, n) => this.keep(it) && (!words.length || fits(this.index[n], words)));
      this.place.replaceChildren();
      this.shown = 0;
      this.show(PAGE);
      const of = this.found.length === this.all.length ? "" : " of " + number(this.all.length);
      this.count.textContent = number(this.found.length) + of;
    }
    show(n) {
      const next = this.found.slice(this.shown, this.shown + n);
      this.shown += next.length;
      this.add(next, this.place);
      const left = this.found.length - this.shown;
      this.more.hidden = left <= 0;
      this.more.textContent = "Show " + number(Math.min(PAGE, left)) + " more of " + number(left);
    }
  }

  // ---- the matrix: people by roles

  const matrixOf = (section) => {
    const { roles, sets, people, several } = data.matrix;
    const changing = section.querySelector("#changing");
    const cellOf = ([role, mark, before, after, via]) => {
      const cell = make("td", ["", "gains", "loses", "changes"][mark]);
      const text = make("span", "", ["", "+ ", "− ", "~ "][mark]);
      if (mark === 2) text.append(make("s", "", said(before))); else text.append(said(after));
      cell.append(text);
      if (mark === 3) cell.append(make("s", "", said(before)));
      if (via.length) cell.append(make("span", "via", "via " + via.slice(0, 3).map(said).join(", ") + (via.length > 3 ? " and " + (via.length - 3) + " more" : "")));
      return cell;
    };
    const add = (rows, place) => {
      const used = new Set(rows.flatMap(([, , set]) => sets[set].map(([role]) => role)));
      const columns = [...used].sort((a, b) => a - b);
      const table = make("table");
      const top = table.createTHead().insertRow();
      top.append(make("th", "", "Person"));
      columns.forEach((it) => {
        const th = make("th", roles[it][1] ? "escalates" : "", said(roles[it][0]));
        if (roles[it][1]) th.append(make("span", "mark", "PRIVILEGED"));
        top.append(th);
      });
      const body = table.createTBody();
      rows.forEach(([who, company, set]) => {
        const row = body.insertRow();
        row.append(make("th", "", said(who) + (several ? " (" + said(company) + ")" : "")));
        const cells = new Map(sets[set].map((it) => [it[0], it]));
        columns.forEach((it) => row.append(cells.has(it) ? cellOf(cells.get(it)) : make("td")));
      });
      place.append(table);
    };
    const known = new Map();
    const textsOfSet = (set) => {
      if (!known.has(set)) known.set(set, sets[set].flatMap(([role, , before, after, via]) => [roles[role][0], before, after, ...via]));
      return known.get(set);
    };
    const texts = ([who, company, set]) => [who, company, ...textsOfSet(set)];
    const changes = ([, , set]) => sets[set].some(([, mark]) => mark);
    const pages = new Pages(section, people, add, texts, (it) => !(changing && changing.checked) || changes(it));
    if (changing) changing.addEventListener("change", () => pages.search(words()));
    return pages;
  };

  // ---- search

  const box = document.getElementById("q");
  const words = () => box.value.toLowerCase().split(/\s+/).filter(Boolean);
  const all = [];
  const search = () => all.forEach((it) => it.search(words()));
  const asked = () => {
    const match = /^#q=(.*)$/.exec(location.hash);
    if (!match) return false;
    try { box.value = decodeURIComponent(match[1].replace(/\+/g, " ")); } catch { box.value = match[1]; }
    return true;
  };
  let waiting = 0;
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const link = box.value ? "#q=" + encodeURIComponent(box.value) : location.pathname + location.search;
      try { history.replaceState(null, "", link); } catch { /* some viewers give a page no address */ }
      search();
    }, 120);
  });
  addEventListener("hashchange", () => { if (asked()) search(); });
  addEventListener("beforeprint", () => {
    all.forEach((it) => it.show(PRINTED - it.shown));
    document.querySelectorAll("details").forEach((it) => { it.open = true; });
  });

  // What stands in the page already is seen while this is read.
  const begin = () => {
    data = JSON.parse(document.getElementById("data").textContent);
    data.low = data.s.map((it) => it.toLowerCase());
    document.querySelectorAll("section[data-list]").forEach((section) => {
      const signed = section.dataset.signed !== undefined;
      const seen = Number(section.dataset.seen);
      const add = (entries, place) => entries.forEach((it) => place.append(entryOf(it, signed, seen)));
      all.push(new Pages(section, data.lists[section.dataset.list], add, textsOf));
    });
    const matrix = document.getElementById("matrix");
    if (matrix && data.matrix) all.push(matrixOf(matrix));
    asked();
    search();
    root.dataset.ready = "";
    performance.mark("ready");
  };
  requestAnimationFrame(() => setTimeout(begin, 0));
})();

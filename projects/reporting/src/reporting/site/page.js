"use strict";
// Draws the results into the page and follows the controls. It fetches nothing, and whatever comes from data becomes
// text by textContent, never markup.
(() => {
  const { report, resultOf } = results;
  const $ = (selector, within = document) => [...within.querySelectorAll(selector)];

  // ---- words --------------------------------------------------------------------------------------------------------

  function textOf({ kind, format }, value) {
    if (value === null || value === undefined) return "–";
    if (typeof value === "number" && kind === "number" && format) {
      const shown = (value * format.factor).toLocaleString("en-US", {
        minimumFractionDigits: format.least,
        maximumFractionDigits: format.most,
        useGrouping: format.grouping,
      });
      return format.prefix + shown + format.suffix;
    }
    if (typeof value === "boolean") return value ? "yes" : "no";
    const text = String(value);
    if (kind === "timestamp") return text.slice(0, 16).replace("T", " ");
    if (kind === "month") return text.slice(0, 7);
    if (kind === "quarter") return `${text.slice(0, 4)} Q${Math.ceil(Number(text.slice(5, 7)) / 3)}`;
    return kind === "year" ? text.slice(0, 4) : text;
  }

  function element(name, attributes, ...content) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...content);
    return made;
  }

  // ---- drawing ------------------------------------------------------------------------------------------------------

  const classes = { number: "figure", date: "whole", timestamp: "whole" };

  function drawTable(tile, { rows, cut }, body) {
    const order = tile.display.order ?? tile.fields.map((_, index) => index).filter((index) => !tile.fields[index].hidden);
    const cell = (name, index, content, more) =>
      element(name, { class: classes[tile.fields[index].kind] ?? "text", ...more }, content);
    const head = order.map((index) => cell("th", index, tile.fields[index].label, { scope: "col" }));
    const lines = rows.map((row) =>
      element("tr", {}, ...order.map((index) =>
        cell("td", index, textOf(tile.fields[index], row[index]), { "data-value": JSON.stringify(row[index]) }))));
    const table = element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...lines));
    body.replaceChildren(rows.length ? table : element("p", { class: "none" }, "Nothing to show."));
    if (cut) body.append(element("p", { class: "none" }, `${cut.toLocaleString("en-US")} more rows are not shown.`));
  }

  function drawNumber(tile, { rows }, body) {
    const { field } = tile.display;
    const value = rows.length ? rows[0][field] : null;
    body.textContent = textOf({ ...tile.fields[field], format: tile.display.format ?? tile.fields[field].format }, value);
    body.dataset.value = JSON.stringify(value);
    // A number that is shown in thousands or millions is there in full for whoever points at it.
    body.title = textOf(tile.fields[field], value);
  }

  // A row for each mark: its place, its height, its series, and what the tooltip says.
  function marksOf(tile, { rows }) {
    const { x, ys, pivot, names, continuous } = tile.display;
    const place = (value) => {
      const { kind } = tile.fields[x];
      if (kind === "number" || value === null) return value;
      return Date.parse(value.length > 10 ? `${value}Z` : value);
    };
    // Two moments of the same minute are two places.
    const nameOf = (value) =>
      tile.fields[x].kind === "timestamp" && value ? value.slice(0, 19).replace("T", " ") : textOf(tile.fields[x], value);
    return rows.flatMap((row) => ys.map((y, part) => ({
      x: continuous ? place(row[x]) : nameOf(row[x]),
      xt: textOf(tile.fields[x], row[x]),
      y: row[y],
      yt: textOf(tile.fields[y], row[y]),
      series: pivot === null ? names[part]
        : textOf(tile.fields[pivot], row[pivot]) + (ys.length > 1 ? ` · ${names[part]}` : ""),
      part,
    })));
  }

  // Parts keep their colours whatever is chosen, and have the same in every chart of the same parts.
  function colourParts(spec, tile, values) {
    const parts = (marks) => [...new Set(marks.map(({ series }) => series))].sort();
    const shown = parts(values);
    tile.parts ??= parts(marksOf(tile, resultOf(tile, {})));
    for (const { encoding } of [spec, ...(spec.layer ?? [])]) {
      if (!encoding?.color) continue;
      encoding.color.scale.domain = [...tile.parts, ...shown.filter((part) => !tile.parts.includes(part))];
      encoding.color.legend.values = shown;
    }
  }

  async function drawChart(tile, result, body) {
    const values = marksOf(tile, result);
    body.classList.toggle("empty", !values.length);
    if (!values.length) {
      body.replaceChildren("Nothing to show.");
      return;
    }
    const places = [...new Set(values.map((value) => value.xt))];
    const widest = Math.max(...places.map((text) => text.length));
    const spec = structuredClone(tile.display.spec);
    spec.data = { values };
    if (tile.display.pivot !== null) colourParts(spec, tile, values);
    // Labels of places that would not fit beside each other are tilted; a legend's line holds what fits into it.
    const told = {
      tilt: (body.clientWidth - 60) / places.length < widest * 6.5 + 8,
      columns: Math.max(1, Math.floor(body.clientWidth / 160)),
    };
    for (const parameter of spec.params) parameter.value = told[parameter.name];
    body.replaceChildren();
    // `ast` interprets expressions: the page's security policy lets nothing be evaluated as code.
    await vegaEmbed(body, spec, { actions: false, ast: true, renderer: "svg" });
    // The label of the frame says what is in it; the marks are in the table below.
    for (const svg of $("svg", body)) svg.setAttribute("aria-hidden", "true");
  }

  function draw(frame, state) {
    const tile = report.tiles[frame.id];
    const result = resultOf(tile, state);
    const [body] = $(".body", frame);
    const ignored = Object.keys(state).filter((filter) => !(filter in tile.filters));
    const [note] = $(".note", frame);
    note.hidden = !ignored.length;
    note.textContent = `Not filtered by ${ignored.map((filter) => state[filter].label.toLowerCase()).join(" or ")}.`;
    if (tile.display.kind === "number") return drawNumber(tile, result, body);
    if (tile.display.kind === "table") return drawTable(tile, result, body);
    drawTable(tile, result, $(".numbers", frame)[0]);
    return drawChart(tile, result, body);
  }

  // What the controls of a dashboard say, see `resultOf`.
  function chosen(section) {
    const state = {};
    for (const control of $("[data-filter]", section)) {
      if (control.value === "") continue;
      const { filter, part, label } = control.dataset;
      (state[filter] ??= { label })[part] = control.value;
    }
    return state;
  }

  async function show(section) {
    const state = chosen(section);
    const words = Object.values(state).map(({ label, equals, from, to }) =>
      `${label}: ${equals ?? (from && to ? `${from} to ${to}` : from ? `from ${from}` : `up to ${to}`)}`);
    $(".choice", section)[0].textContent = words.length ? `Showing ${words.join("; ")}` : "Showing everything";
    await Promise.all($("article[id]", section).map((frame) => draw(frame, state)));
    section.dataset.drawn = String(Number(section.dataset.drawn ?? 0) + 1);
  }

  // ---- the page -----------------------------------------------------------------------------------------------------

  const sections = $("main > section");

  function open({ move }) {
    const section = sections.find(({ id }) => `#${id}` === location.hash) ?? sections[0];
    for (const other of sections) other.hidden = other !== section;
    for (const link of $("nav a")) {
      if (link.hash === `#${section.id}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    // On a phone the list of dashboards is wider than the window.
    $("nav a[aria-current]")[0].scrollIntoView({ block: "nearest", inline: "nearest" });
    document.title = `${$("h2", section)[0].textContent} – ${report.title}`;
    if (move) {
      scrollTo(0, 0);
      $("h2", section)[0].focus({ preventScroll: true });
    }
    show(section);
  }

  for (const section of sections) {
    const [form] = $("form", section);
    form?.addEventListener("change", () => show(section));
    // The controls have their first values only after the event.
    form?.addEventListener("reset", () => setTimeout(() => show(section)));
    form?.addEventListener("submit", (event) => event.preventDefault());
  }
  addEventListener("hashchange", () => open({ move: true }));

  // Widths are those of the window; phones also "resize" when their bars come and go, with the same width.
  let width = innerWidth;
  let waiting;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(() => open({ move: false }), 150);
  });

  // A browser may keep nothing for pages on disk: the switch works without that too.
  const remembered = (() => {
    try { return localStorage; } catch { return {}; }
  })();
  const [themes] = $("#theme");
  themes.value = remembered.theme ?? "";
  const apply = () => (document.documentElement.dataset.theme = themes.value);
  themes.addEventListener("change", () => {
    apply();
    remembered.theme = themes.value;
  });
  apply();
  open({ move: false });
})();

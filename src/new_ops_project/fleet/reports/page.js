"use strict";
// Text from repositories reaches the page as textContent and attributes only, never as markup.
(() => {
  const known = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const [form, table, count, nothing] = [document.querySelector(".filters"), byId("rows"), byId("count"), byId("nothing")];
  const fields = { text: byId("text"), state: byId("state"), owner: byId("owner"), version: byId("version") };
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const [CHUNK, FIRST] = [50, 200];

  const make = (tag, attributes = {}, ...inside) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...inside.filter((one) => one !== null && one !== undefined));
    return element;
  };
  const long = (text) => text.length > 300 ? `${text.slice(0, 299)}…` : text;
  // A long path may be broken behind each slash.
  const broken = (text) => text.split("/").flatMap((part, at) => at ? ["/", make("wbr"), part] : [part]);
  const size = (list) => list ? list.length : 0;

  // ---- a repository ----
  const badge = (state) => make("span", { class: `badge ${state}` },
    make("span", { "aria-hidden": "true" }, known.glyphs[state]), ` ${state}`);

  const cell = (label, kind, ...inside) => make("td", { role: "cell", class: kind, "data-label": label }, ...inside);

  const number = (label, list) =>
    cell(label, `meta number${size(list) ? "" : " zero"}`, String(size(list)));

  const versions = (one) => one.after && one.before && one.after !== one.before
    ? [make("span", { class: "from" }, `${one.before} → `), one.after] : [one.after || one.before || "unknown"];

  const python = (one) => [one.python || "unknown", {
    "ended": make("span", { class: "eol" }, ` ✕ ended ${one.python_ends || ""}`),
    "ends soon": make("span", { class: "eol soon" }, ` ! ends ${one.python_ends}`),
  }[one.python_support]];

  const drawn = (one, place) => {
    if (one.row) return one.row;
    const open = make("button", { type: "button", class: "open", "aria-expanded": "false", tabindex: "-1" },
      make("span", {}, ...broken(long(one.name))));
    const why = one.reason || (one.conflicts || []).map((file) => file.path).join(", ");
    one.row = make("tr", { role: "row", class: "row", "data-place": place },
      make("th", { role: "rowheader", scope: "row" }, open, why ? make("p", { class: "reason" }, long(why)) : null),
      cell("", "state", badge(one.standing)),
      cell("Owner", `meta${one.owner ? "" : " empty"}`, long(one.owner || "")),
      cell("Template", "meta", ...versions(one)),
      cell("Python", "meta", ...python(one)),
      number("Conflicts", one.conflicts), number("Drift", one.drift), number("Edits kept", one.kept));
    return one.row;
  };

  // ---- its details ----
  const part = (title, ...inside) => make("div", {}, make("h4", {}, title), ...inside);
  const items = (list) => make("ul", {}, ...list.map((one) => typeof one === "string" ? make("li", {}, one)
    : make("li", {}, make("code", {}, ...broken(one.path)), make("span", { class: "what" }, ` ${one.what}`))));
  const files = (title, list) => size(list) ? part(`${title} (${list.length})`, items(list)) : null;

  const command = (text) => {
    const button = make("button", { type: "button", class: "copy" }, "Copy");
    return make("div", { class: "command" }, make("code", { tabindex: "0" }, ...text.split(" ").flatMap((word, at) => [at ? " " : "", make("span", {}, word)])), button);
  };

  const link = (address) => {
    try {
      if (!["http:", "https:"].includes(new URL(address).protocol)) return address;
    } catch {
      return address;
    }
    return make("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, address);
  };

  const facts = (one) => {
    const list = make("dl");
    const add = (name, ...value) => value[0] && list.append(make("dt", {}, name), make("dd", {}, ...value));
    add("Delivery", [one.delivery, one.mode && `by ${one.mode}`].filter(Boolean).join(" "));
    if (one.request) add("Pull request", link(one.request));
    add("Branch", [one.branch, one.base && `at ${one.base.slice(0, 12)}`].filter(Boolean).join(" "));
    add("Goes to", [one.target, one.commit && `as ${one.commit.slice(0, 12)}`].filter(Boolean).join(" "));
    add("Version", [one.before, one.version].filter(Boolean).join(" → "));
    add("Group, tier", [one.group, one.tier].filter(Boolean).join(", "));
    add("Took", one.seconds ? `${one.seconds} s, ${one.cpu || 0} s of CPU, ${one.tries || 1} ${one.tries > 1 ? "tries" : "try"}, shard ${one.shard || 1}` : "");
    add("Lines", one.lines ? String(one.lines) : "");
    add("At", (one.at || "").replace(/^(\S{10})T(\S{5})\S*\+00:00$/, "$1 $2 UTC"));
    add("Log", one.log && make("code", {}, one.log));
    return part("Facts", list);
  };

  const details = (one, id) => {
    const next = make("div", { class: "full" });
    if (one.name.length > 300) next.append(make("p", {}, one.name));
    if (one.reason) next.append(make("p", { class: "reason-full" }, make("b", {}, one.reason)));
    if (one.hint) next.append(make("p", {}, one.hint));
    if (one.command) next.append(command(one.command));
    const steps = size(one.resolving)
      ? part("How to resolve them", make("ol", {}, ...one.resolving.map((step) => make("li", {}, make("code", {}, step))))) : null;
    return make("tr", { role: "row", class: "more", id }, make("td", { role: "cell", colspan: "8" }, ...[
      next.childNodes.length ? next : null, files("Conflicts", one.conflicts), steps, files("Files that change", one.files),
      files("Edited before", one.drift), files("Edits kept", one.kept), files("Notes", one.notes), facts(one),
    ].filter(Boolean)));
  };

  const toggle = (button, want) => {
    const row = button.closest("tr");
    const isOpen = button.getAttribute("aria-expanded") === "true";
    if (want === isOpen) return;
    const id = `more-${row.dataset.place}`;
    button.setAttribute("aria-expanded", String(!isOpen));
    row.classList.toggle("is-open", !isOpen);
    if (isOpen) {
      byId(id)?.remove();
      button.removeAttribute("aria-controls");
    } else {
      row.after(details(known.rows[row.dataset.place], id));
      button.setAttribute("aria-controls", id);
    }
  };

  // ---- which are shown, in which order ----
  const rank = Object.fromEntries(known.states.map((name, place) => [name, place]));
  const keys = {
    standing: (one) => rank[one.standing], conflicts: (one) => size(one.conflicts), drift: (one) => size(one.drift),
    kept: (one) => size(one.kept), before: (one) => one.after || one.before || "",
  };
  let [sorted, shown, waiting, pending, reached] = [{ by: "standing", up: true }, [], 0, 0, null];

  const compared = (one, other) => {
    const key = keys[sorted.by] || ((row) => row[sorted.by] || "");
    const [a, b] = [key(one), key(other)];
    const found = typeof a === "number" ? a - b : order.compare(a, b);
    return (sorted.up ? found : -found) || one.place - other.place;
  };

  const haystack = (one) => [one.name, one.owner, one.group, one.tier, one.reason, one.hint, one.branch, one.delivery,
    one.standing, one.before, one.after, `python ${one.python || "unknown"}`,
    ...[one.conflicts, one.drift, one.files].flatMap((list) => (list || []).map((file) => file.path)), ...(one.kept || []),
  ].filter(Boolean).join("\n").toLowerCase();

  const matches = (one, want) => (!want.state || one.standing === want.state) && (!want.owner || one.owner === want.owner)
    && (!want.version || (one.after || "unknown") === want.version)
    && (!want.text || (one.text ??= haystack(one)).includes(want.text));

  // The first rows are there at once, all of them a moment later, for find and print. They are in groups, which the
  // browser lays out when they come into view (content-visibility).
  const more = (most) => {
    const end = Math.min(shown.length, pending + most);
    while (pending < end) {
      const group = make("tbody", { role: "rowgroup" });
      for (const one of shown.slice(pending, pending + CHUNK)) {
        group.append(drawn(one, one.place));
        if (one.row.classList.contains("is-open")) group.append(details(one, `more-${one.place}`));
      }
      table.append(group);
      pending += CHUNK;
    }
    table.setAttribute("aria-busy", String(pending < shown.length));
  };
  const rest = () => {
    if (pending >= shown.length) return;
    more(FIRST * 2);
    waiting = setTimeout(rest, 0);
  };

  // Tab reaches one row; the arrow keys go on from there.
  const reach = (button) => {
    reached?.setAttribute("tabindex", "-1");
    reached = button;
    reached?.setAttribute("tabindex", "0");
  };

  const draw = () => {
    clearTimeout(waiting);
    const want = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value]));
    want.text = want.text.trim().toLowerCase();
    shown = known.rows.filter((one) => matches(one, want)).sort(compared);
    pending = 0;
    for (const group of [...table.tBodies]) group.remove();
    more(FIRST);
    reach(table.querySelector(".open"));
    count.textContent = `Showing ${shown.length.toLocaleString("en")} of ${known.rows.length.toLocaleString("en")} repositories`;
    nothing.hidden = shown.length > 0;
    waiting = setTimeout(rest, 0);
  };

  const sort = (button) => {
    const by = button.dataset.sort;
    const isCount = ["conflicts", "drift", "kept"].includes(by);
    sorted = { by, up: sorted.by === by ? !sorted.up : !isCount };
    for (const head of table.querySelectorAll("[aria-sort]")) head.setAttribute("aria-sort", "none");
    button.closest("th").setAttribute("aria-sort", sorted.up ? "ascending" : "descending");
    draw();
  };

  const filter = (wanted) => {
    form.reset();
    for (const [name, value] of Object.entries(wanted)) if (fields[name]) fields[name].value = value;
    draw();
  };

  // ---- keys and clicks ----
  const move = (button, key) => {
    if (key === "End") more(shown.length);
    const all = [...table.querySelectorAll(".open")];
    const at = all.indexOf(button);
    const next = all[{ ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[key]];
    if (!next) return;
    reach(next);
    next.focus();
  };

  const copy = async (button) => {
    const code = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1600);
  };

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest(selector);
    if (at(".copy")) copy(at(".copy"));
    else if (at("[data-sort]")) sort(at("[data-sort]"));
    else if (at("#clear")) filter({});
    else if (at("a[data-state], a[data-text], a[data-version]")) filter({ ...at("a").dataset });
    else if (at(".open")) {
      reach(at(".open"));
      toggle(at(".open"));
    }
  });
  table.addEventListener("keydown", (event) => {
    const button = event.target.closest(".open");
    if (button && ["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) {
      event.preventDefault();
      move(button, event.key);
    } else if (event.key === "Escape") {
      const row = event.target.closest("tbody tr");
      if (!row) return;
      const own = (row.matches(".more") ? row.previousElementSibling : row).querySelector(".open");
      toggle(own, false);
      own.focus();
    }
  });
  form.addEventListener("input", draw);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("beforeprint", () => more(shown.length));

  known.rows.forEach((one, place) => { one.place = place; });
  for (const button of document.querySelectorAll(".copy")) button.hidden = false;
  byId("live").hidden = false;
  draw();
})();

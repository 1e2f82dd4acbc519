"use strict";
// Sorts and filters the tables; without it they are read as they stand, best first.
(() => {
  const $ = (id) => document.getElementById(id);
  const tables = [...document.querySelectorAll("table.board")].map((table) => {
    const body = table.tBodies[0];
    const all = [...body.rows];
    const rows = all.filter((row) => !row.classList.contains("group"));
    // Read once: asking the page for a text is what would be slow.
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    return { table, body, all, rows, texts, section: table.closest("section"), ranked: true };
  });

  const key = (cell, kind) => {
    if (kind === "text") return cell.textContent.trim().toLowerCase();
    return cell.dataset.v === "" ? null : Number(cell.dataset.v);
  };

  const sorted = ({ rows }, column, kind, down) => rows
    .map((row) => [key(row.cells[column], kind), row])
    .sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);  // what is missing is last
      const order = kind === "text" ? a.localeCompare(b, "en") : a - b;
      return down ? -order : order;
    })
    .map(([, row]) => row);

  // A group's line stands only where its members do.
  const regroup = ({ all, ranked }) => {
    let group = null;
    for (const row of all) {
      if (row.classList.contains("group")) {
        group = row;
        group.hidden = true;
      } else if (group && row.classList.contains("tied")) {
        if (ranked && !row.hidden) group.hidden = false;
      }
    }
  };

  const sort = (own, head) => {
    const kind = head.dataset.sort;
    const down = head.getAttribute("aria-sort") === "none" || !head.hasAttribute("aria-sort")
      ? kind === "number" && head.classList.contains("high")
      : head.getAttribute("aria-sort") === "ascending";
    for (const other of own.table.querySelectorAll("th[data-sort]")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    own.ranked = kind === "rank" && !down;
    own.table.classList.toggle("unranked", !own.ranked);
    own.body.append(...(own.ranked ? own.all : sorted(own, head.cellIndex, kind, down)));
    regroup(own);
  };

  for (const own of tables) {
    for (const head of own.table.querySelectorAll("th[data-sort]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(own, head));
      head.append(button);
    }
  }

  const filter = () => {
    const words = $("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const [badge, evidence] = [$("badge").value, $("evidence").value];
    let shown = 0;
    for (const own of tables) {
      let here = 0;
      for (const row of own.rows) {
        row.hidden = !((!badge || row.dataset.badge === badge)
          && (!evidence || row.dataset.uses.split(" ").includes(evidence))
          && words.every((word) => own.texts.get(row).includes(word)));
        here += !row.hidden;
      }
      regroup(own);
      own.table.hidden = !here;
      own.section.querySelector(".nothing").hidden = here > 0;
      shown += here;
    }
    $("shown").value = `${shown} of ${tables.reduce((sum, own) => sum + own.rows.length, 0)} lines`;
  };

  for (const id of ["find", "badge", "evidence"]) $(id).addEventListener("input", filter);
  $("clear").addEventListener("click", () => {
    for (const id of ["find", "badge", "evidence"]) $(id).value = "";
    filter();
    $("find").focus();
  });
  document.querySelector(".controls").hidden = false;
  filter();
  document.documentElement.dataset.drawn = "yes";
})();

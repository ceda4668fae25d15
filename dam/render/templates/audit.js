"use strict";
(() => {
  const language = document.documentElement.lang;
  const order = new Intl.Collator(language, { numeric: true });

  const text = (row, column) => row.cells[column].textContent.trim();

  function sortable(table, shown) {
    const body = table.tBodies[0];
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      heading.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = heading.getAttribute("aria-sort") === "ascending";
        headings.forEach((other) => other.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].map((row) => [ranked(text(row, column), table, column), row]);
        rows.sort((one, other) => order.compare(one[0], other[0]) * (down ? -1 : 1));
        body.append(...rows.map((pair) => pair[1]));
        shown();
      });
    });
  }

  // Severities are sorted by how soon somebody must act: in the order in which they first stood.
  const ranks = new Map();
  function ranked(value, table, column) {
    if (table.id !== "findings" || column !== 0) return value;
    return ranks.has(value) ? String(ranks.get(value)) : value;
  }

  for (const tools of document.querySelectorAll(".tools")) {
    const table = document.getElementById(tools.dataset.for);
    const rows = [...table.tBodies[0].rows].filter((row) => !row.classList.contains("none"));
    if (rows.length === 0) continue;
    if (table.id === "findings") {
      for (const row of rows) {
        const value = text(row, 0);
        if (!ranks.has(value)) ranks.set(value, ranks.size);
      }
    }
    const search = tools.querySelector(".search");
    const choices = [...tools.querySelectorAll(".choice")];
    const output = tools.querySelector(".shown");
    const kept = rows.map((row) => row.textContent.toLocaleLowerCase(language));

    for (const choice of choices) {
      const column = Number(choice.dataset.column);
      const found = new Set(rows.map((row) => text(row, column)));
      for (const value of [...found].sort(order.compare)) choice.append(new Option(value, value));
    }

    const show = () => {
      const wanted = search.value.trim().toLocaleLowerCase(language);
      let number = 0;
      rows.forEach((row, place) => {
        const meant =
          kept[place].includes(wanted) &&
          choices.every((c) => c.value === "" || text(row, Number(c.dataset.column)) === c.value);
        row.hidden = !meant;
        number += meant ? 1 : 0;
      });
      output.textContent = output.dataset.words
        .replace("{shown}", String(number))
        .replace("{all}", String(rows.length));
    };
    search.addEventListener("input", show);
    choices.forEach((choice) => choice.addEventListener("change", show));
    sortable(table, show);
    show();
    tools.hidden = false;
  }
})();

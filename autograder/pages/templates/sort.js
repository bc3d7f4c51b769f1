for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const status = table.parentElement.nextElementSibling;
  heads.forEach((head, column) => {
    const button = head.querySelector("button");
    button.disabled = false;
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      const direction = down ? "descending" : "ascending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", direction);
      const key = row => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
      const compare = (a, b) => head.dataset.kind === "number"
        ? Number(key(a)) - Number(key(b)) : key(a).localeCompare(key(b), "en", {numeric: true});
      body.append(...[...body.rows].sort((a, b) => down ? compare(b, a) : compare(a, b)));
      status.textContent = `Sorted by ${button.textContent}, ${direction}.`;
    });
  });
}

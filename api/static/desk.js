// The reconcile desk by keyboard: J and K go from difference to difference, Enter opens (as on any
// link). What a choice would mean is asked as soon as it is made. Nothing here is needed: without it
// the Tab key reaches the same links, and the button under the table asks the same.
"use strict";

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = { j: 1, k: -1 }[event.key.toLowerCase()];
  if (!step) return;
  const links = [...document.querySelectorAll("[data-step]")];
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
  links[Math.min(Math.max(next, 0), links.length - 1)].focus();
  event.preventDefault();
});

const preview = document.querySelector("[data-preview]");

function choices(form) {
  const chosen = [];
  for (const select of form.querySelectorAll("select[name^='treatment ']")) {
    if (!select.value) continue;
    const key = select.name.slice("treatment ".length);
    const [code, number, line, part] = key.split(":");
    const reason = form.elements[`reason ${key}`].value;
    chosen.push({
      code, treatment: select.value, reason, document: number ? Number(number) : null,
      line: line ? Number(line) : null, part: part || null,
    });
  }
  return chosen;
}

preview?.closest("form").addEventListener("change", async () => {
  const body = JSON.stringify({ choices: choices(preview.closest("form")) });
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(preview.dataset.preview, { method: "POST", headers, body });
  if (!answer.ok) return;
  const yuan = (await answer.json()).matched_fen / 100;
  const places = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  preview.querySelector("strong").textContent = `¥${yuan.toLocaleString("en", places)}`;
});

// Correct with the keyboard alone: Enter saves and goes on, Esc goes back, Alt+1 takes a reading.
"use strict";
(function () {
  const told = document.getElementById("told");
  // The line that comes when the one that was saved is in its place.
  let next = null;

  function tell(text) { if (told) { told.textContent = text; told.hidden = !text; } }
  function show() {
    for (const one of document.querySelectorAll(".specials[hidden]")) one.hidden = false;
    const input = document.querySelector(".editing input[type=text]");
    if (!input) return;
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
    input.closest("li").scrollIntoView({ block: "center" });
  }
  function open(index) {
    const line = document.querySelector('.line[data-line="' + index + '"]');
    const link = line && line.querySelector(".correct");
    if (link) { link.click(); return true; }
    return false;
  }
  function fill(form, text) {
    const input = form.querySelector("input[type=text]");
    input.value = text;
    input.focus();
  }

  document.addEventListener("click", function (event) {
    const button = event.target.closest(".edit button");
    if (!button) return;
    const input = button.form.querySelector("input[type=text]");
    if (button.dataset.fill !== undefined) { event.preventDefault(); fill(button.form, button.dataset.fill); }
    if (button.dataset.letter !== undefined) { input.setRangeText(button.dataset.letter, input.selectionStart, input.selectionEnd, "end"); input.focus(); }
  });
  document.addEventListener("keydown", function (event) {
    const form = event.target.closest && event.target.closest(".edit");
    if (!form || event.isComposing) return;
    const index = Number(form.closest("li").dataset.line);
    const readings = form.querySelectorAll(".reading");
    // Else the browser would press the first button of the form, which is a reading.
    if (event.key === "Enter" && event.target.type === "text") { event.preventDefault(); form.requestSubmit(form.querySelector("button.main")); }
    else if (event.key === "Escape") { event.preventDefault(); form.querySelector("[data-back]").click(); }
    else if (event.altKey && /^Digit[1-9]$/.test(event.code) && readings[event.code[5] - 1]) { event.preventDefault(); fill(form, readings[event.code[5] - 1].dataset.fill); }
    else if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) { event.preventDefault(); open(index + (event.key === "ArrowDown" ? 1 : -1)); }
  });
  document.body.addEventListener("quireNext", function (event) { next = event.detail.line; tell(""); });
  // Only one line at a time is open.
  document.body.addEventListener("htmx:beforeSwap", function (event) {
    const open = document.querySelector(".editing");
    if (open && event.detail.target !== open && event.detail.target.matches("li.line")) open.querySelector("[data-back]").click();
  });
  document.body.addEventListener("htmx:afterSettle", function (event) {
    const wanted = next;
    next = null;
    if (wanted !== null) {
      if (open(wanted)) return;
      tell("Saved. That was the last line.");
      const done = document.querySelector(".worktools button");
      if (done) done.focus();
      return;
    }
    show();
    const line = event.detail.elt;
    const link = line.matches("li.line:not(.editing)") && line.querySelector(".correct");
    if (link && !document.querySelector(".editing")) link.focus();
  });
  document.body.addEventListener("htmx:sendError", function () { tell("The server cannot be reached; your text is still here. Try again."); });
  show();
})();

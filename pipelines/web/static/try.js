// A picture may be dropped on the form, and pasted; without it the form works as any other.
"use strict";
(function () {
  const form = document.querySelector(".drop");
  const input = document.getElementById("picture");
  const working = document.getElementById("working");
  function take(files) {
    if (!files.length) return;
    input.files = files;
    form.requestSubmit();
  }
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, function (event) {
      event.preventDefault();
      form.classList.toggle("over", kind === "dragover");
      if (kind === "drop") take(event.dataTransfer.files);
    });
  }
  document.addEventListener("paste", function (event) { take(event.clipboardData.files); });
  form.addEventListener("submit", function () { working.hidden = false; form.querySelector("button").disabled = true; });
  window.addEventListener("pageshow", function () { working.hidden = true; form.querySelector("button").disabled = false; });
})();

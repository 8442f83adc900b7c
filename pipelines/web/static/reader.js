// The image of a page, and what ties its lines to their text. Without it the page can still be read.
"use strict";
(function () {
  const viewer = document.getElementById("viewer");
  const outlines = document.getElementById("outlines");
  const tools = document.querySelector(".tools");
  if (!viewer || !outlines) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let deep = null;

  function lineOf(index) { return document.querySelector('.line[data-line="' + index + '"]'); }
  function outlineOf(index) { return outlines.querySelector('a[data-line="' + index + '"]'); }

  function light(index, on) {
    for (const one of [lineOf(index), outlineOf(index)]) if (one) one.classList.toggle("lit", on);
  }
  function only(index) {
    for (const one of document.querySelectorAll(".lit")) one.classList.remove("lit");
    light(index, true);
  }

  function look(index) {
    const outline = outlineOf(index);
    if (!deep || !outline) return;
    const box = outline.firstElementChild.getBBox();
    const more = Math.max(box.height * 2.5, box.width * 0.06);
    const image = deep.world.getItemAt(0);
    if (!image) return;
    const rect = image.imageToViewportRectangle(box.x - more, box.y - more, box.width + 2 * more, box.height + 2 * more);
    deep.viewport.fitBoundsWithConstraints(rect, calm);
  }
  window.quireLook = function (index) { only(index); look(index); };

  document.addEventListener("mouseover", function (event) {
    const near = event.target.closest("[data-line]");
    if (near) light(near.dataset.line, true);
  });
  document.addEventListener("mouseout", function (event) {
    const near = event.target.closest("[data-line]");
    if (near) light(near.dataset.line, false);
  });
  document.addEventListener("focusin", function (event) {
    const line = event.target.closest(".line[data-line]");
    if (line) { only(line.dataset.line); look(line.dataset.line); }
  });
  document.addEventListener("click", function (event) {
    const line = event.target.closest(".line[data-line]");
    if (line && !event.target.closest("button, input, form")) window.quireLook(line.dataset.line);
  });

  function go(index) {
    const line = lineOf(index);
    if (!line) return;
    only(index);
    line.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
    history.replaceState(null, "", "#" + line.id);
  }

  function fail(text) {
    const told = document.getElementById("image-problem");
    told.textContent = text;
    told.hidden = false;
    viewer.hidden = true;
    tools.hidden = true;
  }

  function begin(facts) {
    // The viewer would add a style of its own, which the policy of the page refuses, but for this one.
    const none = document.createElement("style");
    none.setAttribute("data-openseadragon-mobile-css", "true");
    document.head.appendChild(none);
    const image = viewer.dataset.image;
    viewer.classList.add("deep");
    tools.hidden = false;
    outlines.querySelector("image").remove();
    outlines.remove();
    deep = OpenSeadragon({
      element: viewer, showNavigationControl: false, drawer: "canvas", animationTime: calm ? 0 : 0.5,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true }, maxZoomPixelRatio: 3,
      visibilityRatio: 0.7, minZoomImageRatio: 0.7, springStiffness: 9,
      tileSources: {
        width: facts.width, height: facts.height, tileSize: facts.tile, minLevel: 0, maxLevel: facts.levels - 1,
        getTileUrl: function (level, x, y) { return image + "/" + level + "/" + x + "_" + y + ".jpg"; }
      }
    });
    deep.addHandler("open", function () {
      deep.addOverlay({ element: outlines, location: new OpenSeadragon.Rect(0, 0, 1, facts.height / facts.width) });
      const here = /^#line-(\d+)$/.exec(location.hash);
      if (here) { only(here[1] - 1); look(here[1] - 1); }
      viewer.dataset.ready = "yes";
    });
    // The viewer takes the mouse; where it went down without a drag, a line was meant.
    deep.addHandler("canvas-click", function (event) {
      const target = event.originalTarget && event.originalTarget.closest("a[data-line]");
      if (event.quick && target) { event.preventDefaultAction = true; go(target.dataset.line); }
    });
    outlines.addEventListener("click", function (event) { event.preventDefault(); });
    window.quireViewer = deep;
  }

  tools.addEventListener("click", function (event) {
    const kind = event.target.dataset.zoom;
    if (!kind || !deep) return;
    if (kind === "fit") deep.viewport.goHome(calm);
    else { deep.viewport.zoomBy(kind === "in" ? 1.5 : 1 / 1.5); deep.viewport.applyConstraints(); }
  });
  tools.addEventListener("input", function (event) {
    if (event.target.hasAttribute("data-lines")) outlines.classList.toggle("plain", !event.target.checked);
    if (!event.target.dataset.filter || !deep) return;
    const parts = Array.from(tools.querySelectorAll("[data-filter]"), function (one) { return one.dataset.filter + "(" + one.value + "%)"; });
    deep.drawer.canvas.style.filter = parts.join(" ");
  });

  fetch(viewer.dataset.image + "/facts").then(function (answer) {
    return answer.json().then(function (facts) { if (answer.ok) begin(facts); else fail(facts.error); });
  }).catch(function () { fail("The image could not be loaded; the text is what was read from it."); });
})();

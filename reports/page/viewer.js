"use strict";
// The sliders and filters of the gallery, and links that open one of its pictures large. All else on the page works without a script.
(() => {
  const viewer = document.querySelector(".viewer");
  const [low, high, over] = ["low", "high", "over"].map((name) => document.getElementById(`viewer-${name}`));
  const ramps = document.querySelectorAll(".window > *");
  const narrowest = 5;

  const write = (id, text) => document.querySelectorAll(`[data-shows="${id}"]`).forEach((place) => {
    place.textContent = text;
  });

  const show = (moved) => {
    if (high.value - low.value < narrowest) {
      if (moved === low) high.value = Number(low.value) + narrowest;
      low.value = Math.min(low.value, high.value - narrowest);
      high.value = Math.max(high.value, Number(low.value) + narrowest);
    }
    const width = (high.value - low.value) / 100;
    for (const ramp of ramps) {
      ramp.setAttribute("slope", 1 / width);
      ramp.setAttribute("intercept", -low.value / 100 / width);
    }
    viewer.style.setProperty("--over", over.value / 100);
    for (const slider of [low, high, over]) {
      slider.setAttribute("aria-valuetext", `${slider.value} per cent`);
      write(slider.id, `${slider.value}\u202f%`);
    }
  };

  for (const slider of [low, high, over]) slider.addEventListener("input", () => show(slider));
  document.getElementById("viewer-reset").addEventListener("click", () => {
    for (const slider of [low, high, over]) slider.value = slider.defaultValue;
    show();
  });
  document.getElementById("viewer-sliders").hidden = false;
  show();

  const [label, cell] = ["label", "cell"].map((name) => document.getElementById(`viewer-${name}`));
  const cards = viewer.querySelectorAll(".card");
  const fits = (choice, given) => choice.value === "" || choice.value === given;
  const filter = () => {
    let shown = 0;
    for (const card of cards) {
      card.hidden = !(fits(label, card.dataset.label) && fits(cell, card.dataset.cell));
      shown += !card.hidden;
    }
    document.getElementById("viewer-count").textContent = `${shown} of ${cards.length} pictures`;
  };
  for (const choice of [label, cell]) choice.addEventListener("change", filter);
  document.getElementById("viewer-filters").hidden = false;
  filter();

  let opener = null;
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#sample-"]');
    const card = link && document.getElementById(link.hash.slice(1));
    if (!card) return;
    if (card.hidden) {
      label.value = cell.value = "";
      filter();
    }
    const fold = card.closest("details");
    if (fold) fold.open = true;
    card.querySelector(".enlarge input").checked = true;
    card.tabIndex = -1;
    opener = link;
  });
  viewer.addEventListener("keydown", (event) => {
    const large = event.target.closest(".card")?.querySelector(".enlarge :checked");
    if (event.key !== "Escape" || !large) return;
    large.checked = false;
    opener?.focus();
    opener = null;
  });
})();

"use strict";
// Shows one frame at a time. Without a script all frames stand side by side.
(() => {
  const slides = document.getElementById("slides");
  const frames = [...slides.children];
  const range = document.querySelector("#slider input");

  const show = () => frames.forEach((frame, place) => {
    frame.hidden = place !== Number(range.value);
  });

  const tell = () => {
    const answers = [...frames[range.value].querySelectorAll("dt")].map((name) => `${name.textContent}: ${name.nextElementSibling.querySelector("strong").textContent}`);
    range.setAttribute("aria-valuetext", answers.join(", "));
  };

  range.addEventListener("input", () => { show(); tell(); });
  slides.classList.add("one");
  document.getElementById("slider").hidden = false;
  show();
  tell();
})();

// With the network at hand: maps on demand, and what a rectangle that is filled by hand does to the answer.
const sides = ["x0", "y0", "x1", "y1"].map((id) => by(`try-${id}`)), tried = by("tried"), rectangle = by("rectangle");
const whole = [0, 0, frameWidth, frameHeight];
let asking = 0;

/** An answer of the program that serves this page. */
const served = async (path, question) => {
  const how = question ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(question) } : {};
  const reply = await fetch(path, how);
  const answer = await reply.json();
  if (!reply.ok) throw new Error(answer.error);
  return answer;
};

const PATIENCE = 120;

/** Asked only where the reader stays for a moment, so that leafing through asks for nothing. */
live.pictures = async (place) => {
  canvas.hidden = true;
  by("none").hidden = false;
  by("none").textContent = "The map is being made.";
  await new Promise((done) => { setTimeout(done, PATIENCE); });
  if (shown.place !== place) return null;
  try {
    return await served(`pictures/${samples.number[place]}`);
  } catch (error) {
    live.fault = error.message;
    return null;
  }
};

const drawRectangle = () => {
  const [x0, y0, x1, y1] = sides.map((side) => Number(side.value));
  rectangle.hidden = !(x1 > x0 && y1 > y0);
  rectangle.style.left = `${(100 * x0) / frameWidth}%`;
  rectangle.style.top = `${(100 * y0) / frameHeight}%`;
  rectangle.style.width = `${(100 * (x1 - x0)) / frameWidth}%`;
  rectangle.style.height = `${(100 * (y1 - y0)) / frameHeight}%`;
};

const classRow = (name, steps, before) => make("li", { class: "answered" },
  make("span", { class: "what" }, named(name)), chance(steps, before, `probability ${percent(steps, share)}`), make("span", { class: "value" }, percent(steps, share)));

const showAnswer = (answer) => {
  const donor = answer.donor === null ? "" : ` from no. ${answer.donor}`;
  tried.replaceChildren(
    make("p", {}, "Probability of the label: ", make("strong", {}, percent(answer.label[0], share)), " as it is, ", make("strong", {}, percent(answer.label[1], share)), ` altered${donor}.`),
    make("img", { src: answer.picture, alt: "The picture as it was altered", class: "altered" }),
    make("ul", { class: "answer-list" }, ...answer.after.map(([name, steps, before]) => classRow(name, steps, before))));
};

const ask = async () => {
  const box = sides.map((side) => Number(side.value)), turn = (asking += 1), place = shown.place;
  if (!(box[2] > box[0] && box[3] > box[1])) return;
  tried.setAttribute("aria-busy", "true");
  try {
    const fill = document.querySelector("input[name=fill]:checked").value, donor = by("try-donor").value;
    const answer = await served("ask", { sample: samples.number[place], rectangle: box, fill, donor: fill === "donor" && donor ? Number(donor) : null });
    if (turn === asking && place === shown.place) showAnswer(answer);
  } catch (error) {
    if (turn === asking) tried.replaceChildren(make("p", { class: "flag" }, error.message));
  }
  tried.setAttribute("aria-busy", "false");
};

const clear = () => {
  for (const side of sides) side.value = 0;
  drawRectangle();
  tried.replaceChildren(make("p", { class: "note" }, "Draw a rectangle on the picture, or type its corners."));
};

const pointed = (event) => {
  const frame = stage.getBoundingClientRect();
  const at = (value, from, span, most) => Math.min(most, Math.max(0, Math.round((most * (value - from)) / span)));
  return [at(event.clientX, frame.left, frame.width, frameWidth), at(event.clientY, frame.top, frame.height, frameHeight)];
};
let from = null;
stage.addEventListener("pointerdown", (event) => {
  if (!shown.kept || event.button) return;
  from = pointed(event);
  stage.setPointerCapture(event.pointerId);
  event.preventDefault();
});
stage.addEventListener("pointermove", (event) => {
  if (!from) return;
  const to = pointed(event);
  [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])].forEach((value, index) => { sides[index].value = value; });
  drawRectangle();
});
stage.addEventListener("pointerup", () => { if (from) { from = null; ask(); } });
sides.forEach((side, index) => {
  side.max = whole[index % 2 ? 3 : 2];
  side.addEventListener("change", () => { drawRectangle(); ask(); });
});
for (const radio of document.querySelectorAll("input[name=fill]")) radio.addEventListener("change", ask);
by("try-donor").addEventListener("change", ask);
live.chosen = clear;

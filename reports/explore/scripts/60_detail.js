// One sample: its picture and map, what was measured on it, and its answers.
const controls = Object.fromEntries(["low", "high", "over", "method", "colours", "marks"].map((id) => [id, by(id)]));
const NARROWEST = 2;
/** What a page that is served has beside the file: `pictures(place)` makes what the record does not keep. */
const live = {};
let shown = { place: -1, kept: null, picture: null, maps: {} };

const entries = (pairs) => make("dl", { class: "entries" },
  ...pairs.filter(([, value]) => value !== null && value !== undefined).map(([name, value]) =>
    make("div", {}, make("dt", {}, typeof name === "string" ? name : named(name[0])), make("dd", {}, value))));

const facts = (place) => {
  const label = textOf(samples.label, place), name = textOf(samples.class, place);
  const measured = isMeasured(place);
  const written = [
    ["File", named(imageOf(place) ?? DASH)],
    ["Label", label === name || name === null ? named(label ?? DASH) : make("span", {}, named(label), ", the model’s ", named(name))],
    ["What became of it", textOf(samples.fate, place)],
    ["Why", samples.detail[place] ? named(samples.detail[place]) : null],
  ];
  if (measured) {
    const lead = samples.lead[place] ?? null, answer = textOf(samples.answer, place);
    written.push(
      ["Answer", answer === null ? "none" : make("span", {}, named(answer), ` at ${percent(samples.confidence[place], share)}`)],
      ["Cell", make("span", { class: samples.cell.at[place] === samples.cell.worst ? "flag" : null }, samples.cell.values[samples.cell.at[place]])],
      ["Log-odds", lead === null ? null : `object alone ${signed(samples.alone[place], odds)}, surroundings alone ${signed(samples.surroundings[place], odds)}, lead ${signed(lead, odds)}`],
    );
    for (const method of samples.methods) {
      const scores = samples.scores[method.name], none = scores.mass[place] === null;
      const dead = samples.dead[method.name].includes(place);
      if (none && !dead) continue;
      written.push([[method.name], `${dead ? "dead map" : `mass ${percent(scores.mass[place], score)} (area ${percent(samples.area[place], share)}), AUC ${decimal(scores.auc[place], score, 3)}`}${method.out ? "; taken out: no evidence" : ""}`]);
    }
  }
  for (const kind of samples.kinds) {
    const value = textOf(kind.texts, place);
    if (value !== null) written.push([[kind.name], named(value)]);
  }
  return entries(written);
};

/** Low stays under high, whichever was moved. */
const settle = (moved) => {
  const { low, high } = controls;
  if (high.value - low.value >= NARROWEST) return;
  if (moved === low) high.value = Number(low.value) + NARROWEST;
  low.value = Math.min(low.value, high.value - NARROWEST);
  high.value = Math.max(high.value, Number(low.value) + NARROWEST);
};

const paint = () => {
  const { low, high, over, method, colours, marks: box } = controls;
  for (const slider of [low, high, over]) {
    by(`${slider.id}-value`).textContent = `${slider.value}${THIN}%`;
    slider.setAttribute("aria-valuetext", `${slider.value} per cent`);
  }
  if (!shown.kept) { drawMarks(samples.boxes[shown.place] ?? [], "", box.checked); return; }
  const map = shown.maps[method.value] ?? null, table = coloured(colours.value, Number(low.value), Number(high.value));
  blend(shown.picture, map, table, Number(over.value) / 100);
  if (map) drawBar(map, table);
  drawMarks(samples.boxes[shown.place], shown.kept.outline, box.checked);
  canvas.setAttribute("aria-label", `Picture ${imageOf(shown.place)}${map && Number(over.value) ? ` under the map of ${method.value} at an opacity of ${over.value} per cent` : ", without a map"}`);
};

const chooseMethods = (maps) => {
  const wanted = controls.method.value || controls.method.dataset.wanted;
  const names = Object.keys(maps);
  controls.method.replaceChildren(...names.map((name) => {
    const out = samples.methods.find((method) => method.name === name)?.out;
    return make("option", { value: name }, `${name}${out ? " (taken out)" : ""}`);
  }));
  if (names.includes(wanted)) controls.method.value = wanted;
};

const lacking = (place) => {
  if (!isMeasured(place)) return "This sample was not measured, so there is neither picture nor map.";
  return `The record keeps no picture or map of this sample: it keeps those of ${count(keptAt.size)} of ${count(samples.cell.at.filter((cell) => cell >= 0).length)}. Above, its boxes alone. To keep more, set maps_kept under [run] in the settings, and run the audit again.`;
};

const showDetail = async (place) => {
  shown = { place, kept: null, picture: null, maps: {} };
  by("detail-title").replaceChildren(samples.number[place] === null ? "" : `No. ${samples.number[place]} `, named(textOf(samples.label, place) ?? ""));
  by("about").replaceChildren(facts(place));
  by("beside").hidden = false;
  live.fault = undefined;
  by("answers").replaceChildren(...(isMeasured(place) ? answersOf(place) : [make("p", { class: "note" }, "Nothing was asked about it.")]));
  const kept = keptAt.has(place) ? block(`data-picture-${place}`) : isMeasured(place) && live.pictures ? await live.pictures(place) : null;
  if (shown.place !== place) return;
  stage.classList.toggle("empty", !kept);
  by("none").hidden = Boolean(kept);
  stage.hidden = !isMeasured(place);
  by("mixer").hidden = stage.hidden;
  canvas.hidden = !kept;
  by("mixer").classList.toggle("mapless", !kept || !Object.keys(kept.maps).length);
  by("none").textContent = kept ? "" : live.fault ?? lacking(place);
  live.chosen?.();
  by("under").textContent = "";
  if (kept) {
    const names = Object.keys(kept.maps);
    const [picture, ...maps] = await Promise.all([kept.picture, ...Object.values(kept.maps)].map(pixelsOf));
    if (shown.place !== place) return;
    shown = { place, kept, picture, maps: Object.fromEntries(names.map((name, index) => [name, maps[index]])) };
    chooseMethods(shown.maps);
    if (!names.length) by("under").textContent = "No method has a map of this sample.";
  }
  paint();
  document.body.dataset.shown = place;
};

stage.style.setProperty("--ratio", frameWidth / frameHeight);
for (const control of Object.values(controls)) control.addEventListener("input", () => { settle(control); paint(); });
by("reset").addEventListener("click", () => {
  for (const id of ["low", "high", "over"]) controls[id].value = controls[id].defaultValue;
  controls.colours.selectedIndex = 0;
  paint();
});
new ResizeObserver(() => { if (shown.place >= 0) paint(); }).observe(stage);
stage.addEventListener("pointermove", (event) => {
  const map = shown.maps[controls.method.value], frame = stage.getBoundingClientRect();
  if (!map) return;
  const x = Math.floor((frameWidth * (event.clientX - frame.left)) / frame.width), y = Math.floor((frameHeight * (event.clientY - frame.top)) / frame.height);
  if (x < 0 || y < 0 || x >= frameWidth || y >= frameHeight) return;
  by("under").textContent = `x ${x}, y ${y}: relevance ${Math.round((100 * map[4 * (y * frameWidth + x)]) / 255)}${THIN}% of the scale`;
});

// Search, filters, order, keys, and the address of the chosen sample.
const find = by("find"), sort = by("sort"), turn = by("turn"), filtersBox = by("selects");
const isNarrow = () => getComputedStyle(by("back")).display !== "none";
let falling = false;

const selects = filters.map((filter) => {
  const select = make("select", { autocomplete: "off" }, make("option", { value: "" }, filter.none),
    ...filter.options.map((option, index) => make("option", { value: index }, `${option.value} (${count(option.count)}${option.of ? ` of ${count(option.of)} asked` : ""})`)));
  select.addEventListener("change", () => apply());
  filtersBox.append(make("label", { class: "field" }, make("span", {}, named(filter.title)), select));
  return select;
});
sort.append(...measures.map((measure, index) => make("option", { value: index }, measure.title)));

const choose = (place, byPointer) => {
  if (!(place >= 0 && place < size)) return;
  rows.mark(place);
  history.replaceState(null, "", `#${place}`);
  showDetail(place);
  const [at, all] = rows.place();
  by("previous").disabled = at === 0;
  by("next").disabled = at === all - 1;
  if (byPointer) (isNarrow() ? by("detail") : list).focus({ preventScroll: !isNarrow() });
  if (byPointer && isNarrow()) by("detail").scrollIntoView();
};
const rows = makeList(choose, (measure) => {
  const same = measures[sort.value] === measure;
  sort.value = measures.indexOf(measure);
  falling = same ? !falling : false;
  apply();
});

function apply() {
  const tests = selects.map((select, index) => (select.value === "" ? null : filters[index].options[select.value].test)).filter(Boolean);
  const places = chosen(find.value.trim(), tests, measures[sort.value], falling);
  turn.setAttribute("aria-pressed", String(falling));
  turn.textContent = falling ? "descending" : "ascending";
  rows.show(places, measures[sort.value], falling);
  by("counted").textContent = places.length === size ? `${count(size)} samples` : `${count(places.length)} of ${count(size)} samples`;
  by("filtering").textContent = tests.length ? ` (${tests.length} on)` : "";
  by("all").hidden = !tests.length && !find.value;
}

sort.addEventListener("change", apply);
turn.addEventListener("click", () => { falling = !falling; apply(); });
find.addEventListener("input", apply);
by("all").addEventListener("click", () => {
  find.value = "";
  for (const select of selects) select.value = "";
  apply();
  list.focus();
});
by("previous").addEventListener("click", () => rows.step(-1));
by("next").addEventListener("click", () => rows.step(1));
const toList = () => { list.focus({ preventScroll: true }); list.scrollIntoView({ block: "nearest" }); };
by("back").addEventListener("click", toList);

const steps = {
  ArrowDown: () => 1, j: () => 1, ArrowUp: () => -1, k: () => -1,
  PageDown: () => rows.page(), PageUp: () => -rows.page(), Home: () => -size, End: () => size,
};
const toggle = (box, first, second) => { box.value = Number(box.value) ? first : second; box.dispatchEvent(new Event("input")); };
const keys = {
  "/": () => { find.focus(); find.select(); },
  m: () => { if (shown.kept) { if (Number(controls.over.value)) controls.over.dataset.last = controls.over.value; toggle(controls.over, 0, controls.over.dataset.last ?? controls.over.defaultValue); } },
  b: () => { controls.marks.checked = !controls.marks.checked; controls.marks.dispatchEvent(new Event("input")); },
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (document.activeElement === find && find.value) { find.value = ""; apply(); }
    else toList();
    event.preventDefault();
    return;
  }
  const takes = event.target.closest?.("input:not([type=checkbox]), select, textarea");
  if (takes) {
    if (event.key === "Enter" && takes === find) { rows.step(0); toList(); }
    return;
  }
  const onList = event.target === document.body || list.contains(event.target);
  const single = event.key.length === 1;
  if (steps[event.key] && (single || onList)) rows.step(steps[event.key]());
  else if (keys[event.key]) keys[event.key]();
  else if (event.key === "Enter" && event.target === list && isNarrow()) { by("detail").focus(); by("detail").scrollIntoView(); }
  else return;
  event.preventDefault();
});
addEventListener("hashchange", () => choose(Number(location.hash.slice(1)), false));

by("main").hidden = false;
apply();
choose(location.hash ? Number(location.hash.slice(1)) : samples.kept[0] ?? 0, false);

// The list of samples: of thousands of rows only those in sight, and the chosen one, are elements.
const list = by("list"), rowsBox = by("rows"), heads = by("heads");
const SPARE = 8;

const TAIL = 9;

/** A name whose end stays in sight: many differ there alone. */
const ends = (name) => {
  const signs = [...name];
  return [make("bdi", { class: "head" }, signs.slice(0, -TAIL).join("")), make("bdi", { class: "tail" }, signs.slice(-TAIL).join(""))];
};

const makeList = (onChoose, onSort) => {
  let places = [], current = -1, measure = null, height = 36;
  const made = new Map();

  const columns = () => [
    { title: "No.", measure: measures[0], class: "number" },
    { title: "File", measure: measures[1], class: "file" },
    { title: "Class", measure: measures[2], class: "class" },
    { title: "Answer", measure: measures[3], class: "answer" },
    ...extra().map((one) => ({ title: one.short, about: one.title, measure: one, class: "measure" })),
  ];

  /** The label's probability, and what is sorted by where that is not shown yet; else the lead, if there is one. */
  const extra = () => {
    const numeric = measures.filter((one) => one.write);
    const first = numeric[0], lead = numeric.find((one) => one.short === "lead");
    const second = measure && measure.write && measure !== first ? measure : lead ?? numeric[1];
    return [first, second].filter(Boolean);
  };

  const cells = (place) => {
    const fails = samples.cell.at[place] === samples.cell.worst;
    const texts = {
      number: samples.number[place] ?? DASH, file: (imageOf(place) ?? DASH).replace(/^.*\/(?=.)/, ""), class: textOf(samples.class, place) ?? textOf(samples.label, place) ?? DASH,
      answer: answerOf(place) ?? DASH,
    };
    return columns().map((column, index) => {
      const cell = make("span", { role: "gridcell", class: `c-${column.class}`, "aria-colindex": index + 1 });
      if (column.class === "measure") cell.append(column.measure.write(column.measure.at(place)));
      else if (column.class === "file") cell.append(make("a", { href: `#${place}`, tabindex: "-1", title: imageOf(place) }, ...ends(texts.file)));
      else if (column.class === "answer") cell.append(fails ? make("strong", { class: "flag" }, "wrong reason") : named(texts.answer));
      else cell.append(column.class === "class" ? named(texts.class) : String(texts[column.class]));
      return cell;
    });
  };

  const row = (index) => {
    const place = places[index];
    const element = make("div", {
      role: "row", class: "row", id: `row-${place}`, "aria-rowindex": index + 2, "aria-selected": String(place === current),
      "data-place": place, "data-kept": keptAt.has(place), "data-right": isMeasured(place) ? String(isRight(place)) : null,
    }, ...cells(place));
    element.style.transform = `translateY(${index * height}px)`;
    return element;
  };

  const draw = () => {
    const top = list.scrollTop, from = Math.max(0, Math.floor(top / height) - SPARE);
    const to = Math.min(places.length, Math.ceil((top + list.clientHeight) / height) + SPARE);
    const at = places.indexOf(current), wanted = new Set();
    for (let index = from; index < to; index += 1) wanted.add(index);
    if (at >= 0) wanted.add(at);
    for (const [index, element] of made) if (!wanted.has(index)) { element.remove(); made.delete(index); }
    for (const index of wanted) {
      if (!made.has(index)) { const element = row(index); made.set(index, element); rowsBox.append(element); }
    }
  };

  const redraw = () => {
    height = parseFloat(getComputedStyle(list).getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize);
    for (const element of made.values()) element.remove();
    made.clear();
    rowsBox.style.height = `${places.length * height}px`;
    list.setAttribute("aria-rowcount", places.length + 1);
    draw();
  };

  const drawHeads = (falling) => {
    list.setAttribute("aria-colcount", columns().length);
    heads.replaceChildren(...columns().map((column, index) => {
      const sorted = column.measure === measure;
      const button = make("button", { type: "button", tabindex: "-1", title: column.about }, column.title, make("span", { "aria-hidden": "true" }, sorted ? (falling ? " ↓" : " ↑") : ""));
      button.addEventListener("click", () => onSort(column.measure));
      return make("span", {
        role: "columnheader", class: `c-${column.class}`, "aria-colindex": index + 1, "aria-sort": sorted ? (falling ? "descending" : "ascending") : "none",
      }, button);
    }));
  };

  const reveal = (index) => {
    const head = heads.parentElement.offsetHeight, top = index * height;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + height > list.scrollTop + list.clientHeight - head) list.scrollTop = top + height - list.clientHeight + head;
  };

  const mark = (place, seen = true) => {
    const before = made.get(places.indexOf(current));
    if (before) before.setAttribute("aria-selected", "false");
    current = place;
    const at = places.indexOf(place);
    if (at < 0) { list.removeAttribute("aria-activedescendant"); draw(); return; }
    if (seen) reveal(at);
    draw();
    made.get(at).setAttribute("aria-selected", "true");
    list.setAttribute("aria-activedescendant", `row-${place}`);
  };

  list.addEventListener("scroll", draw, { passive: true });
  new ResizeObserver(redraw).observe(list);
  rowsBox.addEventListener("click", (event) => {
    const element = event.target.closest("[data-place]");
    if (!element) return;
    event.preventDefault();
    onChoose(Number(element.dataset.place), true);
  });

  return {
    show: (next, by, falling) => { places = next; measure = by; drawHeads(falling); list.scrollTop = 0; redraw(); mark(current, false); },
    mark,
    step: (by) => {
      const at = places.indexOf(current);
      if (!places.length) return;
      onChoose(places[at < 0 ? 0 : Math.min(places.length - 1, Math.max(0, at + by))], false);
    },
    page: () => Math.max(1, Math.floor(list.clientHeight / height) - 1),
    length: () => places.length,
    place: () => [places.indexOf(current), places.length],
  };
};

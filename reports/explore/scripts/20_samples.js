// The samples as columns, and what a reader may sort and filter them by.
const block = (id) => JSON.parse(by(id).textContent);
const samples = block("data-samples");
const size = samples.image[1].length;
const { share, score, odds } = samples.steps;
const keptAt = new Set(samples.kept);
const lostAt = samples.lost.map((loss) => new Set(loss.at));
const lowered = samples.image[0].map((name) => name.toLowerCase());

const textOf = ([values, at], place) => (at[place] < 0 ? null : values[at[place]]);
const imageOf = (place) => textOf(samples.image, place);
const isRight = (place) => textOf(samples.fate, place) === "predicted right";
const isMeasured = (place) => samples.cell.at[place] >= 0;
const answerOf = (place) => {
  if (!isMeasured(place)) return textOf(samples.fate, place);
  return isRight(place) ? "right" : textOf(samples.answer, place) ?? "no number";
};

/** What a column sorts by, and how its numbers are written. `at`: by place; null comes last. */
const byText = (title, [values, at], ranks) => ({ title, at: (place) => (at[place] < 0 ? null : ranks ? ranks()[at[place]] : at[place]) });
const byNumber = (title, short, numbers, write) => ({ title, short, at: (place) => numbers[place] ?? null, write });
const measures = [
  { title: "number", at: (place) => place },
  byText("file name", samples.image, nameRanks),
  byText("class", samples.class),
  { title: "answer", at: (place) => (isRight(place) ? -1 : samples.answer[1][place] >= 0 ? samples.answer[1][place] : null) },
  byNumber("probability of the label", "P(label)", samples.probability, (n) => percent(n, share)),
  byNumber("confidence of the answer", "P(answer)", samples.confidence, (n) => percent(n, share)),
  byNumber("lead of the object", "lead", samples.lead, (n) => signed(n, odds)),
  byNumber("area of the boxes", "area", samples.area, (n) => percent(n, share)),
  ...samples.methods.flatMap(({ name }) => [
    byNumber(`AUC of ${name}`, "AUC", samples.scores[name].auc, (n) => decimal(n, score, 3)),
    byNumber(`mass of ${name}`, "mass", samples.scores[name].mass, (n) => percent(n, score)),
  ]),
].filter((measure) => measure.write === undefined || anyNumber(measure));

let ranked = null;
/** For each file name its rank, "9.png" before "10.png"; sorted once, on first use. */
function nameRanks() {
  if (ranked === null) {
    const names = samples.image[0], collator = new Intl.Collator("en", { numeric: true });
    ranked = new Int32Array(names.length);
    names.map((_, index) => index).sort((a, b) => collator.compare(names[a], names[b])).forEach((index, rank) => { ranked[index] = rank; });
  }
  return ranked;
}

function anyNumber(measure) {
  for (let place = 0; place < size; place += 1) if (measure.at(place) !== null) return true;
  return false;
}

/** A list to choose from: each option with its number of samples and a test. */
const fromTexts = (title, [values, at], none) => {
  const counts = new Array(values.length).fill(0);
  for (const index of at) if (index >= 0) counts[index] += 1;
  const options = values.map((value, index) => ({ value, count: counts[index], test: (place) => at[place] === index }));
  return { title, none, options: options.filter((option) => option.count) };
};

const filters = [
  fromTexts("Class", samples.class, "all classes"),
  fromTexts("What became of it", samples.fate, "anything"),
  fromTexts("Cell", [samples.cell.values, samples.cell.at], "all cells"),
  ...samples.kinds.filter((kind) => kind.offered).map((kind) => ({ ...fromTexts(kind.name, kind.texts, "all"), slice: true })),
  {
    title: "Right answer lost by a swap",
    none: "any or none",
    options: samples.lost.map((loss, index) => ({
      value: loss.name, of: loss.asked, count: loss.at.length, test: (place) => lostAt[index].has(place),
    })),
  },
  {
    title: "Map",
    none: "kept or not",
    options: [
      { value: "kept", count: keptAt.size, test: (place) => keptAt.has(place) },
      { value: "not kept", count: size - keptAt.size, test: (place) => !keptAt.has(place) },
    ],
  },
].filter((filter) => filter.options.length);

/** The places that pass, in order. Empty cells come last in either direction; ties stay in the order of the numbers. */
const chosen = (words, tests, measure, falling) => {
  const wanted = words.toLowerCase();
  const fits = lowered.map((name) => name.includes(wanted));
  const places = [];
  for (let place = 0; place < size; place += 1) {
    if ((samples.image[1][place] < 0 ? !wanted : fits[samples.image[1][place]]) && tests.every((test) => test(place))) places.push(place);
  }
  const keys = new Array(size);
  for (const place of places) keys[place] = measure.at(place);
  const turn = falling ? -1 : 1;
  return places.sort((a, b) => {
    if (keys[a] === null || keys[b] === null) return (keys[a] === null) - (keys[b] === null) || a - b;
    return turn * (keys[a] - keys[b]) || a - b;
  });
};

// What the network answered when the picture was altered: a bar for each probability.
let asked = null;

/** Where a sample stands among those of a row; −1 where it is none of them. Places rise. */
const standing = (places, place) => {
  let low = 0, high = places.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (places[middle] === place) return middle;
    if (places[middle] < place) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
};

/** original: the label's probability on the picture as it is, in steps; drawn as a line in each bar. */
const chance = (steps, original, label) => {
  const meter = make("span", { class: "meter", role: "img", "aria-label": label });
  meter.style.setProperty("--now", (steps ?? 0) / share);
  meter.style.setProperty("--before", (original ?? 0) / share);
  meter.style.setProperty("--line", original === null ? "0px" : "2px");
  return meter;
};

const answerRow = (group, row, index, place) => {
  const steps = row.probability[index], answer = row.answer[index] < 0 ? null : asked.classes[row.answer[index]];
  const label = textOf(samples.class, place), donor = row.donor ? row.donor[index] : null;
  const name = make("span", { class: "what" }, row.name);
  if (donor !== null && donor !== undefined) name.append(", ", make("a", { href: `#${donor}` }, `no.\u00a0${samples.number[donor]}`));
  const result = answer === null ? "no number" : answer === (group.asks || label) ? "" : answer;
  return make("li", { class: "answered" },
    name,
    chance(steps, group.asks ? null : samples.probability[place], `probability ${percent(steps, share)}`),
    make("span", { class: "value" }, percent(steps, share)),
    make("span", { class: answer === label ? "stays" : "turns" }, result ? "→ " : "", result ? named(result) : ""));
};

/** The groups of one sample, and how many of all groups did not ask about it. */
const answersOf = (place) => {
  asked ??= block("data-answers");
  const groups = [];
  for (const group of asked.groups) {
    const rows = group.rows.map((row) => [row, standing(row.at, place)]).filter(([, index]) => index >= 0);
    if (!rows.length) continue;
    groups.push(make("div", { class: "answer-group" }, make("h4", {}, group.title), group.asks ? make("p", { class: "note" }, "Asked for the class ", named(group.asks), ".") : null,
      make("ul", { class: "answer-list" }, ...rows.map(([row, index]) => answerRow(group, row, index, place)))));
  }
  const original = make("li", { class: "answered" },
    make("span", { class: "what" }, "the picture as it is"),
    chance(samples.probability[place], null, `probability ${percent(samples.probability[place], share)}`),
    make("span", { class: "value" }, percent(samples.probability[place], share)),
    make("span", { class: isRight(place) ? "stays" : "turns" }, isRight(place) ? "" : "→ ", isRight(place) ? "" : named(answerOf(place))));
  const lead = make("p", { class: "note" }, "Probability of the label ", named(textOf(samples.class, place)),
    "; the line in each bar is that of the picture as it is. An arrow names another answer.");
  const nothing = groups.length ? null : make("p", { class: "note" }, "No experiment was made on this picture.");
  return [make("div", { class: "answer-group" }, lead, make("ul", { class: "answer-list" }, original)), ...groups, nothing].filter(Boolean);
};

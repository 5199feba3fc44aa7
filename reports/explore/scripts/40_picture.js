// One picture with its map: the window, the colours and the opacity are pixels of a canvas.
const canvas = by("map"), marks = by("boxes"), bar = by("bar"), stage = by("stage");
const [frameHeight, frameWidth] = samples.frame;
const colourTables = Object.fromEntries(samples.colours.map(({ name, colours }) => [
  name, Uint8Array.from(atob(colours), (character) => character.charCodeAt(0)),
]));

/** The pixels (4 bytes each) of an image file, in the size of the network's frame. */
const pixelsOf = async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  const drawn = make("canvas", { width: frameWidth, height: frameHeight }).getContext("2d", { willReadFrequently: true });
  drawn.drawImage(image, 0, 0, frameWidth, frameHeight);
  return drawn.getImageData(0, 0, frameWidth, frameHeight).data;
};

/** For each grey value of a map its colour. low, high: the window in per cent of the scale. */
const coloured = (name, low, high) => {
  const table = colourTables[name], colours = new Uint8Array(768);
  for (let grey = 0; grey < 256; grey += 1) {
    const share = Math.min(1, Math.max(0, ((100 * grey) / 255 - low) / (high - low)));
    colours.set(table.subarray(3 * Math.round(255 * share), 3 * Math.round(255 * share) + 3), 3 * grey);
  }
  return colours;
};

/** The picture under its map. map: null shows the picture alone. */
const blend = (picture, map, colours, opacity) => {
  canvas.width = frameWidth;
  canvas.height = frameHeight;
  const drawn = canvas.getContext("2d", { willReadFrequently: true }), mixed = drawn.createImageData(frameWidth, frameHeight), pixels = mixed.data;
  for (let at = 0; at < pixels.length; at += 4) {
    for (let channel = 0; channel < 3; channel += 1) {
      const under = picture[at + channel];
      pixels[at + channel] = map === null ? under : Math.round(under + opacity * (colours[3 * map[at] + channel] - under));
    }
    pixels[at + 3] = 255;
  }
  drawn.putImageData(mixed, 0, 0);
};

/** How often each grey value occurs (by the root, so that few are seen beside many), in the colours in which it is shown. */
const drawBar = (map, colours) => {
  const drawn = bar.getContext("2d"), counts = new Float64Array(256);
  for (let at = 0; at < map.length; at += 4) counts[map[at]] += 1;
  const most = Math.sqrt(Math.max(...counts.subarray(1), 1));
  const ink = getComputedStyle(bar).color;
  drawn.clearRect(0, 0, 256, 24);
  for (let grey = 0; grey < 256; grey += 1) {
    const tall = grey ? Math.round((14 * Math.sqrt(counts[grey])) / most) : 0;
    drawn.fillStyle = `rgb(${colours.subarray(3 * grey, 3 * grey + 3).join(" ")})`;
    drawn.fillRect(grey, 16, 1, 8);
    drawn.fillStyle = ink;
    drawn.fillRect(grey, 15 - tall, 1, tall);
  }
};

/** Boxes, or the outline of a mask, as sharp as the screen: black cased white lines. */
const drawMarks = (boxes, outline, shown) => {
  const scale = (stage.clientWidth * devicePixelRatio) / frameWidth;
  marks.width = Math.round(frameWidth * scale);
  marks.height = Math.round(frameHeight * scale);
  if (!shown) return;
  const drawn = marks.getContext("2d"), path = new Path2D();
  if (outline) path.addPath(new Path2D(outline));
  else for (let at = 0; at < boxes.length; at += 4) path.rect(boxes[at], boxes[at + 1], boxes[at + 2] - boxes[at], boxes[at + 3] - boxes[at + 1]);
  drawn.scale(scale, scale);
  for (const [colour, width] of [["rgb(0 0 0 / .65)", 4], ["#fff", 1.8]]) {
    drawn.strokeStyle = colour;
    drawn.lineWidth = (width * devicePixelRatio) / scale;
    drawn.stroke(path);
  }
};

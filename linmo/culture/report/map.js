// SPDX-License-Identifier: Apache-2.0
// The map of works. Points are written straight into the canvas's pixels: a frame of 20,000 costs a few
// milliseconds without a graphics card.
const linmoMap = (() => {
  "use strict";
  const data = JSON.parse(document.getElementById("works").textContent);
  const count = data.x.length;
  const x = Float64Array.from(data.x), y = Float64Array.from(data.y), group = Uint8Array.from(data.group);
  const columns = Object.keys(data.columns);
  const value = (name, i) => data.columns[name].names[data.columns[name].at[i]];
  const say = (key) => linmo.say({ k: key, v: {} });

  const pictures = JSON.parse(document.getElementById("pictures").textContent);
  const sheets = new Map();  // decoded when first looked at

  const points = document.getElementById("points"), over = document.getElementById("over");
  const ink = points.getContext("2d"), pencil = over.getContext("2d");
  const shown = new Uint8Array(count).fill(1), taken = new Uint8Array(count);
  let ratio = 1, width = 0, height = 0, image = null, pixels = null;
  // Numbers to pixels: px = (x − left) · scale, py = (top − y) · scale.
  const view = { left: 0, top: 0, scale: 1 };
  let isLasso = false, loop = null, pointed = -1, isDue = false, arePictured = false;

  const bounds = () => {
    let x0 = Infinity, x1 = -Infinity, y0 = Infinity, y1 = -Infinity;
    for (let i = 0; i < count; ++i) {
      x0 = Math.min(x0, x[i]); x1 = Math.max(x1, x[i]);
      y0 = Math.min(y0, y[i]); y1 = Math.max(y1, y[i]);
    }
    return count ? [x0, x1, y0, y1] : [0, 1, 0, 1];
  };
  const [x0, x1, y0, y1] = bounds();
  const seeAll = () => {
    const room = 30 * ratio;
    view.scale = Math.min((width - 2 * room) / Math.max(x1 - x0, 1e-9), (height - 2 * room) / Math.max(y1 - y0, 1e-9));
    view.left = (x0 + x1) / 2 - width / 2 / view.scale;
    view.top = (y0 + y1) / 2 + height / 2 / view.scale;
  };

  // The pixels of a mark around its middle: circle, square, triangle, diamond; all of about one area.
  const stamp = (shape, radius) => {
    const out = [], reach = Math.ceil(radius * 1.4);
    for (let dy = -reach; dy <= reach; ++dy)
      for (let dx = -reach; dx <= reach; ++dx) {
        const inside = shape === 0 ? dx * dx + dy * dy <= radius * radius :
          shape === 1 ? Math.max(Math.abs(dx), Math.abs(dy)) <= radius * .86 :
          shape === 2 ? dy <= radius && dy >= -radius * 1.3 && Math.abs(dx) <= (dy + radius * 1.3) * .58 :
          Math.abs(dx) + Math.abs(dy) <= radius * 1.25;
        if (inside) out.push([dx, dy]);
      }
    return out;
  };
  const colourOf = (text) => {
    const n = parseInt(text.slice(1), 16);
    return (0xff000000 | (n & 0xff) << 16 | (n & 0xff00) | n >> 16) >>> 0;  // ABGR, as little-endian memory has it
  };
  const colours = data.groups.map((g) => colourOf(g.colour));
  const kPale = colourOf("#dddddd"), kTaken = colourOf("#000000");

  // The sheet that a work's picture stands on, or null while it is being decoded; draws again when it is there.
  const sheetOf = (i, then) => {
    const number = Math.floor(pictures.place[i] / (pictures.columns * pictures.columns));
    let sheet = sheets.get(number);
    if (!sheet) {
      sheets.set(number, sheet = new Image());
      sheet.src = document.getElementById("sheet" + number).textContent;
    }
    if (sheet.complete && sheet.naturalWidth) return sheet;
    sheet.addEventListener("load", then, { once: true });
    return null;
  };
  const paint = (pen, i, left, top, scale, then) => {
    const sheet = sheetOf(i, then);
    if (!sheet) return;
    const cell = pictures.place[i] % (pictures.columns * pictures.columns);
    const w = pictures.width[i], h = pictures.height[i];
    pen.drawImage(sheet, cell % pictures.columns * pictures.side, Math.floor(cell / pictures.columns) * pictures.side,
      w, h, left, top, w * scale, h * scale);
  };
  // A work's picture in a canvas of its own, at most `side` CSS pixels long.
  const show = (canvas, i, side) => {
    canvas.hidden = i < 0 || pictures.place[i] < 0;
    if (canvas.hidden) return;
    const scale = Math.min(2, side / Math.max(pictures.width[i], pictures.height[i]));
    canvas.width = Math.round(pictures.width[i] * scale * ratio);
    canvas.height = Math.round(pictures.height[i] * scale * ratio);
    canvas.style.width = canvas.width / ratio + "px";
    paint(canvas.getContext("2d"), i, 0, 0, scale * ratio, () => { if (canvas.work === i) show(canvas, i, side); });
    canvas.work = i;
  };
  const kMostDrawn = 60;  // so few works in view are drawn as pictures

  const drawPictures = () => {
    const seen = [];
    for (let i = 0; i < count && seen.length <= kMostDrawn; ++i) {
      if (!shown[i] || pictures.place[i] < 0) continue;
      const px = (x[i] - view.left) * view.scale, py = (view.top - y[i]) * view.scale;
      if (px >= 0 && py >= 0 && px <= width && py <= height) seen.push([i, px, py]);
    }
    arePictured = seen.length > 0 && seen.length <= kMostDrawn;
    if (!arePictured) return;
    for (const [i, px, py] of seen) {
      const w = pictures.width[i] * ratio, h = pictures.height[i] * ratio, left = px - w / 2, top = py - h / 2;
      ink.fillStyle = taken[i] ? "#000" : data.groups[group[i]].colour;
      ink.fillRect(left - 2 * ratio, top - 2 * ratio, w + 4 * ratio, h + 4 * ratio);
      paint(ink, i, left, top, ratio, ask);
    }
  };

  const drawPoints = () => {
    pixels.fill(0xffffffff);
    const radius = Math.max(1, (count > 5000 ? 2.2 : 3.2) * ratio);
    const stamps = data.groups.map((g) => stamp(g.shape, radius));
    const rings = data.groups.map((g) => stamp(g.shape, radius + 1.8 * ratio));
    const put = (mask, px, py, colour) => {
      for (const [dx, dy] of mask) {
        const cx = px + dx, cy = py + dy;
        if (cx >= 0 && cx < width && cy >= 0 && cy < height) pixels[cy * width + cx] = colour;
      }
    };
    // Filtered ones below, selected ones on top.
    for (let pass = 0; pass < 3; ++pass)
      for (let i = 0; i < count; ++i) {
        if ((shown[i] ? taken[i] ? 2 : 1 : 0) !== pass) continue;
        const px = Math.round((x[i] - view.left) * view.scale), py = Math.round((view.top - y[i]) * view.scale);
        if (px < -9 || py < -9 || px > width + 9 || py > height + 9) continue;
        if (pass === 2) put(rings[group[i]], px, py, kTaken);
        put(stamps[group[i]], px, py, pass === 0 ? kPale : colours[group[i]]);
      }
    ink.putImageData(image, 0, 0);
    drawPictures();
  };

  const drawOver = () => {
    pencil.clearRect(0, 0, width, height);
    pencil.font = 12 * ratio + "px sans-serif";
    pencil.fillStyle = "#555";
    pencil.textAlign = "center";
    pencil.fillText(linmo.say(data.axes[0]) + " →", width / 2, height - 8 * ratio);
    pencil.save();
    pencil.translate(14 * ratio, height / 2);
    pencil.rotate(-Math.PI / 2);
    pencil.fillText(linmo.say(data.axes[1]) + " →", 0, 0);
    pencil.restore();
    pencil.strokeStyle = "#222";
    pencil.lineWidth = ratio;
    if (document.activeElement === over) {  // the cross of the keyboard
      const mx = width / 2, my = height / 2, r = 7 * ratio;
      pencil.beginPath();
      pencil.moveTo(mx - r, my); pencil.lineTo(mx + r, my); pencil.moveTo(mx, my - r); pencil.lineTo(mx, my + r);
      pencil.stroke();
    }
    if (pointed >= 0) {
      pencil.beginPath();
      pencil.arc((x[pointed] - view.left) * view.scale, (view.top - y[pointed]) * view.scale, 8 * ratio, 0, 7);
      pencil.stroke();
    }
    if (loop) {
      pencil.beginPath();
      loop.forEach(([px, py], i) => i ? pencil.lineTo(px, py) : pencil.moveTo(px, py));
      pencil.closePath();
      pencil.fillStyle = "rgba(0,114,178,.12)";
      pencil.fill();
      pencil.stroke();
    }
  };

  const draw = () => { drawPoints(); drawOver(); };
  const ask = () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => { isDue = false; draw(); });
  };

  const fit = () => {
    const box = points.parentElement.getBoundingClientRect();
    const isFirst = width === 0;
    const mx = view.left + width / 2 / view.scale, my = view.top - height / 2 / view.scale;
    ratio = window.devicePixelRatio || 1;
    width = Math.max(1, Math.round(box.width * ratio));
    height = Math.max(1, Math.round(box.height * ratio));
    for (const canvas of [points, over]) { canvas.width = width; canvas.height = height; }
    image = ink.createImageData(width, height);
    pixels = new Uint32Array(image.data.buffer);
    if (isFirst) seeAll();
    else { view.left = mx - width / 2 / view.scale; view.top = my + height / 2 / view.scale; }
    ask();
  };

  const describe = (i) => [value0("title", i) || data.file[i], value0("artist", i), value0("date", i),
    value0("source", i), pictures.place[i] < 0 ? "" : value0("licence", i)].filter(Boolean).join(" · ") +
    " (" + data.groups[group[i]].name + ")";
  const whyNot = (i) => pictures.why[i] < 0 ? "" : say(pictures.reasons[pictures.why[i]]);
  const value0 = (name, i) => name in data.columns ? value(name, i) : "";
  const report = () => {
    let all = 0;
    const chosen = [];
    for (let i = 0; i < count; ++i) { all += shown[i]; if (taken[i] && shown[i]) chosen.push(i); }
    document.getElementById("count").textContent =
      say("map.shown") + ": " + all + " / " + count + " · " + say("map.selected") + ": " + chosen.length;
    const list = document.getElementById("list");
    list.replaceChildren(...chosen.slice(0, 200).map((i) => {
      const item = document.createElement("li");
      const canvas = document.createElement("canvas");
      show(canvas, i, 72);
      item.append(canvas, describe(i));
      return item;
    }));
    if (chosen.length > 200) list.append("…");
    ask();
  };
  const point = (i) => {
    if (i === pointed) return;
    pointed = i;
    document.getElementById("here").textContent = i < 0 ? "" : [describe(i), whyNot(i)].filter(Boolean).join(" — ");
    show(document.getElementById("picture"), i, 176);
    ask();
  };
  const nearest = (px, py, reach) => {
    let best = -1, least = reach * reach;
    for (let i = 0; i < count; ++i) {
      if (!shown[i]) continue;
      const dx = (x[i] - view.left) * view.scale - px, dy = (view.top - y[i]) * view.scale - py;
      if (dx * dx + dy * dy < least) { least = dx * dx + dy * dy; best = i; }
    }
    return best;
  };

  const pan = (dx, dy) => { view.left -= dx / view.scale; view.top += dy / view.scale; ask(); };
  const zoom = (factor, px, py) => {
    const wanted = Math.min(Math.max(view.scale * factor, 1e-3), 1e7);
    view.left += px / view.scale - px / wanted;
    view.top -= py / view.scale - py / wanted;
    view.scale = wanted;
    ask();
  };
  // Works inside a loop (even–odd rule), added to those taken before.
  const take = (ring) => {
    for (let i = 0; i < count; ++i) {
      if (!shown[i]) continue;
      const px = (x[i] - view.left) * view.scale, py = (view.top - y[i]) * view.scale;
      let inside = false;
      for (let a = 0, b = ring.length - 1; a < ring.length; b = a++) {
        const [ax, ay] = ring[a], [bx, by] = ring[b];
        if (ay > py !== by > py && px < (bx - ax) * (py - ay) / (by - ay) + ax) inside = !inside;
      }
      if (inside) taken[i] = 1;
    }
    report();
  };
  const release = () => { taken.fill(0); loop = null; report(); };

  // A title may begin like a formula; spreadsheets must not run it.
  const cell = (text) => {
    const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
    return /[",\r\n]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
  };
  const csv = () => {
    const rows = [["file", "group", ...columns, "pc1", "pc2"].join(",")];
    for (let i = 0; i < count; ++i)
      if (taken[i] && shown[i])
        rows.push([cell(data.file[i]), cell(data.groups[group[i]].name), ...columns.map((c) => cell(value(c, i))),
          data.x[i], data.y[i]].join(","));
    return "\ufeff" + rows.join("\r\n") + "\r\n";
  };
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
    link.download = "selection.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  const select = document.getElementById("column"), search = document.getElementById("text");
  const boxes = data.groups.map((g) => {
    const label = document.createElement("label"), box = document.createElement("input"), mark = document.createElement("i");
    box.type = "checkbox";
    box.checked = true;
    mark.style.background = g.colour;
    mark.style.clipPath = ["circle(50%)", "none", "polygon(50% 0,100% 100%,0 100%)",
      "polygon(50% 0,100% 50%,50% 100%,0 50%)"][g.shape];
    label.append(box, mark, g.name);
    document.getElementById("groups").append(label);
    return box;
  });
  const filter = () => {
    const wanted = search.value.trim().toLocaleLowerCase(), where = select.value;
    // Once a different value, not once a work.
    const hits = {};
    for (const name of columns) hits[name] = data.columns[name].names.map((v) => v.toLocaleLowerCase().includes(wanted));
    for (let i = 0; i < count; ++i) {
      let fits = boxes[group[i]].checked;
      if (fits && wanted)
        fits = where ? where === "file" ? data.file[i].toLocaleLowerCase().includes(wanted) : hits[where][data.columns[where].at[i]] :
          data.file[i].toLocaleLowerCase().includes(wanted) || columns.some((c) => hits[c][data.columns[c].at[i]]);
      shown[i] = fits ? 1 : 0;
    }
    point(-1);
    report();
  };
  const nameColumns = () => {
    const before = select.value;
    select.replaceChildren(...["", "file", ...columns].map((name) => {
      const option = document.createElement("option");
      option.value = name;
      option.textContent = name ? say("table." + name) : say("map.anything");
      return option;
    }));
    select.value = before;
    over.setAttribute("aria-label", document.title);
    report();
  };
  const setLasso = (on) => {
    isLasso = on;
    document.getElementById("lasso").setAttribute("aria-pressed", String(on));
    over.classList.toggle("lasso", on);
  };

  // Fingers and mice.
  const fingers = new Map();
  const place = (event) => {
    const box = over.getBoundingClientRect();
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  };
  over.addEventListener("pointerdown", (event) => {
    over.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    loop = fingers.size === 1 && (isLasso || event.shiftKey) ? [place(event)] : null;
  });
  over.addEventListener("pointermove", (event) => {
    const at = place(event), before = fingers.get(event.pointerId);
    if (!before) return point(nearest(...at, (arePictured ? pictures.side / 2 : 14) * ratio));
    if (loop) {
      loop.push(at);
      ask();
    } else if (fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
      const far = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
      zoom(far(at, other) / Math.max(1, far(before, other)), (at[0] + other[0]) / 2, (at[1] + other[1]) / 2);
    } else {
      pan(at[0] - before[0], at[1] - before[1]);
    }
    fingers.set(event.pointerId, at);
  });
  const lift = (event) => {
    fingers.delete(event.pointerId);
    if (!loop) return;
    const ring = loop;
    loop = null;
    if (ring.length > 2) take(ring);
    ask();
  };
  over.addEventListener("pointerup", lift);
  over.addEventListener("pointercancel", lift);
  over.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-Math.max(-240, Math.min(240, event.deltaY)) * .002), ...place(event));
  }, { passive: false });
  for (const name of ["focus", "blur"]) over.addEventListener(name, ask);

  const middle = () => point(nearest(width / 2, height / 2, Math.max(width, height)));
  const kKeys = {
    ArrowLeft: () => { pan(60 * ratio, 0); middle(); }, ArrowRight: () => { pan(-60 * ratio, 0); middle(); },
    ArrowUp: () => { pan(0, 60 * ratio); middle(); }, ArrowDown: () => { pan(0, -60 * ratio); middle(); },
    "+": () => { zoom(1.3, width / 2, height / 2); middle(); }, "=": () => kKeys["+"](),
    "-": () => { zoom(1 / 1.3, width / 2, height / 2); middle(); },
    "0": () => { seeAll(); ask(); }, l: () => setLasso(!isLasso), d: save,
    a: () => take([[0, 0], [width, 0], [width, height], [0, height]]),
    " ": () => { if (pointed >= 0) { taken[pointed] ^= 1; report(); } },
    Escape: release,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === search || event.target === select) return;
    // Space belongs to a button that has the focus.
    if (event.key === " " && event.target !== over) return;
    const action = kKeys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  document.getElementById("lasso").addEventListener("click", () => setLasso(!isLasso));
  document.getElementById("all").addEventListener("click", () => { seeAll(); ask(); });
  document.getElementById("clear").addEventListener("click", release);
  document.getElementById("save").addEventListener("click", save);
  // The studio shows this page in a frame and makes a collection of what it is told; nobody else listens.
  const collect = document.getElementById("collect");
  collect.hidden = window.parent === window;
  collect.addEventListener("click", () => {
    const works = [];
    for (let i = 0; i < count; ++i) if (taken[i] && shown[i]) works.push([data.groups[group[i]].name, data.file[i]]);
    window.parent.postMessage({ linmo: "works", works }, "*");
  });
  for (const box of boxes) box.addEventListener("change", filter);
  search.addEventListener("input", filter);
  select.addEventListener("change", filter);
  window.addEventListener("resize", fit);
  linmo.onLanguage(nameColumns);
  nameColumns();
  fit();
  return { view, draw, pan, zoom, take, release, csv, filter, count };
})();

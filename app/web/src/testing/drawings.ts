// SPDX-License-Identifier: Apache-2.0
// Pictures for the fake: a landscape drawn as SVG in each style's colours.

const palettes: Record<string, [string, string, string, string]> = {
  photo: ["#8fbbe0", "#f6d9a8", "#5d7f5a", "#2f4a3a"],
  ink: ["#ece5d3", "#d9cfb6", "#8b8778", "#2e2c28"],
  ukiyoe: ["#e9dcc0", "#d9694f", "#3f6f8f", "#1f3550"],
  impressionism: ["#b7cbe6", "#f5d9c0", "#86a06a", "#5a6f8f"],
};

export function landscape(style: string, seed = 0): string {
  const [sky, sun, near, far] = palettes[style] ?? palettes["photo"]!;
  const ridge = (base: number, rise: number, phase: number) => {
    let d = `M0 400`;
    for (let x = 0; x <= 600; x += 20) {
      const y = base - rise * Math.abs(Math.sin(x / 90 + phase + seed)) - (rise / 3) * Math.sin(x / 31 + phase);
      d += ` L${x} ${y.toFixed(1)}`;
    }
    return `${d} L600 400 Z`;
  };
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 400" width="600" height="400">
<rect width="600" height="400" fill="${sky}"/><circle cx="${430 - 40 * (seed % 4)}" cy="110" r="42" fill="${sun}"/>
<path d="${ridge(260, 120, 0.4)}" fill="${far}" opacity=".55"/><path d="${ridge(310, 80, 2)}" fill="${far}" opacity=".8"/>
<path d="${ridge(360, 50, 4)}" fill="${near}"/></svg>`;
}

/** The uploaded picture seen through a style's colours. */
export function tinted(bytes: Uint8Array, type: string, width: number, height: number, style: string, strength: number): string {
  const [light, , , dark] = (palettes[style] ?? palettes["ink"]!).map((c) =>
    [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16) / 255)) as [number[], number[], number[], number[]];
  const row = (i: number) => [0.3, 0.59, 0.11].map((w, j) =>
    ((strength * w * (light[i]! - dark[i]!)) + (i === j ? 1 - strength : 0)).toFixed(3)).join(" ") + ` 0 ${(strength * dark[i]!).toFixed(3)}`;
  let binary = "";
  for (const b of bytes) binary += String.fromCharCode(b);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<filter id="f" color-interpolation-filters="sRGB"><feColorMatrix values="${row(0)} ${row(1)} ${row(2)} 0 0 0 1 0"/></filter>
<image href="data:${type};base64,${btoa(binary)}" width="${width}" height="${height}" filter="url(#f)"/></svg>`;
}

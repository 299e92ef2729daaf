// SPDX-License-Identifier: Apache-2.0
// Before and after in one frame. The edge is a range input over the whole picture: mouse, touch and keys for nothing.
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import type { Layer } from "../state/paintings";

interface WipeProps {
  before: string;
  /** What is seen of one through another is the mixture; none: not painted yet. */
  after: Layer[];
  /** How much of the painting lies over the picture, 0 to 1. */
  strength: number;
  name: string;
  width: number;
  height: number;
  busy: boolean;
  full: boolean;
}

function LayerPicture({ layer }: { layer: Layer }) {
  const picture = useRef<HTMLImageElement>(null);
  useLayoutEffect(() => picture.current!.style.setProperty("opacity", String(layer.opacity)), [layer.opacity]);
  return <img ref={picture} src={layer.url} alt="" />;
}

export function Wipe({ before, after, strength, name, width, height, busy, full }: WipeProps) {
  const at = useSignal(50), painted = after.length > 0;
  const frame = useRef<HTMLDivElement>(null), pane = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const style = frame.current!.style;  // through the object model, which the Content-Security-Policy allows
    style.setProperty("--edge", `${at.value}%`);
    style.setProperty("--ratio", `${width} / ${height}`);
    style.setProperty("--wide", `${width}px`);
    style.setProperty("--shape", String(width / height));
    style.setProperty("--strength", String(strength));
  }, [at.value, width, height, strength]);
  useEffect(() => {
    // At full size the picture opens at its corner: the edge moves to the middle of what is in sight.
    at.value = full ? Math.min(50, Math.round((50 * pane.current!.clientWidth) / width)) : 50;
  }, [full, width, height]);
  return (
    <div ref={pane} class={full ? "wipe-pane full" : "wipe-pane"} tabIndex={full ? 0 : undefined} role={full ? "group" : undefined}
      aria-label={full ? t("stylise.zoom_label") : undefined}>
      <div class={busy ? "wipe busy" : "wipe"} ref={frame}>
        <img src={before} alt={t("stylise.before_alt", { name })} />
        {painted && (
          <span class="painted" role="img" aria-label={t("stylise.after_alt", { name })}>
            {after.map((layer, i) => <LayerPicture key={i} layer={layer} />)}
          </span>
        )}
        {painted && <span class="edge" aria-hidden="true" />}
        {painted && (
          <input type="range" min="0" max="100" value={at.value} aria-label={t("stylise.wipe")}
            onInput={(e) => (at.value = e.currentTarget.valueAsNumber)} />
        )}
        {painted && <span class="tag left" aria-hidden="true">{t("stylise.before")}</span>}
        {painted && <span class="tag right" aria-hidden="true">{t("stylise.after")}</span>}
      </div>
    </div>
  );
}

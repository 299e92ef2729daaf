// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface SliderProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  text: string;
  help?: string;
  onInput: (value: number) => void;
}

export function Slider({ label, value, min, max, step, text, help, onInput }: SliderProps) {
  const id = useId();
  return (
    <div class="field slider">
      <label for={id}>{label}</label>
      <output for={id}>{text}</output>
      <input id={id} type="range" min={min} max={max} step={step} value={value} aria-valuetext={text}
        aria-describedby={help ? `${id}-help` : undefined}
        onInput={(e) => onInput(e.currentTarget.valueAsNumber)} />
      {help && <small id={`${id}-help`}>{help}</small>}
    </div>
  );
}

export function TextField(props: {
  label: string; value: string; hint?: string; lines?: number; onInput: (value: string) => void;
}) {
  const id = useId();
  const described = props.hint ? `${id}-hint` : undefined;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.lines
        ? <textarea id={id} rows={props.lines} value={props.value} aria-describedby={described}
            onInput={(e) => props.onInput(e.currentTarget.value)} />
        : <input id={id} type="text" value={props.value} aria-describedby={described} maxLength={120}
            onInput={(e) => props.onInput(e.currentTarget.value)} />}
      {props.hint && <small id={`${id}-hint`}>{props.hint}</small>}
    </div>
  );
}

export function Tick({ label, checked, disabled = false, onChange }: {
  label: ComponentChildren; checked: boolean; disabled?: boolean; onChange: (on: boolean) => void;
}) {
  return (
    <label class="tick">
      <input type="checkbox" checked={checked} disabled={disabled} onChange={(e) => onChange(e.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

/** A button that opens the browser's own choice of files. */
export function FileButton(props: {
  label: string; accept: string; multiple?: boolean; primary?: boolean; folder?: boolean; disabled?: boolean;
  onFiles: (files: File[]) => void;
}) {
  const id = useId();
  return (
    <span class="file-button">
      <input id={id} type="file" accept={props.accept} multiple={props.multiple ?? false} disabled={props.disabled ?? false}
        {...(props.folder ? { webkitdirectory: true } : {})}
        onChange={(e) => {
          props.onFiles([...(e.currentTarget.files ?? [])]);
          e.currentTarget.value = "";
        }} />
      <label for={id} class={props.primary ? "button primary" : "button"}>{props.label}</label>
    </span>
  );
}

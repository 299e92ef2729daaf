// SPDX-License-Identifier: Apache-2.0
// Where training's pictures come from: an allowed folder (checked at once) or single uploads.
import { useSignal } from "@preact/signals";
import { api } from "../api/client";
import type { FolderCheck, Source } from "../api/types";
import { t } from "../i18n";
import { error_text } from "../state/studio";
import { welcome } from "./drop";
import { FileButton } from "./fields";
import { FolderPicker, Samples } from "./folder_picker";
import { Loading, Problem } from "./states";

interface SourceChoiceProps {
  title: string;
  hint: string;
  source: Source | undefined;
  uploads?: boolean;
  set: (source: Source | undefined) => void;
}

type Refused = FolderCheck["refused"];

/** `all`: how many there are, of which `files` are the first. */
function LeftOut({ files, all = files.length }: { files: Refused; all?: number }) {
  if (files.length === 0) return null;
  return (
    <details>
      <summary>{t("train.refused", { n: all })}</summary>
      <ul class="failures">
        {files.map((r, i) => <li key={i}><b>{r.file}</b>: {r.reason}</li>)}
        {all > files.length && <li>…</li>}
      </ul>
    </details>
  );
}

function Checked({ check }: { check: FolderCheck }) {
  return (
    <>
      <p class={check.usable > 0 ? "found" : "why"}>
        {check.usable > 0 ? t("train.usable", { n: check.usable }) : t("train.none_usable")}
      </p>
      {check.samples.length > 0 && <Samples paths={check.samples} />}
      <LeftOut files={check.refused} all={check.refusedCount} />
    </>
  );
}

export function SourceChoice({ title, hint, source, uploads = true, set }: SourceChoiceProps) {
  const picking = useSignal(false), busy = useSignal(""), problem = useSignal("");
  const check = useSignal<FolderCheck | undefined>(undefined), refused = useSignal<Refused>([]);
  const take_folder = (folder: string) => {
    problem.value = "";
    check.value = undefined;
    refused.value = [];
    busy.value = t("app.loading");
    api.check_folder(folder).then((found) => {
      check.value = found;
      set(found.usable > 0 ? { folder } : undefined);
    }, (error: unknown) => (problem.value = error_text(error))).finally(() => (busy.value = ""));
  };
  const take_files = async (files: File[]) => {
    problem.value = "";
    check.value = undefined;
    refused.value = [];
    const ids = source && "pictures" in source ? [...source.pictures] : [];
    for (const [at, file] of files.entries()) {
      busy.value = t("drop.uploading_many", { name: file.name, at: at + 1, all: files.length });
      try {
        const { id } = await api.upload(file);
        if (!ids.includes(id)) ids.push(id);
      } catch (error) {
        refused.value = [...refused.value, { file: file.name, reason: error_text(error) }];
      }
    }
    busy.value = "";
    set(ids.length > 0 ? { pictures: ids } : undefined);
  };
  const over = useSignal(false);
  const on_drag = (event: DragEvent) => {
    if (!uploads || !event.dataTransfer?.types.includes("Files")) return;
    welcome(event);
    over.value = event.type === "dragover";
    if (event.type === "drop" && !busy.value) void take_files([...event.dataTransfer.files]);
  };
  return (
    <fieldset class={over.value ? "source over" : "source"} onDragOver={on_drag} onDragLeave={() => (over.value = false)} onDrop={on_drag}>
      <legend>{title}</legend>
      <p class="hint">{hint}</p>
      <div class="row">
        <button type="button" onClick={() => (picking.value = true)}>
          {t(source ? "train.change" : "train.from_folder")}
        </button>
        {uploads && <FileButton multiple accept="image/*,.heic,.heif" label={t("train.from_upload")} disabled={busy.value !== ""}
          onFiles={(files) => void take_files(files)} />}
        {uploads && <FileButton folder accept="" label={t("train.upload_folder")} disabled={busy.value !== ""}
          onFiles={(files) => void take_files(files)} />}
      </div>
      {source && "folder" in source && <p class="path">{source.folder}</p>}
      {source && "pictures" in source && (
        <>
          <p class="found">{t("train.usable", { n: source.pictures.length })}</p>
          <ul class="samples">{source.pictures.slice(0, 8).map((id) => (
            <li key={id}><img src={api.picture_url(id, 160)} alt="" /></li>))}</ul>
        </>
      )}
      <LeftOut files={refused.value} />
      {busy.value && <Loading text={busy.value} />}
      {check.value && <Checked check={check.value} />}
      {problem.value && <Problem text={problem.value} />}
      {picking.value && <FolderPicker take={take_folder} close={() => (picking.value = false)} />}
    </fieldset>
  );
}

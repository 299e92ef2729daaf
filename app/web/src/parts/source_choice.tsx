// SPDX-License-Identifier: Apache-2.0
// Where training's pictures come from: an allowed folder (checked at once) or single uploads.
import { useSignal } from "@preact/signals";
import { api } from "../api/client";
import type { FolderCheck, Source } from "../api/types";
import { t } from "../i18n";
import { error_text } from "../state/studio";
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

function Checked({ check }: { check: FolderCheck }) {
  return (
    <>
      <p class={check.usable > 0 ? "found" : "why"}>
        {check.usable > 0 ? t("train.usable", { n: check.usable }) : t("train.none_usable")}
      </p>
      {check.samples.length > 0 && <Samples paths={check.samples} />}
      {check.refused.length > 0 && (
        <details>
          <summary>{t("train.refused", { n: check.refused.length })}</summary>
          <ul class="failures">{check.refused.map((r) => <li key={r.file}><b>{r.file}</b>: {r.reason}</li>)}</ul>
        </details>
      )}
    </>
  );
}

export function SourceChoice({ title, hint, source, uploads = true, set }: SourceChoiceProps) {
  const picking = useSignal(false), busy = useSignal(""), problem = useSignal("");
  const check = useSignal<FolderCheck | undefined>(undefined);
  const take_folder = (folder: string) => {
    problem.value = "";
    check.value = undefined;
    busy.value = folder;
    api.check_folder(folder).then((found) => {
      check.value = found;
      set(found.usable > 0 ? { folder } : undefined);
    }, (error: unknown) => (problem.value = error_text(error))).finally(() => (busy.value = ""));
  };
  const take_files = async (files: File[]) => {
    problem.value = "";
    check.value = undefined;
    const ids = source && "pictures" in source ? [...source.pictures] : [];
    for (const file of files) {
      busy.value = file.name;
      try {
        const { id } = await api.upload(file);
        if (!ids.includes(id)) ids.push(id);
      } catch (error) {
        problem.value = t("drop.failed", { name: file.name, reason: error_text(error) });
      }
    }
    busy.value = "";
    set(ids.length > 0 ? { pictures: ids } : undefined);
  };
  return (
    <fieldset class="source">
      <legend>{title}</legend>
      <p class="hint">{hint}</p>
      <div class="row">
        <button type="button" onClick={() => (picking.value = true)}>
          {t(source ? "train.change" : "train.from_folder")}
        </button>
        {uploads && <FileButton multiple accept="image/*,.heic,.heif" label={t("train.from_upload")}
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
      {busy.value && <Loading />}
      {check.value && <Checked check={check.value} />}
      {problem.value && <Problem text={problem.value} />}
      {picking.value && <FolderPicker take={take_folder} close={() => (picking.value = false)} />}
    </fieldset>
  );
}

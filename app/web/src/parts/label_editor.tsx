// SPDX-License-Identifier: Apache-2.0
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../api/client";
import type { Work } from "../api/types";
import { t } from "../i18n";
import { error_text } from "../state/studio";
import { TextField } from "./fields";
import { Problem } from "./states";

const fields = ["title", "culture", "artist", "date", "category", "source", "licence"] as const;

interface LabelEditorProps {
  collection: string;
  work: Work;
  close: () => void;
  saved: (work: Work) => void;
}

export function LabelEditor({ collection, work, close, saved }: LabelEditorProps) {
  const draft = useSignal<Work>(work), problem = useSignal("");
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const save = async (event: Event) => {
    event.preventDefault();
    const labels: Partial<Work> = {};
    for (const field of fields) if (draft.value[field] !== work[field]) labels[field] = draft.value[field] ?? "";
    try {
      if (Object.keys(labels).length > 0) await api.label(collection, work.file, labels);
      saved(draft.value);
      dialog.current?.close();
    } catch (error) {
      problem.value = error_text(error);
    }
  };
  return (
    <dialog ref={dialog} class="picker" aria-label={t("collections.edit", { name: work.title || work.file })} onClose={close}>
      <form onSubmit={(event) => void save(event)}>
        <div class="picker-head">
          <h2>{work.file}</h2>
          <button type="button" class="quiet" aria-label={t("app.close")} onClick={() => dialog.current?.close()}>×</button>
        </div>
        <img class="labelled" src={api.work_url(collection, work.file)} alt={work.title || work.file} />
        {fields.map((field) => (
          <TextField key={field} label={t(`label.${field}`)} value={draft.value[field] ?? ""}
            onInput={(value) => (draft.value = { ...draft.value, [field]: value })} />
        ))}
        {problem.value && <Problem text={problem.value} />}
        <div class="picker-foot"><span /><button class="primary" type="submit">{t("collections.save")}</button></div>
      </form>
    </dialog>
  );
}

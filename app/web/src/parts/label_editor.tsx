// SPDX-License-Identifier: Apache-2.0
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../api/client";
import type { Work } from "../api/types";
import { t } from "../i18n";
import { error_text } from "../state/studio";
import { TextField, Tick } from "./fields";
import { Problem } from "./states";

const fields = ["title", "culture", "artist", "date", "category", "source", "licence"] as const;

interface LabelEditorProps {
  collection: string;
  work: Work;
  /** Of the works that are shown beside it. */
  filter: string;
  close: () => void;
  saved: (work: Work) => void;
  saved_many: () => void;
}

const page_size = 500;

/** Every work that the filter lets through. */
async function all_works(collection: string, filter: string): Promise<Work[]> {
  const all: Work[] = [];
  for (;;) {
    const page = await api.works(collection, all.length, page_size, filter);
    all.push(...page);
    if (page.length < page_size) return all;
  }
}

export function LabelEditor({ collection, work, filter, close, saved, saved_many }: LabelEditorProps) {
  const draft = useSignal<Work>(work), problem = useSignal(""), many = useSignal(false), done = useSignal("");
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const save = async (event: Event) => {
    event.preventDefault();
    const labels: Partial<Work> = {};
    for (const field of fields) if (draft.value[field] !== work[field]) labels[field] = draft.value[field] ?? "";
    if (done.value) return;
    problem.value = "";
    try {
      // A title is one work's; and the others are asked for before a label changes, by which they are chosen.
      const { title: _, ...shared } = labels;
      const others = many.value && Object.keys(shared).length > 0 ? (await all_works(collection, filter)).filter((w) => w.file !== work.file) : [];
      if (Object.keys(labels).length > 0) await api.label(collection, work.file, labels);
      for (const [at, other] of others.entries()) {
        done.value = t("collections.saving", { at: at + 1, all: others.length });
        await api.label(collection, other.file, shared);
      }
      if (others.length > 0) saved_many();
      else saved(draft.value);
      dialog.current?.close();
    } catch (error) {
      problem.value = error_text(error);
    }
    done.value = "";
  };
  return (
    <dialog ref={dialog} class="picker labels" aria-label={t("collections.edit", { name: work.title || work.file })} onClose={close}>
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
        <div class="picker-foot">
          {done.value ? <span role="status">{done.value}</span>
            : <Tick label={t("collections.for_all")} checked={many.value} onChange={(on) => (many.value = on)} />}
          <button class="primary" type="submit" disabled={done.value !== ""}>{t("collections.save")}</button>
        </div>
      </form>
    </dialog>
  );
}

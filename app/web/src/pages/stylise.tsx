// SPDX-License-Identifier: Apache-2.0
import { useSignal } from "@preact/signals";
import { api } from "../api/client";
import type { Model, Picture } from "../api/types";
import { percent_text, t } from "../i18n";
import { dragging, useDroppedFiles } from "../parts/drop";
import { remove_item } from "../parts/focus";
import { FileButton, Slider, Tick } from "../parts/fields";
import { JobList } from "../parts/job_list";
import { Empty, Listed, Loading, Problem } from "../parts/states";
import { StyleCard } from "../parts/style_card";
import { Wipe } from "../parts/wipe";
import * as state from "../state/stylise";
import { error_text, jobs, model_title, models, pictures, styles } from "../state/studio";

const take_files = (files: File[]) => void state.upload(files);

function UploadNotes() {
  return (
    <>
      {state.uploading.value && <p class="note" role="status">{state.uploading.value}</p>}
      {state.upload_notes.value.map((note, i) => (
        <p class="note why" role="alert" key={i}>{t("drop.failed", { name: note.name, reason: note.problem })}</p>
      ))}
    </>
  );
}

function FirstUse() {
  return (
    <section class="first-use">
      <h1>{t("stylise.title")}</h1>
      <p class="lead">{t("stylise.lead")}</p>
      <div class="drop-here">
        <FileButton primary multiple accept="image/*,.heic,.heif,video/*" label={t("drop.choose")} onFiles={take_files} />
        <p>{t("drop.hint")}</p>
      </div>
      <UploadNotes />
    </section>
  );
}

function Stage({ picture }: { picture: Picture }) {
  const longer = Math.max(picture.width, picture.height);
  const full = state.full_size.value;
  return (
    <section class="stage" aria-label={picture.name}>
      <h1 class="unseen">{t("stylise.title")}</h1>
      <Wipe before={api.picture_url(picture.id, full ? longer : Math.min(longer, 1024))} after={state.layers.value} strength={state.strength.value}
        name={picture.name} width={picture.width} height={picture.height} busy={state.previewing.value} full={full} />
      <div class="stage-foot">
        <p class="caption"><strong>{picture.name}</strong> <span>{picture.width} × {picture.height}</span></p>
        <span class="painting" aria-hidden="true">{state.previewing.value ? t("stylise.painting") : ""}</span>
        <button aria-pressed={full} title={t("stylise.zoom_label")}
          onClick={() => (state.full_size.value = !full)}>{t("stylise.zoom")}</button>
      </div>
      {state.preview_error.value && <Problem text={state.preview_error.value} />}
    </section>
  );
}

function Tray({ all, shown }: { all: Picture[]; shown: Picture }) {
  return (
    <section class="tray" aria-label={t("stylise.pictures")}>
      <ul>
        {all.map((picture) => (
          <li key={picture.id}>
            <button class="thumb" aria-pressed={picture.id === shown.id}
              onClick={() => (state.chosen_id.value = picture.id)}>
              <img src={api.picture_url(picture.id, 160)} alt={t("stylise.show", { name: picture.name })} />
            </button>
            <button class="drop-one" aria-label={t("stylise.remove", { name: picture.name })}
              onClick={(e) => void remove_item(e.currentTarget, () => state.remove_picture(picture.id), "input")}>×</button>
          </li>
        ))}
      </ul>
      <FileButton multiple accept="image/*,.heic,.heif,video/*" label={t("drop.more")} onFiles={take_files} />
      <UploadNotes />
    </section>
  );
}

function Wall({ shown }: { shown: Model[] }) {
  const parts = state.blend.value;
  const has_picture = (pictures.value.value ?? []).length > 0;
  return (
    <section class="wall">
      <h2>{t("stylise.styles")}</h2>
      {!has_picture && shown.length > 0 && <p class="hint">{t("stylise.pick_first")}</p>}
      {shown.length === 0 && <Empty text={t("stylise.no_models")} />}
      <ul class="style-wall">
        {shown.map((model) => (
          <StyleCard key={model.id} model={model} chosen={parts.some((p) => p.model === model.id)}
            can_mix={has_picture && parts.length > 0 && parts.length < 4} can_leave={parts.length > 1}
            choose={() => state.choose_style(model.id)} mix={() => state.mix_in(model.id)}
            leave={() => state.leave_out(model.id)} />
        ))}
      </ul>
    </section>
  );
}

function Adjust({ count, shown }: { count: number; shown: Model[] }) {
  const problem = useSignal("");
  const shares = state.look.value.blend;
  const paint = () => {
    problem.value = "";
    state.paint_all().catch((error: unknown) => (problem.value = error_text(error)));
  };
  const title = (id: string) => {
    const model = shown.find((m) => m.id === id);
    return model ? model_title(model) : id;
  };
  return (
    <section class="adjust">
      <h2>{t("stylise.adjust")}</h2>
      <Slider label={t("stylise.strength")} value={Math.round(100 * state.strength.value)} min={0} max={100} step={1}
        text={percent_text(state.strength.value)} help={t("stylise.strength_help")}
        onInput={(value) => (state.strength.value = value / 100)} />
      {state.blend.value.length > 1 && (
        <fieldset>
          <legend>{t("stylise.blend")}</legend>
          {state.blend.value.map((part, i) => (
            <Slider key={part.model} label={title(part.model)} value={Math.round(100 * part.weight)} min={0} max={100}
              step={1} text={percent_text(shares[i]!.weight)} onInput={(value) => state.set_weight(part.model, value / 100)} />
          ))}
        </fieldset>
      )}
      <Tick label={t("stylise.keep_colour")} checked={state.keep_colour.value}
        onChange={(on) => (state.keep_colour.value = on)} />
      <div class="finish">
        <label>
          <span>{t("stylise.format")}</span>
          <select value={state.file_format.value}
            onChange={(e) => (state.file_format.value = e.currentTarget.value as "png" | "jpeg" | "webp")}>
            <option value="png">PNG</option>
            <option value="jpeg">JPEG</option>
            <option value="webp">WebP</option>
          </select>
        </label>
        <button class="primary" disabled={state.blend.value.length === 0} onClick={paint}>
          {t("stylise.paint", { n: count })}
        </button>
      </div>
      {problem.value && <Problem text={problem.value} />}
    </section>
  );
}

export function StylisePage() {
  useDroppedFiles(take_files);
  const own_jobs = (jobs.value.value ?? []).filter((job) => job.kind === "stylise" || job.kind === "video");
  if (pictures.value.value === undefined && !pictures.error.value) return <Loading />;
  const all = pictures.value.value ?? [];
  const shown = state.chosen.value;
  return (
    <div class={dragging.value ? "stylise dragging" : "stylise"}>
      {shown ? (
        <div class="bench">
          <div class="bench-left">
            <Stage picture={shown} />
            <Tray all={all} shown={shown} />
          </div>
          <div class="bench-right">
            <Adjust count={all.length} shown={styles.value ?? []} />
            <Listed list={models}>{() => <Wall shown={styles.value ?? []} />}</Listed>
          </div>
        </div>
      ) : (
        <>
          <FirstUse />
          <Listed list={models}>{() => <Wall shown={styles.value ?? []} />}</Listed>
        </>
      )}
      <JobList jobs={own_jobs} />
    </div>
  );
}

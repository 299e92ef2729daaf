// SPDX-License-Identifier: Apache-2.0
import { useSignal } from "@preact/signals";
import { useCallback, useEffect, useRef } from "preact/hooks";
import { api } from "../api/client";
import type { Job, Model } from "../api/types";
import { bytes_text, t } from "../i18n";
import { dragging, useDroppedFiles } from "../parts/drop";
import { PageHead } from "../parts/page_head";
import { FileButton, Slider, TextField } from "../parts/fields";
import { Listed, Problem } from "../parts/states";
import { StylePicture } from "../parts/style_card";
import { go, link } from "../state/route";
import { choose_style } from "../state/stylise";
import { announcement, error_text, method_text, model_title, models, session, styles, take_job } from "../state/studio";

function Removal({ model }: { model: Model }) {
  const asking = useSignal(false), problem = useSignal(""), first = useRef<HTMLButtonElement>(null), was_asked = useRef(false);
  const name = model_title(model);
  // The button that was pressed makes room for others, and comes back: the focus goes with it.
  useEffect(() => {
    if (asking.value || was_asked.current) first.current?.focus();
    was_asked.current = asking.value;
  }, [asking.value]);
  const remove = () =>
    void api.remove_model(model.id).then(models.load, (error: unknown) => (problem.value = error_text(error)));
  if (!asking.value) return <button class="quiet" ref={first} onClick={() => (asking.value = true)}>{t("models.delete")}</button>;
  return (
    <div class="sure" role="group" aria-label={t("models.delete_sure", { name })}>
      <p>{t("models.delete_sure", { name })}</p>
      <button class="danger" onClick={remove}>{t("models.delete")}</button>
      <button ref={first} onClick={() => (asking.value = false)}>{t("models.keep")}</button>
      {problem.value && <Problem text={problem.value} />}
    </div>
  );
}

function ModelCard({ model }: { model: Model }) {
  const facts: [string, string | undefined][] = [
    [t("models.method"), method_text(model.method)], [t("models.licence"), model.licence],
    [t("models.size"), bytes_text(model.sizeBytes)], [t("models.credit"), model.credit],
  ];
  return (
    <li class="model-card">
      <StylePicture model={model} />
      <div class="model-text">
        <p class="eyebrow">{t(model.bundled ? "models.bundled" : "models.own")}</p>
        <h2>{model_title(model)}</h2>
        <details>
          <summary>{t("models.details")}</summary>
          <dl>
            {facts.filter(([, value]) => value).map(([name, value]) => (
              <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
            ))}
          </dl>
          <p class="exports">
            <span>{t("models.export")}</span>
            <a href={api.export_url(model.id, "safetensors")} download>safetensors</a>
            <a href={api.export_url(model.id, "onnx")} download>ONNX</a>
            <a href={api.export_url(model.id, "pth")} download>PyTorch (.pth)</a>
          </p>
          {!model.bundled && <Removal model={model} />}
        </details>
        <div class="row">
          <button class="primary" onClick={() => { choose_style(model.id); go("stylise"); }}>{t("models.use")}</button>
          {session.value?.train && <a class="button" href={link("train", model.id)}
            aria-label={`${t("models.tune")}: ${model_title(model)}`}>{t("models.tune")}</a>}
        </div>
      </div>
    </li>
  );
}

/** Between two styles of one origin; those that cannot be mixed are refused in words. */
function Mixing({ all }: { all: Model[] }) {
  const first = useSignal(""), second = useSignal(""), share = useSignal(50), name = useSignal("");
  const problem = useSignal(""), busy = useSignal(false);
  const one = all.find((m) => m.id === first.value) ?? all[0]!;
  const others = all.filter((m) => m !== one);
  const other = others.find((m) => m.id === second.value) ?? others[0]!;
  const mix = async (event: Event) => {
    event.preventDefault();
    if (busy.value || !name.value.trim()) return;
    busy.value = true;
    problem.value = "";
    try {
      await api.mix_models(name.value.trim(), [
        { model: one.id, weight: (100 - share.value) / 100 }, { model: other.id, weight: share.value / 100 }]);
      name.value = "";
      await models.load();
    } catch (error) {
      problem.value = error_text(error);
    }
    busy.value = false;
  };
  const choice = (label: string, shown: Model, from: Model[], set: (id: string) => void) => (
    <label>
      <span>{label}</span>
      <select value={shown.id} onChange={(e) => set(e.currentTarget.value)}>
        {from.map((m) => <option key={m.id} value={m.id}>{model_title(m)}</option>)}
      </select>
    </label>
  );
  return (
    <form class="panel" onSubmit={(event) => void mix(event)}>
      <h2>{t("models.mix")}</h2>
      <p class="hint">{t("models.mix_hint")}</p>
      <div class="two">
        {choice(t("models.mix_first"), one, all, (id) => (first.value = id))}
        {choice(t("models.mix_second"), other, others, (id) => (second.value = id))}
      </div>
      <Slider label={t("models.mix_share")} min={0} max={100} step={5} value={share.value}
        text={`${100 - share.value} : ${share.value}`} onInput={(value) => (share.value = value)} />
      <TextField label={t("models.mix_name")} value={name.value} onInput={(v) => (name.value = v)} />
      <button type="submit" disabled={busy.value || !name.value.trim()}>{t("models.mix_make")}</button>
      {problem.value && <Problem text={problem.value} />}
    </form>
  );
}

export function ModelsPage() {
  const busy = useSignal(""), problem = useSignal("");
  const take = useCallback((files: File[]) => {
    void (async () => {
      problem.value = "";
      for (const file of files) {
        busy.value = file.name;
        try {
          const answer = await api.import_model(file);
          if ("kind" in answer) take_job(answer as Job);
          await models.load();
          announcement.value = t("models.imported", { name: file.name });
        } catch (error) {
          problem.value = t("drop.failed", { name: file.name, reason: error_text(error) });
        }
      }
      busy.value = "";
    })();
  }, []);
  useDroppedFiles(take);
  return (
    <div class={dragging.value ? "models dragging" : "models"}>
      <PageHead title={t("models.title")} lead={t("models.lead")}>
        <FileButton label={t("models.import")} accept=".pth,.pt,.safetensors" onFiles={take} />
        <p class="hint">{t("models.import_hint")}</p>
        {busy.value && <p class="note" role="status">{t("models.importing", { name: busy.value })}</p>}
        {problem.value && <Problem text={problem.value} />}
      </PageHead>
      <Listed list={models}>
        {() => (
          <>
            <ul class="model-wall">{(styles.value ?? []).map((m) => <ModelCard key={m.id} model={m} />)}</ul>
            {(styles.value ?? []).length > 1 && <Mixing all={styles.value!} />}
          </>
        )}
      </Listed>
    </div>
  );
}

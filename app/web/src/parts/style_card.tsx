// SPDX-License-Identifier: Apache-2.0
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../api/client";
import type { Model } from "../api/types";
import { t } from "../i18n";
import { sample_turns } from "../state/stylise";
import { model_title } from "../state/studio";

function Sample({ src, class: name }: { src: string; class?: string }) {
  const has_turn = useSignal(false), failed = useSignal(false), leave = useRef(() => {});
  useEffect(() => {
    leave.current = sample_turns.join(() => (has_turn.value = true));
    return () => leave.current();
  }, [src]);
  if (!has_turn.value || failed.value) return null;
  const over = (event: Event) => {
    failed.value = event.type === "error";
    leave.current();
  };
  return <img class={name} src={src} alt="" width="320" height="214" onLoad={over} onError={over} />;
}

/** Before and after of one model; the photograph wipes in under the pointer or the focus. */
export function StylePicture({ model }: { model: Model }) {
  return (
    <span class="style-picture">
      <Sample src={api.card_url(model.id, "after")} />
      <Sample class="was" src={api.card_url(model.id, "before")} />
    </span>
  );
}

interface StyleCardProps {
  model: Model;
  chosen: boolean;
  can_mix: boolean;
  can_leave: boolean;
  choose: () => void;
  mix: () => void;
  leave: () => void;
}

export function StyleCard({ model, chosen, can_mix, can_leave, choose, mix, leave }: StyleCardProps) {
  const name = model_title(model);
  return (
    <li class="style-card">
      <button class="style-choice" aria-pressed={chosen} onClick={choose}>
        <StylePicture model={model} />
        <span class="style-name">{name}</span>
      </button>
      {!chosen && can_mix && (
        <button class="mix" aria-label={t("stylise.add_to_blend", { name })} title={t("stylise.add_to_blend", { name })}
          onClick={mix}>+</button>
      )}
      {chosen && can_leave && (
        <button class="mix" aria-label={t("stylise.remove_from_blend", { name })}
          title={t("stylise.remove_from_blend", { name })} onClick={leave}>−</button>
      )}
    </li>
  );
}

// SPDX-License-Identifier: Apache-2.0
// A sentence of choices becomes an expectation on record.
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { directions, hypothesis_toml, measures, type Hypothesis } from "../state/preregistration";

function Choice<T extends string>({ label, value, from, name, set }: {
  label: string; value: T; from: readonly T[]; name: (one: T) => string; set: (one: T) => void;
}) {
  return (
    <label>
      <span>{label}</span>
      <select value={value} onChange={(e) => set(e.currentTarget.value as T)}>
        {from.map((one) => <option key={one} value={one}>{name(one)}</option>)}
      </select>
    </label>
  );
}

export function Expectation({ groups, add }: { groups: readonly string[]; add: (toml: string) => void }) {
  const draft = useSignal<Hypothesis>({ descriptor: measures[0], first: "", second: "", direction: "higher" });
  const second = groups.includes(draft.value.second) ? draft.value.second : groups[0]!;
  const others = groups.filter((group) => group !== second);
  const first = others.includes(draft.value.first) ? draft.value.first : others[0]!;
  const set = (change: Partial<Hypothesis>) => (draft.value = { ...draft.value, second, first, ...change });
  return (
    <div class="expectation" role="group" aria-label={t("cultures.expect")}>
      <Choice label={t("cultures.expect_in")} value={second} from={groups} name={String} set={(one) => set({ second: one })} />
      <Choice label={t("cultures.expect_measure")} value={draft.value.descriptor} from={measures} name={(one) => t(`measure.${one}`)}
        set={(descriptor) => set({ descriptor })} />
      <Choice label={t("cultures.expect_direction")} value={draft.value.direction} from={directions} name={(one) => t(`direction.${one}`)}
        set={(direction) => set({ direction })} />
      <Choice label={t("cultures.expect_than")} value={first} from={others} name={String} set={(one) => set({ first: one })} />
      <button type="button" onClick={() => add(hypothesis_toml({ ...draft.value, first, second }))}>{t("cultures.expect_add")}</button>
    </div>
  );
}

// SPDX-License-Identifier: Apache-2.0
// What `linmo compare --preregistration` reads (docs/compare.md), put together for those who do not write TOML.
import type { CollectionDetail } from "../api/types";

/** Measures that say something without a formula; docs/descriptors.md has all that may be named. */
export const measures = [
  "lab_l", "rms_contrast", "chroma_sd", "hue_concentration", "void_share", "gradation", "edge_density", "stroke_width",
  "mirror_correlation_lr",
] as const;
export const directions = ["higher", "lower", "different", "equivalent"] as const;

export interface Hypothesis {
  descriptor: (typeof measures)[number];
  first: string;
  second: string;
  /** Of the second over the first. */
  direction: (typeof directions)[number];
}

/** A block of the file. JSON's texts are TOML's too. */
export function hypothesis_toml({ descriptor, first, second, direction }: Hypothesis): string {
  const text = JSON.stringify;
  return `[[hypothesis]]\ndescriptor = ${text(descriptor)}\nfirst = ${text(first)}\nsecond = ${text(second)}\n`
    + `direction = ${text(direction)}\n`;
}

/** What a comparison calls its collections: by the one culture that all works of one have, where no other has it. */
export function group_names(collections: readonly CollectionDetail[]): string[] {
  const cultures = collections.map(({ works, facets }) => {
    const values = facets.find((f) => f.field === "culture")?.values ?? [];
    return values.length === 1 && values[0]!.count === works ? values[0]!.value : "";
  });
  return collections.map(({ name }, i) => {
    const own = cultures[i]!;
    return own && cultures.filter((other) => other === own).length === 1 ? own : name;
  });
}

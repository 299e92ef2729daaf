#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demo: demo/run.sh BUILD_DIR [--time FACTOR]. Trains two generators on pictures that Debian packages
# carry, applies them to pictures that they have not seen, scores the one that has a truth to be compared with,
# and writes build/demo/index.html. FACTOR stretches or shrinks both training times (0.1: a quick look).
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=${1:?usage: demo/run.sh BUILD_DIR [--time FACTOR]}
factor=1
if [[ ${2:-} == --time ]]; then factor=${3:?--time takes a factor}; fi
linmo=$build/linmo
out=build/demo
started=$SECONDS
print=/usr/share/fonts/truetype/arphic/uming.ttc
kouzan=/usr/share/fonts/truetype/kouzan-mouhitsu/kouzan-mouhitsu.ttf
backgrounds=/usr/share/backgrounds
# Painted story pictures of the game's campaign, by its artists; GPL-2+ as the package's copyright file says.
paintings_package=wesnoth-1.16-trow
held_out=(picosdeeuropa_by_Aitzol_Berasategi sunset_by_Aitzol_Berasategi friends_by_Aitzol_Berasategi
  seeding_by_Clements_Engelhardt)
learnt_from=(Bridge_by_Sander_Klootwijk Dragonfly_by_Bolly Kleiber_by_Lukas_Baubkus Picture_0B_by_freespace
  Picture_1A_by_freespace Wine_by_Jakkub_Mede aitzgorri_by_Aitzol_Berasategi free_by_Peter_Nerlich
  greentock_by_Peter_Nerlich life_by_Aitzol_Berasategi)

# step WHAT COMMAND…: says what happens, runs it, and remembers it with its time for the page.
step() {
  local what=$1 begin=$SECONDS
  shift
  printf '\n== %s\n   %s\n' "$what" "$*"
  "$@"
  printf '%s\t%s\t%s\n' "$what" "$((SECONDS - begin))" "$*" >>"$out/steps.tsv"
}

# The recipe's time, stretched.
stretched() { awk -v f="$factor" -F'"' '/^time = / { t = $2; s = t ~ /m$/ ? t * 60 : t ~ /h$/ ? t * 3600 : t + 0; printf "%ds", s * f }' "$1"; }

# Unpaired for certain: the odd characters of the print, the even ones of the brush.
keep_every_other() {
  local i=0 file
  for file in "$1"/*.png; do
    if ((i++ % 2 == $2)); then rm "$file"; fi
  done
}

# A game package whose pictures are wanted, not the game: downloaded and unpacked here, not installed.
fetch_paintings() {
  local deb
  if compgen -G "$out/paintings/*.jpg" >/dev/null; then return; fi
  mkdir -p "$out/download" "$out/paintings"
  (cd "$out/download" && apt-get -qq -o APT::Sandbox::User=root download "$paintings_package")
  deb=("$out/download/$paintings_package"_*.deb)
  dpkg-deb -x "${deb[0]}" "$out/download/unpacked"
  find "$out/download/unpacked" -path '*/images/story/*' -name '*.jpg' -exec cp {} "$out/paintings/" \;
  cp "$out/download/unpacked/usr/share/doc/$paintings_package/copyright" "$out/paintings/copyright.txt"
  rm -rf "$out/download"
}

bundled=(photo-to-chinese-landscape photo-to-ukiyoe photo-to-impressionism)

choose_photographs() {
  mkdir -p "$out/photographs" "$out/photographs_test"
  local name
  for name in "${learnt_from[@]}"; do cp "$backgrounds/$name.jpg" "$out/photographs/"; done
  for name in "${held_out[@]}"; do cp "$backgrounds/$name.jpg" "$out/photographs_test/"; done
}

# A white PNG of 64 × 64 for each of the held-out characters.
empty_pages() {
  local file
  rm -rf "$out/empty_pages"
  mkdir "$out/empty_pages"
  for file in "$out/glyphs/kouzan_test"/*.png; do
    base64 -d >"$out/empty_pages/$(basename "$file")" <<<'iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4CAAAAKUlEQVR42u3MQREAAAwCIPuX1hD77SAA6VEEAoFAIBAIBAKBQCAQfA8Gpwvw4qrwDDIAAAAASUVORK5CYII='
  done
}

print_to_brush() {
  rm -rf "$out/glyphs" "$out/brush" "$out/brush_written"
  step "Render 2,000 characters of a printed and of a brush font; 64 are held out" \
    "$linmo" glyphs "$print" "$kouzan" -o "$out/glyphs" --characters U+4E00-9FFF --size 64 --limit 2064 --split 64 --seed 1
  mv "$out/glyphs/kouzan-mouhitsu" "$out/glyphs/kouzan"
  mv "$out/glyphs/kouzan-mouhitsu_test" "$out/glyphs/kouzan_test"
  keep_every_other "$out/glyphs/uming" 1
  keep_every_other "$out/glyphs/kouzan" 0
  step "Train print → brush, without pairs" \
    "$linmo" train --recipe recipes/print-to-brush.toml --time "$(stretched recipes/print-to-brush.toml)" \
    --content "$out/glyphs/uming" --style "$out/glyphs/kouzan" --test "$out/glyphs/uming_test" -o "$out/brush"
  step "Write the held-out characters" \
    "$linmo" apply "$out/brush" "$out/glyphs/uming_test" -o "$out/brush_written"
  step "Score them, and the print itself, against the calligrapher's own" \
    "$linmo" evaluate --outputs "$out/brush_written" --truth "$out/glyphs/kouzan_test" --content "$out/glyphs/uming_test" \
    --json "$out/brush.json"
  empty_pages
  step "Score empty pages, to know what these measures are worth" \
    "$linmo" evaluate --outputs "$out/empty_pages" --truth "$out/glyphs/kouzan_test" --json "$out/empty_page.json"
}

photo_to_painting() {
  rm -rf "$out/painter" "$out/painted" "$out/photographs" "$out/photographs_test"
  step "Fetch 19 painted pictures from Debian's $paintings_package" fetch_paintings
  choose_photographs
  step "Train photograph → painting" \
    "$linmo" train --recipe recipes/photo-to-painting.toml --time "$(stretched recipes/photo-to-painting.toml)" \
    --content "$out/photographs" --style "$out/paintings" --test "$out/photographs_test" -o "$out/painter"
  step "Paint the held-out photographs" \
    "$linmo" apply "$out/painter" "$out/photographs_test" -o "$out/painted" --max-side 1024 --format jpg
  local model
  for model in "${bundled[@]}"; do
    rm -rf "$out/$model"
    step "Paint them with $model, which comes with linmo" \
      "$linmo" apply "models/$model.safetensors" "$out/photographs_test" -o "$out/$model" --max-side 1024 --format jpg
  done
}

trap 'printf "\nThe demo did not end well (above). ./run demo begins again.\n" >&2' ERR
trap 'printf "\nStopped. ./run demo begins again.\n" >&2; exit 130' INT
mkdir -p "$out"
rm -f "$out/steps.tsv"
print_to_brush
photo_to_painting
step "Compare the brush writing of China, Japan and Korea" bash demo/calligraphy.sh "$(dirname "$linmo")"
demo_seconds=$((SECONDS - started)) bash demo/page.sh "$out" >"$out/index.html.new"
mv "$out/index.html.new" "$out/index.html"

cat <<TEXT

Done in $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s.
  page       $PWD/$out/index.html
  brush      $PWD/$out/brush_written/  from  $PWD/$out/glyphs/uming_test/
  paintings  $PWD/$out/painted/  from  $PWD/$out/photographs_test/
  comparison $PWD/$out/calligraphy/study/report.html
  models     $PWD/$out/brush/model.safetensors, $PWD/$out/painter/model.safetensors
Open the page with:  xdg-open '$PWD/$out/index.html'
TEXT

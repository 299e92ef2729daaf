#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Brush writing of China, Japan and Korea: demo/calligraphy.sh BUILD_DIR. The same 80 characters in six hands, from
# Debian's fonts, described and compared; the report is build/demo/calligraphy/study/report.html. Two or three minutes.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

linmo=$(realpath "${1:?usage: demo/calligraphy.sh BUILD_DIR}")/linmo
out=build/demo/calligraphy
fonts=/usr/share/fonts/truetype
# culture | file | hand | package | licence, as the package's copyright file says
hands=(
  "中国 China|$fonts/arphic/ukai.ttc:0|AR PL UKai|fonts-arphic-ukai|Arphic Public License"
  "中国 China|$fonts/cns11643/TW-Kai-98_1.ttf|TW-Kai|fonts-cns11643-kai|OGDL-TW-1.0"
  "日本 Japan|$fonts/kouzan-mouhitsu/kouzan-mouhitsu.ttf|Kouzan Mouhitsu|fonts-kouzan-mouhitsu|public domain"
  "日本 Japan|$fonts/aoyagi-kouzan-t/AoyagiKouzanT.ttf|Aoyagi Kouzan T|fonts-aoyagi-kouzan-t|public domain"
  "日本 Japan|$fonts/aoyagi-soseki/aoyagi-soseki.ttf|Aoyagi Soseki|fonts-aoyagi-soseki|public domain"
  "한국 Korea|$fonts/unfonts-core/UnGungseo.ttf|Un Gungseo|fonts-unfonts-core|GPL-2"
)

files=()
missing=()
for hand in "${hands[@]}"; do
  IFS='|' read -r _ file _ package _ <<<"$hand"
  if [[ ! -e ${file%:[0-9]} ]]; then missing+=("$package"); fi
  files+=("$file")
done
if ((${#missing[@]})); then
  echo "apt-get install ${missing[*]}    # then again" >&2
  exit 1
fi

rm -rf "$out/glyphs"
mkdir -p "$out"
"$linmo" glyphs "${files[@]}" -o "$out/glyphs" --characters U+4E00-9FFF --size 256 --limit 80 --seed 1
echo "file,culture,artist,title,source,genre,licence" >"$out/glyphs/metadata.csv"
for hand in "${hands[@]}"; do
  IFS='|' read -r culture file name package licence <<<"$hand"
  folder=$(basename "${file%:[0-9]}")
  folder=${folder%.*}
  for picture in "$out/glyphs/$folder"/*.png; do
    character=$(basename "$picture" .png)
    printf '%s/%s.png,%s,%s,%s,%s,brush writing,%s\n' \
      "$folder" "$character" "$culture" "$name" "${character#*_}" "$package" "$licence"
  done >>"$out/glyphs/metadata.csv"
done
"$linmo" describe "$out/glyphs" -o "$out/features.csv"
"$linmo" compare "$out/features.csv" --by culture --pictures "$out/glyphs" -o "$out/study"

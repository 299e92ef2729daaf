#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The example study of docs/study.md, from the pictures on: examples/study/run.sh DATA [OUT]
# DATA holds chinese_landscape/, japanese_ukiyoe/ with japanese_ukiyoe.landscapes.txt, european_impressionism/.
# LINMO names the program (build/release/linmo). About 15 minutes on one core.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=$(cd "${1:?the folder of the pictures}" && pwd)
out=${2:-build/study}
linmo=$(realpath "${LINMO:-build/release/linmo}")
mkdir -p "$out"
cd "$out"

# Copies with what is known of them. Titles and artists stand in the files' names; nothing else is on record.
mkdir -p pictures/{chinese,japanese,european}
cp "$data"/chinese_landscape/*.jpg pictures/chinese/
while read -r file; do
  # The list names some that are not in the folder.
  if [ -e "$data/japanese_ukiyoe/$file" ]; then cp "$data/japanese_ukiyoe/$file" pictures/japanese/; fi
done < "$data/japanese_ukiyoe.landscapes.txt"
# At most 60 of an artist, evenly along the alphabet, so that Pissarro (790) does not stand for all.
(cd "$data/european_impressionism" && ls) | LC_ALL=C sort | awk -F_ '{ n[$1]++; name[$1, n[$1]] = $0 }
  END { for (a in n) { k = n[a] < 60 ? n[a] : 60; for (i = 0; i < k; ++i) print name[a, int(i * n[a] / k) + 1] } }' |
  while read -r file; do cp "$data/european_impressionism/$file" pictures/european/; done

table() {  # table FOLDER CULTURE KIND
  (cd "pictures/$1" && ls) | grep '\.jpg$' | LC_ALL=C sort | awk -v culture="$2" -v kind="$3" '
    BEGIN { print "file,culture,artist,title,date,source,genre,licence" }
    { stem = substr($0, 1, length($0) - 4); artist = ""; title = stem; date = ""
      gsub(/"/, "\"\"", title)
      if (kind == "china") {
        met = stem ~ /^met_/
        printf "\"%s\",%s,,%s,,%s,landscape,%s\n", $0, culture, title,
          met ? "The Metropolitan Museum of Art" : "Harvard Art Museums", met ? "CC0 1.0" : "terms of the museum"
        next
      }
      at = index(title, "_"); artist = substr(title, 1, at - 1); title = substr(title, at + 1)
      if (match(title, /-1[5-9][0-9][0-9](-[0-9])?$/)) date = substr(title, RSTART + 1, 4)
      gsub(/-/, " ", artist); gsub(/-/, " ", title)
      words = split(artist, word, " "); artist = ""
      for (i = 1; i <= words; ++i) artist = artist (i > 1 ? " " : "") toupper(substr(word[i], 1, 1)) substr(word[i], 2)
      # Zorn painted people, many unclothed: counted, but not for a page that schools may open.
      printf "\"%s\",%s,\"%s\",\"%s\",%s,WikiArt,%s,%s\n", $0, culture, artist, title, date,
        kind == "japan" ? "landscape" : "", artist ~ /Zorn/ ? "not to be shown here" : "public domain" }' > "pictures/$1/metadata.csv"
}
table chinese "中国 China" china
table japanese "日本 Japan" japan
table european Europe europe

# All at 224 px: the Japanese and European files have no more, and enlarging or unequal sizes would be measured as
# style. The second study leaves the sizes as they are, to show what that does.
for set in chinese japanese european; do
  "$linmo" describe "pictures/$set" --size 224 -o "$set.csv"
  "$linmo" describe "pictures/$set" -o "$set-native.csv"
done
"$linmo" compare chinese.csv japanese.csv european.csv --pictures pictures \
  --preregistration "$here/hypotheses.toml" -o study
"$linmo" compare chinese-native.csv japanese-native.csv european-native.csv --pictures pictures \
  --preregistration "$here/hypotheses.toml" -o native
# One culture, two museums: what differs here is not culture.
"$linmo" compare chinese.csv --by source --cluster unit -o museums

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes the demo's page to standard output: demo/page.sh FOLDER, where FOLDER is what demo/run.sh filled. The
# page names its pictures relative to FOLDER.
set -euo pipefail
out=$1
here=$(dirname "${BASH_SOURCE[0]}")

escape() { sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'; }
# Paths with spaces or characters outside ASCII are fine in src=""; only quotes and percent signs are not.
src() { printf '%s' "$1" | sed 's/%/%25/g; s/"/%22/g; s/#/%23/g; s/?/%3F/g'; }
# score FILE FIELD KEY: what linmo evaluate wrote of KEY against the truth: of the outputs ("value") or of the input.
score() {
  awk -v field="$2" -v key="$3" '
    { gsub(/[",]/, "") }
    $1 == "{" { delete have }
    $1 ~ /:$/ { have[substr($1, 1, length($1) - 1)] = $2 }
    $1 == "}" && have["key"] == key && have["against"] == "truth" { printf "%.4f", have[field]; exit }' "$out/$1"
}
minutes() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }
# At most COUNT of a folder's pictures, evenly chosen, the first and the last among them.
some() { find "$2" -maxdepth 1 -name "$3" | sort | awk -v n="$1" '{ f[NR] = $0 } END { if (NR < n) n = NR; for (i = 0; i < n; ++i) { k = n < 2 ? NR : 1 + int(i * (NR - 1) / (n - 1)); print f[k] } }'; }
relative() { printf '%s' "${1#"$out"/}"; }

score_row() { # TITLE FILE FIELD
  printf '<tr><td>%s</td>' "$1"
  for key in ssim_luma l1 psnr; do printf '<td class="number">%s</td>' "$(score "$2" "$3" "$key")"; done
  printf '</tr>\n'
}

learning() { # RUN CLASS
  local file step
  printf '<div class="strip %s">\n' "$2"
  while read -r file; do
    step=$(basename "$file" .png | grep -oE '[0-9]+' | tail -1 | sed 's/^0*\(.\)/\1/')
    printf '<figure><img src="%s" alt="" loading="lazy"><figcaption>step %s</figcaption></figure>\n' "$(src "$(relative "$file")")" "$step"
  done < <(some 8 "$out/$1/samples" '*.png')
  printf '</div>\n'
}

cat <<HTML
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>linmo: the demo</title><style>
$(cat "$here/style.css")
</style></head><body>
<h1>临摹 <span>linmo: what this machine learnt in $(minutes "${demo_seconds:-0}")</span></h1>
<p>Two generators were trained here, on $(nproc) processor cores ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1 | escape)),
from pictures that Debian packages carry. Neither had seen the pictures that it is shown on.</p>

<h2>Print becomes brush</h2>
<p>A generator saw $(find "$out/glyphs/uming" -name '*.png' | wc -l) printed characters (AR PL UMing) and
$(find "$out/glyphs/kouzan" -name '*.png' | wc -l) <em>other</em> characters of a calligrapher (Kouzan Mouhitsu):
no character was in both folders, so nothing told it what the right answer looks like.
Then it wrote characters that it had never seen, and those are compared with the calligrapher's own.</p>
<p class="key"><span>left: print (input)</span><span>middle: linmo</span><span>right: the calligrapher (never shown to it)</span></p>
<div class="glyphs">
HTML
while read -r file; do
  name=$(basename "$file")
  printf '<figure>'
  for picture in "$file" "$out/brush_written/$name" "$out/glyphs/kouzan_test/$name"; do
    printf '<img src="%s" alt="" loading="lazy">' "$(src "$(relative "$picture")")"
  done
  printf '</figure>\n'
done < <(some 30 "$out/glyphs/uming_test" '*.png')
cat <<HTML
</div>
<h3>Scores on the $(find "$out/glyphs/uming_test" -name '*.png' | wc -l) held-out characters, against the calligrapher's</h3>
<table><tr><th></th><th class="number">SSIM (higher is nearer)</th><th class="number">L1 (lower is nearer)</th><th class="number">PSNR [dB]</th></tr>
$(score_row "print as it is" brush.json input)
$(score_row "written by linmo" brush.json value)
$(score_row "an empty page" empty_page.json value)
</table>
<p>These measures compare pixel by pixel: a stroke that lies beside the calligrapher's costs twice what no stroke
costs, which is why an empty page does well. They show whether the strokes came nearer, not whether they are good.</p>
<h3>Learning over time</h3>
$(learning brush wide)
<p>The whole run: <a href="brush/report.html">brush/report.html</a>.</p>

<h2>Photographs become paintings</h2>
<p>$(find "$out/photographs" -type f | wc -l) wallpaper photographs and $(find "$out/paintings" -name '*.jpg' | wc -l) painted story pictures
of the game The Battle for Wesnoth (licence: <a href="paintings/copyright.txt">paintings/copyright.txt</a>).
A few minutes and a few dozen pictures are little for this; what shows is the direction in which it moves. Beside it
the models that come with linmo, trained for 12 to 26 minutes on one processor core from works in the public domain
(their contents had two of these four photographs among them).</p>
HTML
while read -r file; do
  name=$(basename "$file")
  printf '<div class="pairs"><figure><img src="%s" alt="" loading="lazy"><figcaption>before: %s</figcaption></figure>' \
    "$(src "$(relative "$file")")" "$(printf '%s' "${name%.*}" | tr _ ' ' | escape)"
  printf '<figure><img src="%s" alt="" loading="lazy"><figcaption>after these minutes</figcaption></figure>' "$(src "painted/$name")"
  for model in photo-to-chinese-landscape photo-to-ukiyoe photo-to-impressionism; do
    if [[ -e $out/$model/$name ]]; then
      printf '<figure><img src="%s" alt="" loading="lazy"><figcaption>%s</figcaption></figure>' "$(src "$model/$name")" "$model"
    fi
  done
  printf '</div>\n'
done < <(some 8 "$out/photographs_test" '*.jpg')
cat <<HTML
<h3>Some of the paintings it learnt from</h3>
<div class="strip">
HTML
while read -r file; do
  printf '<img src="%s" alt="" loading="lazy">\n' "$(src "$(relative "$file")")"
done < <(some 6 "$out/paintings" '*.jpg')
cat <<HTML
</div>
<h3>Learning over time</h3>
$(learning painter wide)
<p>The whole run: <a href="painter/report.html">painter/report.html</a>.</p>

<h2>Three countries' brush writing, compared</h2>
<p>The same 80 characters in six hands from Debian's fonts: <a href="calligraphy/study/report.html">what differs, and what so
few hands cannot tell</a> (English, 中文, 日本語), and <a href="calligraphy/study/map.html">a map of all the characters</a>.</p>
<img class="figure" src="calligraphy/study/figures/pca.svg" alt="The characters on their two principal components" loading="lazy">

<h2>The commands, and what they took</h2>
<table><tr><th>step</th><th class="number">seconds</th></tr>
$(escape <"$out/steps.tsv" | awk -F'\t' '{ printf "<tr><td>%s</td><td class=\"number\">%s</td></tr>\n", $1, $2 }')
</table>
<pre>$(cut -f3 "$out/steps.tsv" | grep -v '^fetch_' | escape)</pre>
<p>Photographs: Debian packages lomiri-wallpapers-16.04 and lomiri-wallpapers-20.04, by the people in their names (licences in
/usr/share/doc/lomiri-wallpapers-16.04/copyright and -20.04). Fonts: fonts-arphic-uming, fonts-kouzan-mouhitsu.</p>
</body></html>
HTML

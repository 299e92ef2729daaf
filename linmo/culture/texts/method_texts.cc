// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/texts/texts.h"

namespace linmo::culture {
namespace {

constexpr Text kMethodTexts[] = {
    {"method.describe",
     "Each picture was brought to sRGB and upright, reduced (never enlarged) to one pixel budget, freed of "
     "mounts where "
     "they were found, and described by {n} numbers (linmo {version}): {style} of style, {nuisance} of file "
     "and scan, which "
     "are never counted as style.",
     "每幅图像转为 sRGB 并校正方向，缩小（从不放大）至统一像素预算，去除所发现的装裱，以 {n} 个数描述（linmo "
     "{version}）：风格 "
     "{style} 项；文件与扫描 {nuisance} 项，后者从不计为风格。",
     "各図版は sRGB・正立に直し、画素数の上限まで縮小し（拡大はしない）、見つかった表装を除いて、{n} "
     "の数値で記述した（linmo {version}）："
     "様式 {style}、ファイルと撮影 {nuisance}。後者は様式に数えない。"},
    {"method.unit",
     "The observation was the {unit}; works of one {cluster} were resampled and permuted together, because "
     "they are not "
     "independent. Groups: {groups}.",
     "观测单位：{unit}；同一 {cluster} 的作品整体重抽样、整体置换，因其并不独立。各组：{groups}。",
     "観測の単位は {unit}。同じ {cluster} "
     "の作品は独立でないため、まとめて再標本・並べ替えした。群：{groups}。"},
    {"method.strata", "Comparisons and permutations were made within {strata} only.",
     "比较与置换仅在 {strata} 之内进行。", "比較と並べ替えは {strata} の内でのみ行った。"},
    {"method.no_strata", "No strata were used.", "未分层。", "層別はしていない。"},
    {"method.effects",
     "Effects are Cliff's delta and the Hodges–Lehmann shift in each measure's own unit, with {level} "
     "{interval} intervals "
     "from {bootstrap} cluster bootstrap samples; p values from {permutations} restricted permutations, "
     "adjusted by Benjamini "
     "and Hochberg within each family of measures (q) and by max-T over all of them.",
     "效应为 Cliff's delta 与各度量原单位的 Hodges–Lehmann 位移，{level} {interval} 区间来自 {bootstrap} "
     "次整群自助抽样；p 值来自 "
     "{permutations} 次受限置换，按 Benjamini–Hochberg 在每类度量内校正（q），并以 max-T 对全部校正。",
     "効果は Cliff のデルタと、各尺度の単位での Hodges–Lehmann 推定量。{level} {interval} 区間は {bootstrap} "
     "回のクラスター・ブート"
     "ストラップによる。p は {permutations} 回の制約付き並べ替えにより、尺度の各系統内で "
     "Benjamini–Hochberg（q）、全体で max-T により補正した。"},
    {"method.verdicts",
     "“Different” means q ≤ {alpha}; “equivalent” that two one-sided tests place delta within ±{margin}; all "
     "else is “cannot "
     "tell”.",
     "“有差异”指 q ≤ {alpha}；“等同”指双单侧检验将 delta 置于 ±{margin} 之内；其余为“无法判断”。",
     "「差がある」は q ≤ {alpha}、「同等」は二つの片側検定でデルタが ±{margin} "
     "以内と示されたこと、その他は「判断できない」。"},
    {"method.multi",
     "{core} little correlated core measures in robust standard deviations went into the energy distance, "
     "the Fréchet distance, "
     "PERMANOVA with PERMDISP ({permutations} permutations), variation partitioning, principal components "
     "and a ridge classifier "
     "with {folds} folds that keep artists whole. Seed {seed}.",
     "{core} 项彼此相关较弱的核心度量（以稳健标准差计）用于能量距离、Fréchet 距离、PERMANOVA 与 "
     "PERMDISP（{permutations} 次置换）、"
     "变异分解、主成分以及以艺术家为整体的 {folds} 折岭分类器。随机种子 {seed}。",
     "相関の低い中核尺度 {core}（ロバスト標準偏差単位）を、エネルギー距離、Fréchet 距離、PERMANOVA と "
     "PERMDISP（並べ替え {permutations} "
     "回）、変動分割、主成分、作者をまとめた {folds} 分割のリッジ分類器に用いた。乱数の種 {seed}。"},
    {"method.preregistered", "Hypotheses were stated in a file (SHA-256 {hash}); all else is exploratory.",
     "假设登记于文件（SHA-256 {hash}）；其余均为探索性。",
     "仮説はファイルに登録した（SHA-256 {hash}）。その他は探索的である。"},
    {"method.exploratory", "No hypothesis was stated beforehand: all of this is exploratory.",
     "未事先登记假设：全部结果均为探索性。", "事前に登録した仮説はなく、すべて探索的である。"},

    {"limit.collections",
     "These are statements about collections, not about cultures: what was made, kept, collected, "
     "photographed and chosen for "
     "these folders. Curators' choices can look like the history of art (Lee et al. 2020; Bode 2020).",
     "以下所言是馆藏而非文化：何者被创作、保存、收藏、拍摄并选入这些文件夹。策展选择可能貌似艺术史（Lee et "
     "al. 2020；Bode 2020）。",
     "ここで述べるのは文化ではなくコレクションについてである：何が作られ、残り、集められ、撮影され、選ばれた"
     "か。選択は美術史のように"
     "見えうる（Lee et al. 2020、Bode 2020）。"},
    {"limit.photograph",
     "A photograph is not the work: size, material, light and handling are gone. Colour differences below "
     "about ΔE 5 lie within the "
     "error of museum photography (Kirchner 2021).",
     "照片不是作品：尺寸、材质、光线、观看方式尽失。约 ΔE 5 以下的色差在博物馆摄影误差之内（Kirchner "
     "2021）。",
     "写真は作品ではない：大きさ、素材、光、扱いは失われている。ΔE 5 "
     "ほどまでの色差は美術館撮影の誤差の内にある（Kirchner 2021）。"},
    {"limit.fading", "Pigments fade, paper yellows, silk darkens; age and colour cannot be told apart here.",
     "颜料褪色、纸张泛黄、绢素变暗；此处无法区分年代与色彩。",
     "顔料は褪せ、紙は黄ばみ、絹は暗くなる。ここでは経年と色を区別できない。"},
    {"limit.labels",
     "Labels such as nation and period are those of the tables; workshops, export art, copies and travellers "
     "do not fit them.",
     "国别、时代等标签来自所给表格；作坊、外销画、摹本与旅居者未必契合。",
     "国や時代の区分は表のものであり、工房、輸出品、写し、渡った作者には当てはまらない。"},
    {"limit.resampling",
     "Measures of fine texture and entropy move with resampling, JPEG and noise as much as with style; see "
     "the reliability of each "
     "measure.",
     "细纹理与熵类度量受重采样、JPEG 与噪声的影响不亚于风格；参见各度量的可靠性。",
     "細かい肌理やエントロピーの尺度は、再標本化・JPEG・ノイズによっても様式と同じほど動く。各尺度の信頼性を"
     "参照。"},
    {"limit.numbers",
     "Numbers describe what can be counted on a surface. They say nothing of meaning, use, or worth.",
     "数字只描述画面上可计数者，不涉及意义、用途与价值。",
     "数値が述べるのは画面上で数えられることだけで、意味・用途・価値については何も言わない。"},
};

}  // namespace

std::span<const Text> method_texts() {
  return kMethodTexts;
}

}  // namespace linmo::culture

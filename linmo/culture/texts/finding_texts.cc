// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/texts/texts.h"

namespace linmo::culture {
namespace {

constexpr Text kFindingTexts[] = {
    {"w.one_source",
     "All works of {group} come from a single source ({source}). This study cannot tell a culture from the "
     "museum that collected, photographed and stored it: every difference below may be one of scanning, "
     "selection or mounting.",
     "{group} "
     "的作品全部出自同一来源（{source}"
     "）。本研究无法区分文化与收藏、拍摄、保存它的机构：下文每一处差异都可能源于"
     "扫描、选择或装裱。",
     "{group} "
     "の作品はすべて一つの出所（{source}"
     "）による。この研究では、文化と、それを収集・撮影・保存した機関とを区別できない。"
     "以下の差はすべて撮影・選択・表装によるものかもしれない。"},
    {"w.no_common_source",
     "No source has works of both {first} and {second}. Whatever differs between them may belong to the "
     "museums "
     "and their photographs as much as to the cultures; this study cannot tell which.",
     "没有任何来源同时藏有 {first} 与 {second} "
     "的作品。二者之间的差异既可能属于文化，也可能属于馆方及其照片；本研究无法分辨。",
     "{first} と {second} "
     "の両方をもつ出所がない。両者の差は文化だけでなく、館とその写真に由来するかもしれず、この研究では"
     "区別できない。"},
    {"w.sources_nested",
     "No source has works of two groups, so that differences between groups are also differences between "
     "sources; "
     "only what carries over to sources that were left out speaks for the groups.",
     "没有任何来源含两组作品，组间差异同时也是来源差异；只有在未用于训练的来源中仍成立的结果才能说明组的特点"
     "。",
     "二つの群の作品をもつ出所がないため、群の差は出所の差でもある。除外した出所でも成り立つことだけが群につ"
     "いて語る。"},
    {"w.few_clusters",
     "{group} has only {clusters} independent sets of works; intervals of so few are too narrow, and p "
     "cannot "
     "become small.",
     "{group} 只有 {clusters} 个相互独立的作品组；如此之少，区间会过窄，p 值也不可能很小。",
     "{group} には独立した作品のまとまりが {clusters} しかない。これほど少ないと区間は狭すぎ、p "
     "も小さくなりえない。"},
    {"w.few_units", "{group} has only {units} works; most differences between so few cannot be told.",
     "{group} 只有 {units} 件作品；如此之少，多数差异无法判断。",
     "{group} には {units} 作品しかなく、多くの差は判断できない。"},
    {"w.unknown_artists",
     "{without} of the {units} works of {group} have no artist's name; each is taken as independent of all "
     "others, "
     "which makes intervals too narrow where one hand made several.",
     "{group} 的 {units} 件作品中有 {without} 件无作者名，各自视为独立；若其中数件出自一人之手，区间会过窄。",
     "{group} の {units} 作品のうち {without} "
     "点は作者名がなく、それぞれ独立とみなした。一人の手による複数作があれば区間は狭すぎる。"},
    {"w.no_common_stratum",
     "{first} and {second} have no {strata} in common: they cannot be compared like with like.",
     "{first} 与 {second} 没有共同的 {strata}：无法同类相比。",
     "{first} と {second} には共通の {strata} がなく、同種どうしで比べられない。"},
    {"w.unknown_stratum",
     "{units} works have no value of {strata} and take no part in single descriptors' comparisons.",
     "{units} 件作品没有 {strata} 的值，不参与单项比较。",
     "{units} 作品は {strata} の値がなく、個別の比較に加わらない。"},
    {"w.no_group", "{pictures} pictures have no value of {by} and take no part.",
     "{pictures} 幅图像没有 {by} 的值，未参与。", "{pictures} 点の図版は {by} の値がなく、加わっていない。"},
    {"w.not_described", "{pictures} pictures of {group} could not be read; they are listed in the datasheet.",
     "{group} 有 {pictures} 幅图像无法读取；见数据说明。",
     "{group} の図版 {pictures} 点が読めなかった。データシートに記す。"},
    {"w.skipped_descriptor",
     "{descriptor}: missing for more than a fifth of the works or the same for all; it takes no part in what "
     "looks at "
     "all measures together.",
     "{descriptor}：超过五分之一的作品缺此项，或全部相同；不参与综合分析。",
     "{descriptor}"
     "：五分の一を超える作品で欠けているか、すべて同じ値であり、全尺度をまとめた分析には加えない。"},

    {"open.pair",
     "{first} and {second}: of {n} measures of style, {different} differ, {equivalent} are shown to be "
     "practically "
     "equal, and for {unknown} this study cannot tell.",
     "{first} 与 {second}：{n} 项风格度量中，{different} 项有差异，{equivalent} 项证明实际等同，{unknown} "
     "项本研究无法判断。",
     "{first} と {second}：様式の {n} 尺度のうち、{different} は差があり、{equivalent} "
     "は実質的に同じと示され、{unknown} はこの研究"
     "では判断できない。"},
    {"open.strongest", "Most clearly: {list}.", "最明显者：{list}。", "最も明瞭なもの：{list}。"},
    {"open.more", "{descriptor} is higher in {group}", "{descriptor}以 {group} 为高",
     "{descriptor}は {group} が高い"},
    {"open.list", "{a}; {b}", "{a}；{b}", "{a}；{b}"},
    {"open.scan",
     "But the files alone (size, JPEG, noise, casts; nothing of style) already give the collection away: "
     "shown one "
     "work of each, a classifier names them rightly in {auc} of 100 cases. Differences of style may partly "
     "be "
     "differences of scanning.",
     "但仅凭文件本身（尺寸、JPEG、噪声、色偏，与风格无关）即可认出馆藏：各取一件，分类器 100 次中有 {auc} "
     "次判断正确。风格差异"
     "可能部分是扫描差异。",
     "ただしファイルだけ（寸法・JPEG・ノイズ・色かぶり、様式ではない）でもコレクションが分かる：一点ずつ示す"
     "と分類器は 100 回中 "
     "{auc} 回正しく言い当てる。様式の差の一部は撮影の差かもしれない。"},
    {"open.scan_none",
     "The files alone (size, JPEG, noise, casts) hardly give the collection away ({auc} of 100 cases, where "
     "guessing "
     "gives 50).",
     "仅凭文件本身（尺寸、JPEG、噪声、色偏）几乎认不出馆藏（100 次中 {auc} 次，猜测为 50）。",
     "ファイルだけ（寸法・JPEG・ノイズ・色かぶり）からはコレクションはほとんど分からない（100 回中 {auc} "
     "回、当て推量は 50）。"},
    {"open.scan_chance",
     "The files alone (size, JPEG, noise, casts) name the collection in {auc} of 100 cases; with so few "
     "independent works "
     "that may be chance (p {p}).",
     "仅凭文件（尺寸、JPEG、噪声、色偏），100 次中 {auc} 次能认出馆藏；独立作品太少，这可能出于偶然（p "
     "{p}）。",
     "ファイルだけ（寸法・JPEG・ノイズ・色かぶり）で 100 回中 {auc} "
     "回コレクションを言い当てるが、独立した作品が少なく、偶然かもしれない"
     "（p {p}）。"},
    {"open.chance", "With so few independent works, that may be chance (p {p}).",
     "独立作品太少，这可能出于偶然（p {p}）。", "独立した作品が少なく、偶然かもしれない（p {p}）。"},
    {"open.left_out",
     "In museums that it has never seen, a classifier tells the two apart by style in {auc} of 100 cases "
     "[{low}, {high}]; guessing gives 50. This is the figure that speaks for more than the museums.",
     "在从未见过的馆藏中，分类器仅凭风格区分二者，100 次中 {auc} 次正确 [{low}, {high}]；猜测为 "
     "50。只有这一数字超出馆方因素。",
     "見たことのない館の作品でも、分類器は様式から 100 回中 {auc} 回 [{low}, {high}] "
     "両者を区別する（当て推量は 50）。館を越えて"
     "語るのはこの数字である。"},
    {"open.left_out_not",
     "Whether the differences would carry over to another museum could not be tested: that takes two sources "
     "in each "
     "collection.",
     "差异能否推及其他馆藏，无法检验：这要求每组至少有两个来源。",
     "差が他の館にも当てはまるかは検証できなかった。各群に二つ以上の出所が要る。"},
    {"open.style", "From style, without what the files explain, it is {auc} of 100 [{low}, {high}].",
     "扣除文件所能解释的部分后，仅凭风格为 100 次中 {auc} 次 [{low}, {high}]。",
     "ファイルで説明できる分を除いた様式だけでは 100 回中 {auc} 回 [{low}, {high}]。"},

    {"open.style_none",
     "Without what the files explain, style no longer tells them apart: {auc} of 100 [{low}, {high}], where "
     "guessing gives 50.",
     "扣除文件所能解释的部分后，仅凭风格已无法区分：100 次中 {auc} 次 [{low}, {high}]，猜测为 50。",
     "ファイルで説明できる分を除くと、様式だけではもう区別できない：100 回中 {auc} 回 [{low}, "
     "{high}]（当て推量は 50）。"},
    {"find.head", "{descriptor}: higher in {high}", "{descriptor}：{high} 较高",
     "{descriptor}：{high} が高い"},
    {"find.body",
     "Works of {high} are typically {shift} above works of {low} [{shift_low} to {shift_high}]. Drawn by "
     "lot, a work "
     "of {high} exceeds a work of {low} in {superiority} of 100 cases. This is a {size} effect (δ {delta} "
     "[{delta_low}, "
     "{delta_high}], q {q}); the two collections overlap by {overlap}.",
     "{high} 的作品通常比 {low} 高 {shift}［{shift_low} 至 {shift_high}］。随机各取一件，{high} 高于 {low} "
     "的情形 100 次中有 "
     "{superiority} 次。效应{size}（δ {delta} [{delta_low}, {delta_high}]，q {q}）；两组重叠 {overlap}。",
     "{high} の作品は {low} より通常 {shift} 高い［{shift_low}〜{shift_high}］。無作為に一点ずつ選ぶと、100 "
     "回中 {superiority} 回 "
     "{high} が上回る。効果は{size}（δ {delta} [{delta_low}, {delta_high}]、q {q}）。二つの分布は {overlap} "
     "重なる。"},
    {"find.medians", "Medians: {first} {a}, {second} {b}.", "中位数：{first} {a}，{second} {b}。",
     "中央値：{first} {a}、{second} {b}。"},
    {"find.fragile",
     "With care: this measure also moves with {cause} (rank correlation with the unchanged picture {rank}).",
     "须谨慎：此度量也随{cause}变动（与原图的秩相关 {rank}）。",
     "注意：この尺度は{cause}でも動く（元の図版との順位相関 {rank}）。"},
    {"cause.resize", "the size of the file", "文件尺寸", "ファイルの寸法"},
    {"cause.jpeg", "JPEG compression", "JPEG 压缩", "JPEG 圧縮"},
    {"cause.noise", "the noise of the scan", "扫描噪声", "撮影のノイズ"},
    {"cause.crop", "cropping", "裁切", "切り抜き"},
    {"size.negligible", "negligible", "可忽略", "ごく小さい"},
    {"size.small", "small", "小", "小さい"},
    {"size.medium", "medium", "中等", "中程度"},
    {"size.large", "large", "大", "大きい"},
    {"find.none", "No measure of style was found to differ. That is not proof that none does.",
     "未发现有差异的风格度量。这并不证明没有差异。",
     "差の認められた様式の尺度はなかった。差がないことの証明ではない。"},
    {"find.equal", "Any difference is smaller than ±{margin} (δ), whether or not it is zero: {list}.",
     "差异均小于 ±{margin}（δ），无论是否为零：{list}。",
     "差は（零か否かによらず）±{margin}（δ）より小さい：{list}。"},
    {"find.equal_none", "For no measure could it be shown.", "没有一项度量能够证明。",
     "示せた尺度はなかった。"},
    {"find.unknown",
     "Neither a difference nor equality could be shown for: {list}. More works by more artists might tell.",
     "以下各项既不能证明有差异，也不能证明等同：{list}。更多艺术家的更多作品或可判断。",
     "次の尺度は差も同等も示せなかった：{list}。より多くの作者の作品があれば判断できるかもしれない。"},
    {"find.unknown_none", "Nothing: each measure was decided.", "无：每项均有结论。",
     "なし：すべて判定できた。"},
    {"hyp.higher", "{descriptor} is higher in {second} than in {first}",
     "{descriptor}：{second} 高于 {first}", "{descriptor}は {first} より {second} が高い"},
    {"hyp.lower", "{descriptor} is lower in {second} than in {first}", "{descriptor}：{second} 低于 {first}",
     "{descriptor}は {first} より {second} が低い"},
    {"hyp.different", "{descriptor} differs between {first} and {second}",
     "{descriptor}：{first} 与 {second} 有差异", "{descriptor}は {first} と {second} で異なる"},
    {"hyp.equivalent", "{descriptor} is practically equal in {first} and {second}",
     "{descriptor}：{first} 与 {second} 实际等同", "{descriptor}は {first} と {second} で実質的に同じ"},
    {"hyp.line", "Expected: {claim}. Outcome: {outcome} (p {p}; Holm {holm}).",
     "预期：{claim}。结果：{outcome}（p {p}；Holm {holm}）。",
     "予想：{claim}。結果：{outcome}（p {p}、Holm {holm}）。"},
    {"outcome.supported", "supported", "得到支持", "支持された"},
    {"outcome.contradicted", "contradicted", "被否定", "否定された"},
    {"outcome.cannot_tell", "cannot tell", "无法判断", "判断できない"},
    {"ladder.nuisance", "From file and scan alone", "仅凭文件与扫描", "ファイルと撮影だけから"},
    {"ladder.style", "From style", "凭风格", "様式から"},
    {"ladder.style_without_nuisance", "From style, without what file and scan explain",
     "凭风格，扣除文件与扫描所能解释者", "ファイルと撮影で説明できる分を除いた様式から"},
    {"ladder.leave_source_out", "From style, in a museum that was left out", "凭风格，在未用于训练的馆藏中",
     "除外した館での様式から"},
    {"ladder.line", "{rung}: {auc} of 100 [{low}, {high}] (p {p}).",
     "{rung}：100 次中 {auc} 次 [{low}, {high}]（p {p}）。",
     "{rung}：100 回中 {auc} 回 [{low}, {high}]（p {p}）。"},
    {"ladder.not", "{rung}: not possible here.", "{rung}：此处不可行。", "{rung}：ここでは不可能。"},
    {"ladder.intro",
     "Can a classifier that has not seen the artist tell which of two works belongs where? 50 of 100 is "
     "guessing. If the "
     "first line is already high, style may only echo the scanning.",
     "未见过该艺术家的分类器能否判断两件作品各属何处？100 次中 50 "
     "次为猜测。若第一行已很高，风格或许只是扫描的回声。",
     "その作者を見たことのない分類器が、二作品の所属を言い当てられるか。100 回中 50 "
     "回は当て推量。一行目がすでに高ければ、様式は"
     "撮影の反映にすぎないかもしれない。"},
    {"multi.energy", "Energy distance {energy} (p {p}); what it is made of, by the Fréchet distance: {list}.",
     "能量距离 {energy}（p {p}）；按 Fréchet 距离分解：{list}。",
     "エネルギー距離 {energy}（p {p}）。Fréchet 距離での内訳：{list}。"},
    {"multi.share", "{descriptor} {share}", "{descriptor} {share}", "{descriptor} {share}"},
    {"multi.partition_not",
     "What the collections share with “{other}” ({shared} of the variation) is larger than what they explain "
     "alone "
     "({alone}): the two cannot be separated.",
     "馆藏与“{other}”共同解释的变异（{shared}）大于馆藏单独解释的（{alone}）：二者无法分开。",
     "コレクションと「{other}」が共に説明する変動（{shared}）は、単独の説明（{alone}"
     "）より大きく、両者は分離できない。"},
    {"multi.partition",
     "The collections alone explain {alone} of the variation; together with “{other}” they explain a further "
     "{shared}; "
     "“{other}” alone explains {rest}.",
     "馆藏单独解释变异的 {alone}；与“{other}”共同另解释 {shared}；“{other}”单独解释 {rest}。",
     "コレクション単独で変動の {alone}、「{other}」と共に更に {shared}、「{other}」単独で {rest} "
     "を説明する。"},
    {"multi.permanova",
     "Given the covariates, the collections explain {r2} of the variation of all core measures (PERMANOVA p "
     "{p}); "
     "spread differs with p {dispersion}.",
     "在给定协变量下，馆藏解释全部核心度量变异的 {r2}（PERMANOVA p {p}）；离散度差异 p {dispersion}。",
     "共変量のもとでコレクションは中核尺度の変動の {r2} を説明する（PERMANOVA p {p}）。ばらつきの差は p "
     "{dispersion}。"},
};

}  // namespace

std::span<const Text> finding_texts() {
  return kFindingTexts;
}

}  // namespace linmo::culture

// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/texts/texts.h"

namespace linmo::culture {
namespace {

constexpr Text kFigureTexts[] = {
    {"figure.works", "{n} works", "{n} 件作品", "{n} 作品"},
    {"group.colour", "Colour", "色彩", "色彩"},
    {"group.tone", "Tone and blankness", "明暗与留白", "明暗と余白"},
    {"group.line", "Line and edge", "线条与边缘", "線とエッジ"},
    {"group.texture", "Texture", "质感", "テクスチャ"},
    {"group.complexity", "Complexity", "复杂度", "複雑さ"},
    {"group.composition", "Composition", "构图", "構図"},
    {"group.nuisance", "File, scan and mount (not style)", "文件、扫描与装裱（非风格）",
     "ファイル・撮影・表装（様式ではない）"},
    {"verdict.different", "different", "有差异", "差がある"},
    {"verdict.equivalent", "equivalent", "等同", "同等"},
    {"verdict.cannot_tell", "cannot tell", "无法判断", "判断できない"},
    {"figure.higher_left", "← higher here", "← 此组较高", "← こちらが高い"},
    {"figure.higher_right", "higher here →", "此组较高 →", "こちらが高い →"},
    {"figure.delta_interval", "δ [interval]", "δ [区间]", "δ [区間]"},
    {"figure.shift_interval", "shift in own units [interval]", "原单位差值 [区间]", "固有単位での差 [区間]"},
    {"figure.equivalent_within", "equivalent (within ±{margin}, grey)", "等同（±{margin} 之内，灰带）",
     "同等（±{margin} 以内、灰色帯）"},
    {"figure.forest_foot",
     "δ: Cliff's delta, −1 … 1. Lines: {level} intervals of the bootstrap over whole artists.",
     "δ：Cliff's delta，−1 … 1。横线：以艺术家为单位重抽样的 {level} 区间。",
     "δ：Cliff のデルタ（−1 … 1）。線：作者単位のブートストラップによる {level} 区間。"},
    {"figure.forest", "Effects: {first} and {second}", "效应：{first} 与 {second}",
     "効果：{first} と {second}"},
    {"figure.forest_all", "Effects of all descriptors: {first} and {second}",
     "全部描述量的效应：{first} 与 {second}", "全記述量の効果：{first} と {second}"},
    {"figure.forest_caption",
     "Each row is one measure. A point to the right: works of {second} have more of it; to the left: works "
     "of "
     "{first}. Lines are {level} intervals, the grey band is the margin of ±{margin} within which a "
     "difference "
     "counts as none.",
     "每行为一项度量。点在右侧：{second} 的作品此项较高；在左侧：{first} 的作品较高。横线为 {level} "
     "区间；灰带为 ±{margin} 界限，其内的差异视为无。",
     "各行は一つの尺度。点が右なら {second} の作品で値が高く、左なら {first} の作品で高い。線は {level} "
     "区間、灰色の帯は ±{margin} の限界で、その内側の差はないものとみなす。"},
    {"figure.component", "component {n} ({share} of the variation)", "第 {n} 主成分（占变异 {share}）",
     "第 {n} 主成分（変動の {share}）"},
    {"figure.pca", "All works by their measures (principal components)", "全部作品按度量的分布（主成分）",
     "全作品の尺度による配置（主成分）"},
    {"figure.pca_caption",
     "Works that lie together have similar values of {descriptors} measures. The two axes show {x} and {y} "
     "of "
     "the variation; the rest is not visible here. Arrows: measures that pull most. Ellipses: where the "
     "groups' "
     "means lie in 95 % of resamples. {works} works are drawn.",
     "位置相近的作品在 {descriptors} 项度量上取值相近。两轴分别显示变异的 {x} 与 "
     "{y}，其余在此不可见。箭头：影响最大"
     "的度量。椭圆：重抽样中 95 % 的组均值所在。共绘 {works} 件作品。",
     "近くにある作品は {descriptors} の尺度で似た値をもつ。二軸は変動の {x} と {y} "
     "を示し、残りはここには現れない。矢印："
     "影響の大きい尺度。楕円：再標本の 95 % で群の平均がある範囲。{works} 作品を描いた。"},
    {"figure.dimension", "dimension {n} ({share})", "第 {n} 维（{share}）", "第 {n} 次元（{share}）"},
    {"figure.collections", "Collections by their distance", "各馆藏之间的距离", "コレクション間の距離"},
    {"figure.collections_caption",
     "Collections that lie near one another have similar distributions of all core measures (energy "
     "distance, "
     "classical scaling). Small dots: the same after resampling the works; where clouds overlap, the order "
     "of "
     "those collections is chance.",
     "相距近的馆藏在全部核心度量上的分布相似（能量距离，经典多维标度）。小点：重抽样后的位置；云团重叠处，馆"
     "藏的先后"
     "出于偶然。",
     "近くにあるコレクションは、すべての中核尺度の分布が似ている（エネルギー距離、古典的多次元尺度法）。小さ"
     "な点は"
     "作品を再標本したときの位置で、雲が重なるところでは順序は偶然による。"},
    {"figure.energy_axis", "√ energy distance", "√能量距离", "√エネルギー距離"},
    {"figure.dendrogram", "Collections as a tree", "馆藏的聚类树", "コレクションの樹形図"},
    {"figure.dendrogram_caption",
     "Average linkage of the distances. The number at a fork is the share of resamples that have the same "
     "works "
     "together; under 70 % take it as open. Cophenetic correlation: {r}.",
     "距离的平均联结。分叉处的数字为重抽样中出现同一组合的比例；低于 70 % 视为未定。共表型相关：{r}。",
     "距離の群平均法。分岐の数字は再標本で同じまとまりになる割合で、70 % "
     "未満は未定とみなす。共表形相関：{r}。"},
    {"figure.entropy", "permutation entropy H", "排列熵 H", "順列エントロピー H"},
    {"figure.complexity", "complexity C", "复杂度 C", "複雑さ C"},
    {"figure.plane", "Entropy and complexity", "熵与复杂度", "エントロピーと複雑さ"},
    {"figure.plane_caption",
     "Order (left) to disorder (right) of neighbouring pixels, 2 × 2 at a time; dashed: the bounds that no "
     "picture can cross. Large marks: means. Beware: noise and JPEG on blank areas move works to the right, "
     "enlarging moves them up; a difference here may be the scanner's.",
     "以 2 × 2 "
     "像素计，邻近像素由有序（左）到无序（右）；虚线为任何图像不可越过的界限。大记号为均值。注意：空白处的"
     "噪声与 JPEG 压缩使作品右移，放大使其上移；此处的差异可能来自扫描。",
     "2 × 2 "
     "画素ごとの、隣り合う画素の秩序（左）から無秩序（右）。破線はどの画像も越えられない限界。大きな印は平均"
     "。"
     "注意：余白のノイズや JPEG は作品を右へ、拡大は上へ動かす。ここでの差は撮影によるものかもしれない。"},
    {"figure.palettes", "Palettes", "调色板", "パレット"},
    {"figure.palettes_caption",
     "Above: {colours} colours that stand for the whole collection, by area. Below: palettes of single works "
     "(at most {works}), light works on the left. Colours are those of the photographs.",
     "上：代表整个馆藏的 {colours} 种颜色，按面积。下：单件作品的调色板（至多 {works} "
     "件），浅色作品在左。颜色以照片为准。",
     "上：コレクション全体を代表する {colours} 色（面積比）。下：個々の作品のパレット（最大 {works} "
     "点）、明るい作品が左。"
     "色は写真のもの。"},
    {"figure.composition", "Where things lie in the picture", "画面布局", "画面の配置"},
    {"figure.composition_caption",
     "Left: the share of each ninth of the picture that is left blank, mean of the works. Others: how much "
     "of the "
     "works' darkness, colour, edges and salience lies in each part, mean of the works, 1 being as much as "
     "anywhere; "
     "darker: more, on one scale for all collections. The dot is the mean centre, the cross the middle of "
     "the picture.",
     "左：画面九分之一各格的留白比例（作品均值）。其余：作品的暗部、色彩、边缘与显著之处在画面各部分的多少（"
     "作品均值，"
     "1 为各处均匀时的量）；颜色越深越多，各馆藏同一尺度。圆点为平均重心，十字为画面中心。",
     "左：画面を九等分した各部の余白の割合（作品の平均）。その他：作品の暗部・色彩・エッジ・目立つ部分が画面"
     "の各部に"
     "どれだけあるか（作品の平均、1 "
     "は一様な場合の量）。濃いほど多く、尺度は全コレクションに共通。点は平均の重心、"
     "十字は画面の中心。"},
    {"figure.void_map", "left blank", "留白", "余白"},
    {"figure.mass_dark", "darkness", "暗部", "暗部"},
    {"figure.mass_chroma", "colour", "色彩", "色彩"},
    {"figure.mass_edges", "edges", "边缘", "エッジ"},
    {"figure.mass_salience", "salience", "显著之处", "目立つ部分"},
    {"figure.mass_scale", "{low} to {high} of the mean", "均值的 {low} 至 {high} 倍",
     "平均の {low}〜{high} 倍"},
};

}  // namespace

std::span<const Text> figure_texts() {
  return kFigureTexts;
}

}  // namespace linmo::culture

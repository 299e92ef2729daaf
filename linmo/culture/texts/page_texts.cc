// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/texts/texts.h"

namespace linmo::culture {
namespace {

constexpr Text kPageTexts[] = {
    {"page.title", "A comparison of collections: {names}", "馆藏比较：{names}",
     "コレクションの比較：{names}"},
    {"page.map_title", "Map of works: {names}", "作品地图：{names}", "作品の地図：{names}"},
    {"page.and", " · ", " · ", "・"},
    {"page.short", "In short", "结论", "要点"},
    {"page.read_first", "Read this first", "请先阅读", "はじめにお読みください"},
    {"page.also", "Also to be known", "另须知", "そのほかの注意"},
    {"page.groups", "What is compared", "比较对象", "比べたもの"},
    {"page.confirmatory", "Hypotheses stated in a file", "登记的假设", "登録した仮説"},
    {"page.findings", "What differs", "有何差异", "何が違うか"},
    {"page.equal", "What is practically equal", "实际等同之处", "実質的に同じもの"},
    {"page.unknown", "What this study cannot tell", "本研究无法判断之处", "この研究では判断できないこと"},
    {"page.together", "All measures together", "综合全部度量", "全尺度をまとめて"},
    {"page.figures", "Figures", "图", "図"},
    {"page.map", "Map", "地图", "地図"},
    {"page.map_link",
     "Open the interactive map (map.html in the same folder): every work, to pan, zoom, filter, and draw "
     "around.",
     "打开互动地图（同一文件夹中的 map.html）：全部作品，可平移、缩放、筛选、圈选。",
     "対話型の地図を開く（同じフォルダの map.html）：全作品を移動・拡大・絞り込み・囲み選択できます。"},
    {"page.neighbours", "Nearest works across collections", "跨馆藏最相近的作品",
     "コレクションを越えて最も近い作品"},
    {"page.neighbours_text",
     "These pairs come from different collections and yet have nearly the same measures. Near in measures is "
     "not "
     "near in meaning.",
     "以下成对作品出自不同馆藏，度量却几乎相同。度量相近不等于意义相近。",
     "以下の組は別のコレクションの作品だが、尺度の値がほぼ同じである。尺度の近さは意味の近さではない。"},
    {"page.boundary", "Works on the other side", "越界的作品", "境界を越えた作品"},
    {"page.boundary_text",
     "The classifier of style, which has seen neither the work nor its artist, takes these for works of the "
     "other "
     "collection; the clearest first. Where files and scans alone tell the collections apart, so may these.",
     "风格分类器在未见过该作品及其作者的情况下，把以下作品判为另一馆藏之作，最明显者在前。若仅凭文件与扫描即"
     "可区分"
     "馆藏，这些判断也可能出于此。",
     "様式の分類器が、その作品も作者も見ずに、もう一方のコレクションの作品と判断したもの（はっきりしたものか"
     "ら）。ファイル"
     "と撮影だけでコレクションが区別できるなら、この判断もそれによるかもしれない。"},
    {"page.boundary_line", "{group}: {across} of {works} works are taken for {other}.",
     "{group}：{works} 件作品中有 {across} 件被判为 {other}。",
     "{group}：{works} 作品のうち {across} 点が {other} と判断された。"},
    {"page.outliers", "Works unlike the rest of their collection", "与本馆藏其余作品差别最大者",
     "コレクションの中で異質な作品"},
    {"page.outliers_text",
     "The works farthest from their five nearest neighbours. Look at them: often it is the photograph (a "
     "frame, a "
     "colour chart, a detail), not the work.",
     "距其五个最近邻最远的作品。请查看：常常问题出在照片（画框、色卡、局部），而非作品。",
     "最も近い五作品からも遠い作品。確かめてください：作品ではなく写真（額縁、カラーチャート、部分図）が理由"
     "のことも多い。"},
    {"page.datasheet", "Datasheet", "数据说明", "データシート"},
    {"page.method", "Method, ready to paste", "方法（可直接引用）", "方法（そのまま引用可）"},
    {"page.limits", "Limits", "局限", "限界"},
    {"page.citations", "Sources of the methods", "方法出处", "方法の出典"},
    {"page.measures", "The measures", "度量一览", "尺度の一覧"},
    {"page.credits", "Pictures shown on this page", "本页所示图像", "このページに掲載した図版"},
    {"page.credits_text",
     "Small copies, shown where the recorded licence allows it. {shown} works are shown; {hidden} that would "
     "have been are not, because their licence does not allow it, is not recorded, or the file was not at "
     "hand.",
     "仅在所记录的许可允许时显示缩略图。共显示 {shown} 件；另有 {hidden} "
     "件因许可不允许、未记录许可或文件不在手边而未显示。",
     "記録された許諾が認める場合にのみ縮小画像を載せた。掲載 {shown} "
     "点。許諾が認めない、記録がない、またはファイルが手元に"
     "ないため載せなかったもの {hidden} 点。"},
    {"page.not_shown", "not shown", "未显示", "非掲載"},
    {"page.not_shown_licence", "picture not shown: its licence does not allow it", "未显示图像：许可不允许",
     "非掲載：許諾が認めていない"},
    {"page.not_shown_unknown", "picture not shown: no licence is recorded", "未显示图像：未记录许可",
     "非掲載：許諾の記録がない"},
    {"page.not_shown_missing", "picture not shown: the file is not at hand", "未显示图像：文件不在手边",
     "非掲載：ファイルが手元にない"},
    {"page.least", "least (5th percentile)", "最少（第 5 百分位）", "最も少ない（5 パーセンタイル）"},
    {"page.typical", "typical (median)", "典型（中位）", "典型（中央値）"},
    {"page.most", "most (95th percentile)", "最多（第 95 百分位）", "最も多い（95 パーセンタイル）"},
    {"page.middle_work", "the work in the middle", "居中的作品", "中央に位置する作品"},
    {"page.all_results", "All {n} results as a table", "全部 {n} 项结果（表）", "全 {n} 件の結果（表）"},
    {"page.more_pairs", "Only the first {shown} of {all} pairs are written out; all are in results.csv.",
     "此处仅写出 {all} 对中的前 {shown} 对；全部见 results.csv。",
     "{all} 組のうち最初の {shown} 組のみを記した。すべては results.csv にある。"},
    {"page.footer",
     "Made by linmo {version}. The same input gives the same page. No picture and no number left this "
     "computer.",
     "由 linmo {version} 生成。相同输入得到相同页面。任何图像与数字均未离开本机。",
     "linmo {version} が作成。同じ入力からは同じページができる。図版も数値もこの計算機の外に出ていない。"},
    {"page.language", "Language", "语言", "言語"},
    {"table.measure", "measure", "度量", "尺度"},
    {"table.group", "group", "类别", "分類"},
    {"table.unit", "unit", "单位", "単位"},
    {"table.median", "median of {name}", "{name} 中位数", "{name} の中央値"},
    {"table.verdict", "verdict", "结论", "判定"},
    {"table.overlap", "overlap", "重叠", "重なり"},
    {"table.formula", "formula (English)", "公式（英文）", "式（英語）"},
    {"table.source", "source", "出处", "出典"},
    {"table.reliability", "least rank correlation", "最低秩相关", "最小順位相関"},
    {"table.collection", "collection", "馆藏", "コレクション"},
    {"table.pictures", "pictures", "图像", "図版"},
    {"table.works", "works", "作品", "作品"},
    {"table.artists", "artists known by name", "具名艺术家", "名の知られる作者"},
    {"table.nameless", "works without an artist's name", "无名作品", "作者名のない作品"},
    {"table.sources", "sources", "来源", "所蔵・出所"},
    {"table.years", "years", "年代", "年代"},
    {"table.genres", "genres", "题材", "主題"},
    {"table.licences", "licences", "许可", "許諾"},
    {"table.main_artists", "most works by", "作品最多者", "作品の多い作者"},
    {"table.unrecorded", "not recorded", "未记录", "記録なし"},
    {"table.input", "input", "输入", "入力"},
    {"table.hash", "SHA-256", "SHA-256", "SHA-256"},
    {"table.refused", "Files that could not be read", "无法读取的文件", "読めなかったファイル"},
    {"table.reason", "reason", "原因", "理由"},
    {"table.file", "file", "文件", "ファイル"},
    {"table.title", "title", "题名", "題名"},
    {"table.artist", "artist", "艺术家", "作者"},
    {"table.date", "date", "年代", "年代"},
    {"table.genre", "genre", "题材", "主題"},
    {"table.licence", "licence", "许可", "許諾"},
    {"table.none_refused", "None.", "无。", "なし。"},
    {"table.other", "set against", "对照因素", "対照"},
    {"table.alone", "collections alone", "仅馆藏", "コレクションのみ"},
    {"table.shared", "shared", "共有", "共有"},
    {"table.other_alone", "the other alone", "仅对照因素", "対照のみ"},
    {"table.residual", "neither", "二者皆非", "いずれでもない"},
    {"table.term", "term", "项", "項"},
    {"map.help",
     "Drag to pan, wheel or + − to zoom, L (or hold Shift) to draw around works, arrow keys to pan, A to "
     "take all "
     "works in view, Space to take the work at the cross, Esc to let go, 0 to see all, D to save.",
     "拖动平移；滚轮或 + − 缩放；L（或按住 Shift）圈选；方向键平移；A "
     "选取视野内全部作品；空格选取十字处作品；Esc 取消；0 显示"
     "全部；D 保存。",
     "ドラッグで移動、ホイールまたは + − で拡大縮小、L（または Shift）で囲み選択、矢印キーで移動、A "
     "で表示中の全作品、スペース"
     "で十字の作品、Esc で解除、0 で全体、D で保存。"},
    {"map.lasso", "Draw around (L)", "圈选 (L)", "囲む (L)"},
    {"map.all", "See all (0)", "显示全部 (0)", "全体 (0)"},
    {"map.clear", "Let go (Esc)", "取消 (Esc)", "解除 (Esc)"},
    {"map.save", "Save as CSV (D)", "存为 CSV (D)", "CSV で保存 (D)"},
    {"map.collect", "Make a collection", "建立藏品集", "コレクションを作る"},
    {"map.filter", "Show only works whose", "只显示", "次の作品だけを表示"},
    {"map.contains", "contains", "包含", "に含まれる語"},
    {"map.selected", "selected", "已选", "選択中"},
    {"map.shown", "shown", "显示", "表示"},
    {"map.anything", "any field", "任意字段", "いずれかの項目"},
    {"map.caption",
     "Works that lie together have similar values of {descriptors} measures; the two axes show {x} and {y} "
     "of the "
     "variation. Gaps and distances on a flat map are not the whole truth.",
     "位置相近的作品在 {descriptors} 项度量上取值相近；两轴显示变异的 {x} 与 "
     "{y}。平面上的间隔与距离并非全貌。",
     "近くにある作品は {descriptors} の尺度の値が似ている。二軸は変動の {x} と {y} "
     "を示す。平面上の隙間や距離がすべてではない。"},
};

}  // namespace

std::span<const Text> page_texts() {
  return kPageTexts;
}

}  // namespace linmo::culture

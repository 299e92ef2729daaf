// SPDX-License-Identifier: Apache-2.0
// The server says what went wrong in English, with names and numbers. Readers of other languages are told by its `kind`
// what it is about, and have the server's words beside it.
import { language } from "../state/prefs";

const summaries: Record<"zh" | "ja", Record<string, string>> = {
  zh: {
    limit: "超出了允许的大小或数量",
    input: "这个文件无法使用",
    usage: "这样设置行不通",
    request: "请求的内容有误",
    model: "这个模型无法使用",
    exists: "这个名称已被使用",
    state: "现在不能这样操作",
    folder: "工作室不可读取这个文件夹",
    bundled: "随附的模型不能更改",
    not_found: "已经不存在",
    disk: "磁盘空间不足",
    io: "读写文件时出错",
    busy: "工作室正忙，请稍后再试",
    full: "排队的任务太多，请稍后再试",
    wait: "请稍等片刻再试",
    slow: "耗时太久，已放弃",
    crashed: "处理时意外中断，可能内存不足",
    stopping: "工作室正在关闭",
    internal: "工作室内部出错",
  },
  ja: {
    limit: "許された大きさまたは数を超えています",
    input: "このファイルは使えません",
    usage: "この設定では実行できません",
    request: "依頼の内容に誤りがあります",
    model: "このモデルは使えません",
    exists: "この名前はすでに使われています",
    state: "今はこの操作はできません",
    folder: "スタジオはこのフォルダーを読めません",
    bundled: "付属のモデルは変更できません",
    not_found: "もう存在しません",
    disk: "ディスクの空きが足りません",
    io: "ファイルの読み書きに失敗しました",
    busy: "スタジオが混み合っています。しばらくしてからお試しください",
    full: "待っている作業が多すぎます。しばらくしてからお試しください",
    wait: "少し待ってからお試しください",
    slow: "時間がかかりすぎたため中止しました",
    crashed: "処理が途中で止まりました。メモリ不足かもしれません",
    stopping: "スタジオは終了するところです",
    internal: "スタジオの内部でエラーが起きました",
  },
};

/** `words`: the server's, which are shown alone in English and where the kind is not known. */
export function refusal_text(kind: string, words: string): string {
  const summary = language.value === "en" ? undefined : summaries[language.value][kind];
  return summary ? `${summary}（${words}）` : words;
}

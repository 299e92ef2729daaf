// SPDX-License-Identifier: Apache-2.0
// A dialogue that walks through the folders which the studio was allowed to read. It opens inside forms: its buttons
// are type="button", lest they submit.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../api/client";
import type { FolderListing } from "../api/types";
import { t } from "../i18n";
import { error_text, session } from "../state/studio";
import { Loading, Problem } from "./states";

const base_name = (path: string) => path.replace(/\/+$/, "").split("/").pop() || path;
const parent_of = (path: string) => path.replace(/\/[^/]*\/?$/, "");

interface FolderPickerProps {
  take: (path: string) => void;
  close: () => void;
}

export function FolderPicker({ take, close }: FolderPickerProps) {
  const roots = session.value?.folders ?? [];
  const path = useSignal(roots.length === 1 ? roots[0]! : "");
  const listing = useSignal<FolderListing | undefined>(undefined), problem = useSignal("");
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    listing.value = undefined;
    problem.value = "";
    const wanted = path.value;
    if (!wanted) return;
    api.folder(wanted).then(
      (got) => { if (path.peek() === wanted) listing.value = got; },
      (error: unknown) => (problem.value = error_text(error)));
  }, [path.value]);
  const at_root = roots.includes(path.value);
  const here = listing.value;
  return (
    <dialog ref={dialog} class="picker" aria-label={t("folder.title")} onClose={close}>
      <div class="picker-head">
        <h2>{path.value ? base_name(path.value) : t("folder.title")}</h2>
        <button type="button" class="quiet" aria-label={t("app.close")} onClick={() => dialog.current?.close()}>×</button>
      </div>
      {path.value && !(at_root && roots.length === 1) && (
        <button type="button" class="quiet" onClick={() => (path.value = at_root ? "" : parent_of(path.value))}>
          ← {t("folder.up", { name: at_root ? t("folder.roots") : base_name(parent_of(path.value)) })}
        </button>
      )}
      {problem.value && <Problem text={problem.value} />}
      {!path.value && (roots.length === 0
        ? <p class="empty">{t("folder.none")}</p>
        : <ul class="folders">{roots.map((root) => (
            <li key={root}><button type="button" onClick={() => (path.value = root)}>{root}</button></li>))}</ul>)}
      {path.value && !here && !problem.value && <Loading />}
      {here && (
        <>
          <ul class="folders">
            {here.folders.map((folder) => (
              <li key={folder.path}>
                <button type="button" onClick={() => (path.value = folder.path)}>
                  {folder.name} <small>{t("folder.count", { n: folder.pictures })}</small>
                </button>
              </li>
            ))}
          </ul>
          {here.folders.length === 0 && here.pictures === 0 && <p class="empty">{t("folder.empty")}</p>}
          {here.samples.length > 0 && <Samples paths={here.samples} />}
          <div class="picker-foot">
            <span>{t("folder.count", { n: here.pictures })}</span>
            <button type="button" class="primary" disabled={here.pictures === 0}
              onClick={() => { take(path.value); dialog.current?.close(); }}>{t("folder.take")}</button>
          </div>
        </>
      )}
    </dialog>
  );
}

export function Samples({ paths }: { paths: string[] }) {
  return (
    <ul class="samples">
      {paths.slice(0, 8).map((path) => (
        <li key={path}><img src={api.folder_thumbnail(path)} alt={base_name(path)} loading="lazy" /></li>
      ))}
    </ul>
  );
}

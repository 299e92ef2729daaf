// SPDX-License-Identifier: Apache-2.0
// The frame of every page: name, pages, language and theme; and what is shown when the studio is out of reach.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api } from "./api/client";
import { language_names, t } from "./i18n";
import { CollectionsPage } from "./pages/collections";
import { CulturesPage } from "./pages/cultures";
import { ModelsPage } from "./pages/models";
import { StylisePage } from "./pages/stylise";
import { TrainPage } from "./pages/train";
import { Loading } from "./parts/states";
import { language, theme, type Theme } from "./state/prefs";
import { link, route } from "./state/route";
import { announcement, connected, error_text, open_studio, session, session_error, visible_pages } from "./state/studio";
import type { Language } from "./api/types";

const page_parts = {
  stylise: StylisePage, train: TrainPage, collections: CollectionsPage, cultures: CulturesPage, models: ModelsPage,
};

function Header() {
  return (
    <header class="masthead">
      <a class="brand" href={link("stylise")}>
        <img src="./seal.svg" alt="" width="30" height="30" />
        <span>linmo</span>
      </a>
      <nav aria-label={t("app.nav")}>
        {session.value && visible_pages.value.map((page) => (
          <a key={page} href={link(page)} aria-current={route.value.page === page ? "page" : undefined}>
            {t(`nav.${page}`)}
          </a>
        ))}
      </nav>
      <div class="prefs">
        <select aria-label={t("app.language")} value={language.value}
          onChange={(e) => (language.value = e.currentTarget.value as Language)}>
          {(Object.keys(language_names) as Language[]).map((code) => (
            <option key={code} value={code} lang={code}>{language_names[code]}</option>
          ))}
        </select>
        <select aria-label={t("app.theme")} value={theme.value}
          onChange={(e) => (theme.value = e.currentTarget.value as Theme)}>
          {(["system", "light", "dark"] as const).map((name) => (
            <option key={name} value={name}>{t(`theme.${name}`)}</option>
          ))}
        </select>
      </div>
    </header>
  );
}

function LogIn() {
  const password = useSignal(""), problem = useSignal("");
  const open = async (event: Event) => {
    event.preventDefault();
    problem.value = "";
    try {
      await api.log_in(password.value);
      await open_studio();
    } catch (error) {
      problem.value = error_text(error);
    }
  };
  return (
    <form class="log-in" onSubmit={(event) => void open(event)}>
      <label>
        <span>{t("app.password")}</span>
        <input type="password" autoComplete="current-password" value={password.value}
          onInput={(e) => (password.value = e.currentTarget.value)} />
      </label>
      <button class="primary" type="submit" disabled={!password.value}>{t("app.log_in")}</button>
      {problem.value && <p class="why" role="alert">{problem.value}</p>}
    </form>
  );
}

function Closed() {
  if (session_error.value === "password") {
    return (
      <section class="closed">
        <img src="./seal.svg" alt="" width="64" height="64" />
        <h1>{t("app.password_title")}</h1>
        <LogIn />
      </section>
    );
  }
  const locked = session_error.value === "locked";
  return (
    <section class="closed">
      <img src="./seal.svg" alt="" width="64" height="64" />
      {locked && <h1>{t("app.locked_title")}</h1>}
      <p>{t(locked ? "app.locked" : "app.unreachable")}</p>
      {!locked && <button class="primary" onClick={() => void open_studio()}>{t("app.retry")}</button>}
    </section>
  );
}

export function App() {
  const { page } = route.value;
  const shown = visible_pages.value.includes(page) ? page : "stylise";
  const Part = page_parts[shown];
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });  // on a narrow screen
    document.title = `${t(`nav.${shown}`)} · linmo`;
    // A new page is read from its beginning; the first one leaves the focus where the browser put it.
    if (!first.current) {
      main.current?.focus();
      scrollTo(0, 0);
    }
    first.current = false;
  }, [shown]);
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); main.current?.focus(); }}>{t("app.skip")}</a>
      <Header />
      {!connected.value && <p class="banner" role="status">{t("app.reconnecting")}</p>}
      <main id="main" tabIndex={-1} ref={main}>
        {session_error.value ? <Closed /> : session.value ? <Part /> : <Loading />}
      </main>
      <footer class="colophon">
        <p>{t("app.local")}</p>
        {session.value && <p>linmo {session.value.version}</p>}
      </footer>
      <div class="unseen" role="status" aria-live="polite">{announcement.value}</div>
    </>
  );
}

// SPDX-License-Identifier: Apache-2.0
import { render } from "preact";
import { App } from "./app";
import { ward_off_drops } from "./parts/drop";
import { apply_prefs } from "./state/prefs";
import { choose_default_style, watch_preview } from "./state/stylise";
import { open_studio } from "./state/studio";
import "./styles/base.css";
import "./styles/pages.css";

apply_prefs();
ward_off_drops();
choose_default_style();
watch_preview();
void open_studio();
render(<App />, document.getElementById("studio")!);

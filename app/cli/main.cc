// SPDX-License-Identifier: Apache-2.0
#include "app/cli/commands.h"
#include "app/cli/console.h"

namespace {

int run(int argc, char** argv) {
  CLI::App app{
      "linmo (临摹): learn the style of a folder of pictures, apply it, measure how styles differ.\n"
      "Two steps to begin with:\n"
      "  linmo train --content PHOTOS --style PAINTINGS -o RUN --time 10m\n"
      "  linmo apply RUN photo.jpg -o painted.jpg\n",
      "linmo"};
  app.set_version_flag("--version", "linmo " LINMO_VERSION);
  app.require_subcommand(1);
  int exit_code = linmo::cli::kDone;
  using namespace linmo::cli;
  for (const AddCommand add :
       {add_collect, add_glyphs, add_train, add_tune, add_apply, add_evaluate, add_describe, add_compare,
        add_import, add_export, add_quantise, add_mix, add_models, add_studio, add_net, add_bench})
    add({app, exit_code});
  app.failure_message([](const CLI::App* failed, const CLI::Error& error) {
    const auto commands = failed->get_subcommands();
    const auto rest = failed->remaining();
    if (commands.empty() && !rest.empty()) {
      return fmt::format("linmo: there is no command \"{}\"\nSee: linmo --help\n", rest.front());
    }
    return fmt::format("linmo: {}\nSee: linmo {}--help\n", error.what(),
                       commands.empty() ? "" : commands.front()->get_name() + " ");
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? linmo::cli::kDone : linmo::cli::kUsage;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  linmo::cli::catch_interrupts();
  return linmo::cli::guarded([&] { return run(argc, argv); });
}

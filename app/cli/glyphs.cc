// SPDX-License-Identifier: Apache-2.0
// linmo glyphs FONT… -o DIR: characters of fonts as pictures.
#include "linmo/collection/glyphs.h"

#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "linmo/collection/manifest.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo::cli {
namespace {

struct GlyphsOptions {
  std::vector<std::string> fonts, common_with;
  std::string output, characters;
  GlyphSettings settings;
  bool quiet = false, json = false;
};

int run_glyphs(GlyphsOptions o) {
  check(o.settings);
  std::vector<char32_t> wanted;
  if (!o.characters.empty()) {
    // A name that is there is a file; nobody writes characters that happen to be a file's name.
    std::error_code error;
    const bool is_file = std::filesystem::is_regular_file(from_utf8(o.characters), error);
    wanted = parse_characters(is_file ? read_text(from_utf8(o.characters)) : o.characters);
    if (wanted.empty()) fail(ErrorKind::usage, "--characters names none");
  }
  Console console(o.quiet || o.json);
  const GlyphReport report =
      render_glyphs(o.fonts, o.common_with, wanted, from_utf8(o.output), o.settings, console);
  if (o.json) {
    const nlohmann::json out = {{"folders", report.folders},
                                {"characters", report.characters},
                                {"test_characters", report.test_characters},
                                {"lacking", report.lacking},
                                {"blank", report.blank},
                                {"cut", report.cut}};
    fmt::print("{}\n", out.dump(2));
    return kDone;
  }
  fmt::print("{} characters a font, {} px", report.characters, o.settings.size);
  if (report.test_characters > 0) fmt::print(", {} of them for testing", report.test_characters);
  fmt::print("\n{} left out that a font lacks, {} that a font draws blank\n", report.lacking, report.blank);
  for (size_t i = 0; i < report.cut.size(); ++i) {
    if (report.cut[i] > 0)
      fmt::print("{}: {} characters pass the edge (a larger --margin avoids it)\n", o.fonts[i],
                 report.cut[i]);
  }
  for (const std::string& folder : report.folders) fmt::print("{}\n", folder);
  return kDone;
}

}  // namespace

void add_glyphs(Registry registry) {
  auto options = std::make_shared<GlyphsOptions>();
  CLI::App* command = registry.app.add_subcommand(
      "glyphs", "Render characters of fonts as pictures, equal names in every font");
  command
      ->add_option("fonts", options->fonts,
                   "TrueType, OpenType … files; FILE.ttc:N for face N of a collection")
      ->required();
  command->add_option("-o,--output", options->output, "folder for the pictures, one sub-folder a font")
      ->required();
  command->add_option(
      "--characters", options->characters,
      "a UTF-8 text file, the characters themselves, or ranges (U+4E00-9FFF,U+3042); else all that "
      "the fonts share");
  command->add_option("--common-with", options->common_with, "fonts that must have the characters too");
  OptionAdder adder(*command);
  options->settings.visit(adder);
  command->add_flag("--quiet", options->quiet, "no progress");
  command->add_flag("--json", options->json, "for machines");
  command->callback([options, &code = registry.exit_code] { code = run_glyphs(*options); });
}

}  // namespace linmo::cli

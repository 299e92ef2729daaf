// SPDX-License-Identifier: Apache-2.0
// linmo-train: started by linmo for the commands that need libtorch.
#include <stdlib.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "app/cli/bench_options.h"
#include "app/cli/console.h"
#include "app/cli/evaluate_options.h"
#include "app/cli/train_options.h"
#include "linmo/core/files.h"
#include "linmo/train/threads.h"
#include "linmo/train/trainer.h"

namespace {

int train(const linmo::cli::TrainCommand& command) {
  linmo::cli::Console console(command.quiet);
  const linmo::train::TrainResult result =
      linmo::train::train(command.settings, command.run, command.resume, console);
  const std::string run = linmo::to_utf8(command.run);
  if (!result.finished) {
    fmt::print("The run is saved. Go on with:\n  linmo train -o '{}' --resume\n", run);
    return linmo::cli::interrupted() ? linmo::cli::kInterrupted : linmo::cli::kDone;
  }
  fmt::print("model:   {}\nreport:  {}/report.html\nApply it with:\n  linmo apply '{}' PICTURES -o FOLDER\n",
             linmo::to_utf8(result.model), run, run);
  return linmo::cli::kDone;
}

// Does not return where OpenBLAS can be made faster by being loaded again.
void prefer_fast_blas(char** argv) {
  if (std::getenv("OPENBLAS_CORETYPE")) return;
  const std::string core = linmo::train::better_blas_core();
  if (core.empty()) return;
  ::setenv("OPENBLAS_CORETYPE", core.c_str(), 1);
  ::execv("/proc/self/exe", argv);  // if that cannot be, it is only slower
}

}  // namespace

int main(int argc, char** argv) {
  prefer_fast_blas(argv);
  linmo::cli::catch_interrupts();
  return linmo::cli::guarded([&] {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const std::string command = arguments.empty() ? "" : arguments[0];
    if (command == "train") return train(linmo::cli::parse_train({arguments.begin() + 1, arguments.end()}));
    if (command == "tune") return train(linmo::cli::parse_tune({arguments.begin() + 1, arguments.end()}));
    if (command == "evaluate") {
      return linmo::cli::evaluate_torchscript({arguments.begin() + 1, arguments.end()});
    }
    if (command == "bench") return linmo::cli::bench_train({arguments.begin() + 1, arguments.end()});
    linmo::fail(linmo::ErrorKind::usage, "linmo-train is started by linmo; use linmo train");
  });
}

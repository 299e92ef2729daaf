// SPDX-License-Identifier: Apache-2.0
#include "app/cli/bench_peer.h"

#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/onnx.h"

extern char** environ;

namespace linmo::cli {
namespace {

namespace fs = std::filesystem;

// Reads a precision a line, answers a line of JSON.
constexpr const char* kScript = R"py(
import json, logging, sys, time
import numpy as np
import onnxruntime as ort
from onnxruntime import quantization as q
from onnxruntime.quantization.shape_inference import quant_pre_process

logging.disable(logging.WARNING)
answers, sys.stdout = sys.stdout, sys.stderr
folder, channels, size, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
pictures = np.fromfile(folder + "/pictures.f32", np.float32).reshape(-1, 1, channels, size, size)
options = ort.SessionOptions()
options.intra_op_num_threads = threads
options.log_severity_level = 3

class Pictures(q.CalibrationDataReader):
    def __init__(self):
        self.rest = [{"input": p} for p in pictures[1:]]
    def get_next(self):
        return self.rest.pop() if self.rest else None

model, prepared, small = (folder + "/" + name for name in ("model.onnx", "prepared.onnx", "int8.onnx"))
quant_pre_process(model, prepared, skip_symbolic_shape=True)
q.quantize_static(prepared, small, Pictures(), quant_format=q.QuantFormat.QDQ, per_channel=True,
                  activation_type=q.QuantType.QUInt8, weight_type=q.QuantType.QInt8)
sessions = {name: ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            for name, path in (("fp32", model), ("int8", small))}
run = lambda name: sessions[name].run(None, {"input": pictures[0]})[0]
error = float(np.mean(np.square(run("int8").astype(np.float64) - run("fp32"))))
def answer(content):
    print(json.dumps(content), file=answers, flush=True)
answer({"version": ort.__version__, "psnr_int8": 10 * np.log10(4 / max(error, 1e-12))})
for line in sys.stdin:
    run(line.strip())
    begun = time.perf_counter()
    run(line.strip())
    answer({"ms": 1000 * (time.perf_counter() - begun)})
)py";

fs::path make_folder() {
  std::string name = to_utf8(fs::temp_directory_path() / "linmo-bench-XXXXXX");
  if (!mkdtemp(name.data())) fail_io("make the folder", name);
  return name;
}

}  // namespace

OnnxRuntime::OnnxRuntime(const std::string& python, const model::Model& model, int64_t size,
                         const std::vector<std::vector<float>>& pictures, int threads)
    : python_(python), folder_(make_folder()) {
  std::vector<float> all;
  for (const std::vector<float>& p : pictures) all.insert(all.end(), p.begin(), p.end());
  write_file(folder_ / "pictures.f32", std::as_bytes(std::span(all)));
  model::write_onnx(folder_ / "model.onnx", model);
  // A pair of sockets, since writing to one whose other end has gone can be told to be an error, not a
  // signal.
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail_io("talk to", python);
  channel_ = ends[0];
  std::vector<std::string> words = {python,
                                    "-c",
                                    kScript,
                                    to_utf8(folder_),
                                    std::to_string(model.network.in_channels()),
                                    std::to_string(size),
                                    std::to_string(threads)};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const int error = posix_spawnp(&process_, python.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error != 0) {
    process_ = -1;
    errno = error;
    fail_io("start", python);
  }
  about_ = answer();
}

OnnxRuntime::~OnnxRuntime() {
  if (channel_ >= 0) ::close(channel_);  // its standard input ends, and so does it
  if (process_ > 0) ::waitpid(process_, nullptr, 0);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

nlohmann::json OnnxRuntime::answer() {
  for (;;) {
    if (const size_t end = rest_.find('\n'); end != std::string::npos) {
      const std::string line = rest_.substr(0, end);
      rest_.erase(0, end + 1);
      try {
        return nlohmann::json::parse(line);
      } catch (const nlohmann::json::exception&) {
        fail(ErrorKind::io, "{} answered \"{}\" instead of a measurement", python_, line);
      }
    }
    std::array<char, 4096> part;
    const ssize_t count = ::recv(channel_, part.data(), part.size(), 0);
    if (count <= 0)
      fail(ErrorKind::io,
           "{} ended without an answer; it needs the packages of bench/requirements.txt (or leave "
           "LINMO_ONNXRUNTIME unset)",
           python_);
    rest_.append(part.data(), static_cast<size_t>(count));
  }
}

double OnnxRuntime::run(const std::string& precision) {
  const std::string line = precision + "\n";
  if (::send(channel_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    fail_io("talk to", python_);
  return answer().at("ms").get<double>();
}

}  // namespace linmo::cli

// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/features_torch.h"

#include <ATen/Parallel.h>
#include <torch/script.h>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/image/convert.h"

namespace linmo::measure {
namespace {

class Script : public FeatureExtractor {
 public:
  explicit Script(const std::filesystem::path& file) : file_(to_utf8(file)) {
    attempt("loaded", [&] {
      module_ = torch::jit::load(file.string(), torch::kCPU);
      module_.eval();
      for (const c10::Argument& argument : module_.get_method("forward").function().getSchema().arguments()) {
        if (argument.name() == "return_features") resizes_ = true;
      }
    });
    name_ = resizes_ ? "InceptionV3 (" + to_utf8(file.filename()) + ")" : to_utf8(file.filename());
    dimensions_ = static_cast<int64_t>(of(Image(64, 64, 3)).size());
  }

  std::vector<float> features(const std::vector<Image>& pictures) override {
    std::vector<float> all;
    for (const Image& picture : pictures) {
      const std::vector<float> row = of(picture);
      if (static_cast<int64_t>(row.size()) != dimensions_) {
        fail(ErrorKind::input, "{} gave {} features for one picture and {} for another", file_, dimensions_,
             row.size());
      }
      all.insert(all.end(), row.begin(), row.end());
    }
    return all;
  }
  int64_t dimensions() const override { return dimensions_; }
  std::string name() const override { return name_; }
  bool is_inception() const override { return resizes_; }

 private:
  template <class F>
  void attempt(std::string_view what, const F& work) const {
    try {
      work();
    } catch (const Error&) {
      throw;
    } catch (const c10::Error& error) {
      fail(ErrorKind::input, "{} could not be {} as a TorchScript feature network: {}", file_, what,
           error.what_without_backtrace());
    } catch (const std::exception& error) {
      fail(ErrorKind::input, "{} could not be {} as a TorchScript feature network: {}", file_, what,
           error.what());
    }
  }

  std::vector<float> of(const Image& picture) {
    std::vector<float> values;
    attempt("run", [&] {
      const torch::InferenceMode inference;
      torch::Tensor out;
      if (resizes_) {
        Image rgb = to_depth(to_rgb(picture, 255), Depth::u8);
        const torch::Tensor in =
            torch::from_blob(rgb.samples<uint8_t>().data(), {1, rgb.height(), rgb.width(), 3}, torch::kUInt8)
                .permute({0, 3, 1, 2})
                .contiguous();
        out = module_.forward({in}, {{"return_features", true}}).toTensor();
      } else {
        std::vector<float> in = inception_input(picture);
        out = module_.forward({torch::from_blob(in.data(), {1, 3, 299, 299})}).toTensor();
      }
      if (out.dim() == 4) out = out.mean({2, 3});
      TORCH_CHECK(out.dim() == 2 && out.size(0) == 1, "it gives a result of shape ", out.sizes(),
                  ", not one row of features a picture");
      out = out.to(torch::kFloat32).contiguous();
      values.assign(out.data_ptr<float>(), out.data_ptr<float>() + out.numel());
    });
    return values;
  }

  std::string file_, name_;
  torch::jit::Module module_;
  bool resizes_ = false;
  int64_t dimensions_ = 0;
};

}  // namespace

std::unique_ptr<FeatureExtractor> open_torchscript(const std::filesystem::path& file, int threads) {
  if (threads > 0) at::set_num_threads(threads);
  return std::make_unique<Script>(file);
}

}  // namespace linmo::measure

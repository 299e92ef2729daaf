// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/import.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <set>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/pth.h"
#include "linmo/net/anime_gan.h"
#include "linmo/net/features.h"
#include "linmo/net/generators.h"
#include "linmo/net/srgan.h"
#include "linmo/net/transformer_net.h"

namespace linmo::model {
namespace {

namespace fs = std::filesystem;

struct Recognised {
  net::Description network;
  std::string words;                // what it is, for people
  bool picture_statistics = false;  // its batch norms usually run on the picture's own statistics
};

// Looks at keys and shapes only.
class Keys {
 public:
  explicit Keys(const TensorMap& tensors) : tensors_(tensors) {}
  bool has(const std::string& key) const { return tensors_.contains(key); }
  // A convolution's weight with that kernel.
  bool has_conv(const std::string& layer, int64_t kernel) const {
    const auto found = tensors_.find(layer + ".weight");
    if (found == tensors_.end()) return false;
    const std::vector<int64_t>& s = found->second.shape();
    return s.size() == 4 && s[2] == kernel && s[3] == kernel;
  }
  // A dimension of a weight; 0 where there is none or none that a network could have.
  int size(const std::string& layer, size_t dimension) const {
    const auto found = tensors_.find(layer + ".weight");
    if (found == tensors_.end() || found->second.shape().size() <= dimension) return 0;
    const int64_t value = found->second.shape()[dimension];
    return value > 0 && value < 1 << 14 ? static_cast<int>(value) : 0;
  }

 private:
  const TensorMap& tensors_;
};

constexpr int kMostBlocks = 64;

std::optional<Recognised> resnet(const Keys& keys) {
  if (!keys.has_conv("model.1", 7)) return std::nullopt;
  net::ResnetOptions o;
  o.ngf = keys.size("model.1", 0);
  o.in = keys.size("model.1", 1);
  const bool batch = keys.has("model.2.weight");
  o.norm = batch ? net::NormChoice::batch : net::NormChoice::instance;
  o.antialias_down = keys.has("model.7.filt");
  const int first = o.antialias_down ? 12 : 10;
  const auto in_block = [&](int block, int module) {
    return fmt::format("model.{}.conv_block.{}", block, module);
  };
  // With reflection each block begins with a padding module; with zero padding the convolution does it.
  const bool zero = keys.has_conv(in_block(first, 0), 3);
  if (zero) o.padding = net::PadMode::zero;
  for (o.blocks = 0; o.blocks < kMostBlocks && keys.has_conv(in_block(first + o.blocks, zero ? 0 : 1), 3);)
    ++o.blocks;
  o.dropout = keys.has_conv(in_block(first, zero ? 4 : 6), 3);
  const int end = first + o.blocks;
  const auto module = [](int index) { return fmt::format("model.{}", index); };
  int last = end + 7;
  if (keys.has(module(end) + ".filt")) {
    o.decoder = net::Decoder::antialias;
    last = end + 9;
  } else if (!keys.has(module(end) + ".weight")) {
    o.decoder = net::Decoder::resize;
    last = end + 11;
  }
  o.out = keys.size(module(last), 0);
  if (o.blocks == 0 || o.ngf == 0 || o.in == 0 || o.out == 0) return std::nullopt;
  std::string words = fmt::format("CycleGAN ResNet generator, {} blocks, {} features, {} norm", o.blocks,
                                  o.ngf, batch ? "batch" : "instance");
  if (o.dropout) words += ", dropout";
  if (zero) words += ", zero padding";
  if (o.antialias_down && o.decoder == net::Decoder::antialias)
    words += ", anti-aliased (CUT)";
  else if (o.antialias_down)
    words += ", anti-aliased downsampling (CUT)";
  else if (o.decoder == net::Decoder::antialias)
    words += ", anti-aliased upsampling (CUT)";
  else if (o.decoder == net::Decoder::resize)
    words += ", resize-convolutions";
  return Recognised{net::resnet(o), words, batch};
}

std::optional<Recognised> unet(const Keys& keys) {
  if (!keys.has_conv("model.model.0", 4)) return std::nullopt;
  net::UnetOptions o;
  o.ngf = keys.size("model.model.0", 0);
  o.in = keys.size("model.model.0", 1);
  o.out = keys.size("model.model.3", 1);
  const bool batch = keys.has("model.model.1.model.2.weight");
  o.norm = batch ? net::NormChoice::batch : net::NormChoice::instance;
  std::string level = "model.model.1.model";
  for (o.downs = 2; o.downs < 12 && keys.has_conv(level + ".3.model.1", 4); ++o.downs) level += ".3.model";
  if (o.downs < 5 || o.ngf == 0 || o.in == 0 || o.out == 0) return std::nullopt;
  return Recognised{net::unet(o),
                    fmt::format("pix2pix U-Net {} generator, {} features, {} norm", 1 << o.downs, o.ngf,
                                batch ? "batch" : "instance"),
                    batch};
}

std::optional<Recognised> srgan(const Keys& keys) {
  if (!keys.has_conv("block1.0", 9)) return std::nullopt;
  net::SrganOptions o;
  o.features = keys.size("block1.0", 0);
  for (o.blocks = 0; o.blocks < kMostBlocks && keys.has_conv(fmt::format("block{}.conv1", o.blocks + 2), 3);)
    ++o.blocks;
  o.last_norm = keys.has(fmt::format("block{}.1.running_mean", o.blocks + 2));
  for (o.upsamples = 0;
       o.upsamples < 4 && keys.has_conv(fmt::format("block{}.{}.conv", o.blocks + 3, o.upsamples), 3);)
    ++o.upsamples;
  if (o.features == 0) return std::nullopt;
  return Recognised{net::srgan(o),
                    fmt::format("SRGAN generator, {} blocks, {} features, enlarges {}×", o.blocks, o.features,
                                1 << o.upsamples),
                    false};
}

std::optional<Recognised> transformer_net(const Keys& keys) {
  if (!keys.has_conv("conv1.conv2d", 9)) return std::nullopt;
  net::TransformerNetOptions o;
  o.width = keys.size("conv1.conv2d", 0);
  for (o.blocks = 0;
       o.blocks < kMostBlocks && keys.has_conv(fmt::format("res{}.conv1.conv2d", o.blocks + 1), 3);)
    ++o.blocks;
  if (o.width == 0) return std::nullopt;
  return Recognised{
      net::transformer_net(o),
      fmt::format("fast-neural-style TransformerNet, {} blocks, {} features", o.blocks, o.width), false};
}

std::optional<Recognised> anime_gan(const Keys& keys) {
  if (!keys.has_conv("block_a.0.1", 7)) return std::nullopt;
  return Recognised{net::anime_gan_v2(), "AnimeGANv2 generator", false};
}

// The feature network of perceptual losses, as far as linmo reads it. torchvision numbers the modules and
// mixes red first; Caffe's release, and what was converted from it, names the layers and mixes blue first.
std::optional<Recognised> vgg19(TensorMap& tensors) {
  static constexpr std::pair<const char*, const char*> kLayers[] = {
      {"conv1_1", "features.0"},  {"conv1_2", "features.2"},  {"conv2_1", "features.5"},
      {"conv2_2", "features.7"},  {"conv3_1", "features.10"}, {"conv3_2", "features.12"},
      {"conv3_3", "features.14"}, {"conv3_4", "features.16"}};
  const Keys keys(tensors);
  const bool caffe = keys.has_conv("conv1_1", 3) && keys.has_conv("conv3_4", 3);
  if (!caffe && !(keys.has_conv("features.0", 3) && keys.has_conv("features.16", 3))) return std::nullopt;
  TensorMap ours;
  for (const auto& [name, number] : kLayers) {
    for (const char* part : {".weight", ".bias"}) {
      const auto found = tensors.find((caffe ? name : number) + std::string(part));
      if (found != tensors.end()) ours[name + std::string(part)] = std::move(found->second);
    }
  }
  tensors = std::move(ours);
  Tensor& first = tensors.at("conv1_1.weight");
  if (caffe && first.shape() == std::vector<int64_t>{64, 3, 3, 3}) {
    std::vector<float> values = first.floats();
    for (size_t out = 0; out < 64; ++out) {
      const auto blue = values.begin() + static_cast<std::ptrdiff_t>(out * 27);
      std::swap_ranges(blue, blue + 9, blue + 18);
    }
    first = Tensor::from_floats(first.shape(), values);
  }
  return Recognised{
      net::vgg19(caffe ? net::VggInput::caffe : net::VggInput::torchvision),
      fmt::format("VGG-19 through conv3_4, a feature network ({} release)", caffe ? "Caffe" : "torchvision"),
      false};
}

std::optional<Recognised> recognise(TensorMap& tensors) {
  if (auto found = vgg19(tensors)) return found;
  const Keys keys(tensors);
  for (const auto family : {resnet, unet, srgan, transformer_net, anime_gan}) {
    if (auto found = family(keys)) return found;
  }
  return std::nullopt;
}

// Whole training modules are saved with their networks as members: "netG.model.1.weight".
std::optional<Recognised> recognise_inside(TensorMap& tensors) {
  if (auto found = recognise(tensors)) return found;
  for (const std::string prefix : {"generator.", "netG.", "netG_A.", "G.", "net.", "model."}) {
    TensorMap inside;
    for (auto it = tensors.lower_bound(prefix); it != tensors.end() && it->first.starts_with(prefix); ++it)
      inside[it->first.substr(prefix.size())] = it->second;
    if (auto found = recognise(inside)) {
      tensors = std::move(inside);
      return found;
    }
  }
  return std::nullopt;
}

[[noreturn]] void not_recognised(const TensorMap& tensors, const std::string& file) {
  const Keys keys(tensors);
  std::string advice =
      "expected the generator of CycleGAN or CUT (model.1.weight …), pix2pix (model.model.0.weight …), SRGAN "
      "(block1.0.weight …), fast-neural-style (conv1.conv2d.weight …) or AnimeGANv2 (block_a.0.1.weight …)";
  if (keys.has_conv("model.0", 4))
    advice = "this is a PatchGAN discriminator; import the generator, whose name has _net_G";
  else if (keys.has("mlp_0.0.weight"))
    advice =
        "this is CUT's feature network, used in training only; import the generator, whose name has _net_G";
  std::vector<std::string> first;
  for (const auto& [key, tensor] : tensors) {
    if (first.size() == 5) break;
    first.push_back(fmt::format("{} [{}]", key, fmt::join(tensor.shape(), ", ")));
  }
  fail(ErrorKind::input, "{} holds {} arrays ({}{}), and no generator that linmo knows; {}", file,
       tensors.size(), fmt::join(first, ", "), tensors.size() > first.size() ? " …" : "", advice);
}

// Batch norm on one picture's own statistics is instance norm with the same weights.
void use_picture_statistics(net::Description& network) {
  for (net::Layer& layer : network.layers) {
    auto* norm = std::get_if<net::Norm>(&layer.op);
    if (norm && norm->kind == net::NormKind::batch) norm->kind = net::NormKind::instance;
  }
}

bool is_statistic(const std::string& key) {
  return key.ends_with(".running_mean") || key.ends_with(".running_var") ||
         key.ends_with(".num_batches_tracked");
}

bool is_finite(const Tensor& tensor) {
  const std::vector<float> values = tensor.floats();
  return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

}  // namespace

Model import_checkpoint(TensorMap tensors, const ImportHint& hint) {
  const std::string file = hint.source.empty() ? "the checkpoint" : hint.source;
  for (auto& [key, tensor] : tensors) {
    if (tensor.dtype() == DType::f64) tensor = tensor.to(DType::f32);
  }
  std::optional<Recognised> found = recognise_inside(tensors);
  if (!found) not_recognised(tensors, file);
  if (found->picture_statistics && !hint.running_statistics) {
    use_picture_statistics(found->network);
    found->words += ", on the picture's own statistics";
  }
  std::vector<std::string> problems = parameter_problems(found->network, tensors);
  std::set<std::string> wanted;
  for (const net::ParameterInfo& p : net::parameters(found->network)) wanted.insert(p.name);
  Model model;
  for (auto& [key, tensor] : tensors) {
    const bool statistic = is_statistic(key);
    if (wanted.contains(key)) {
      if (!is_finite(tensor)) problems.push_back(key + " holds numbers that are not finite");
      model.tensors[key] = std::move(tensor);
    } else if (!statistic) {
      problems.push_back(key + " is not part of it");
    } else if (found->picture_statistics && tensor.dtype() == DType::f32 && is_finite(tensor)) {
      model.tensors[key] = std::move(tensor);  // not used, but an export is whole again
    }
  }
  if (!problems.empty()) {
    const size_t count = problems.size();
    problems.resize(std::min<size_t>(count, 5));
    fail(ErrorKind::input, "{} looks like a {}, but {}{}", file, found->words, fmt::join(problems, "; "),
         count > problems.size() ? fmt::format("; and {} more", count - problems.size()) : "");
  }
  model.network = std::move(found->network);
  model.card = {{"name", hint.name},
                {"architecture", found->words},
                {"method", "imported"},
                {"licence", hint.licence.empty() ? "unknown" : hint.licence},
                {"source", hint.source}};
  return model;
}

TensorMap read_checkpoint(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail_io("read", path);
  char head[9] = {};
  file.read(head, sizeof head);
  // A safetensors header begins with '{' after its length, whose upper bytes are zero.
  if (head[8] != '{' || head[7] != 0 || head[6] != 0) return state_dict(read_pth(path));
  Safetensors content = read_safetensors(path);
  if (content.metadata.contains("linmo"))
    fail(ErrorKind::input, "{} is a linmo model already; use it as it is", to_utf8(path));
  return state_dict({std::move(content.tensors), {""}});
}

fs::path find_checkpoint(const fs::path& folder, const std::string& direction) {
  if (!direction.empty() && direction != "AtoB" && direction != "BtoA")
    fail(ErrorKind::usage, "the direction \"{}\" is not known; choose AtoB or BtoA", direction);
  const fs::path a = folder / "latest_net_G_A.pth", b = folder / "latest_net_G_B.pth",
                 one = folder / "latest_net_G.pth";
  const auto there = [](const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
  };
  if (direction.empty() && there(a) && there(b)) {
    fail(ErrorKind::usage, "{} holds generators for both directions; choose --direction AtoB or BtoA",
         to_utf8(folder));
  }
  if (there(a) && direction != "BtoA") return a;
  if (there(b) && direction != "AtoB") return b;
  if (there(one)) return one;
  fail(ErrorKind::input, "{} holds no {}; name the checkpoint itself", to_utf8(folder),
       direction == "AtoB"   ? "latest_net_G_A.pth or latest_net_G.pth"
       : direction == "BtoA" ? "latest_net_G_B.pth or latest_net_G.pth"
                             : "latest_net_G_A.pth, latest_net_G_B.pth or latest_net_G.pth");
}

}  // namespace linmo::model

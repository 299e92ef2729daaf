// SPDX-License-Identifier: Apache-2.0
#include "linmo/net/generators.h"

#include <algorithm>
#include <charconv>

#include "linmo/core/error.h"
#include "linmo/net/builder.h"
#include "linmo/net/conv_gru.h"
#include "linmo/net/norms.h"

namespace linmo::net {
namespace {

// Counts modules as torch.nn.Sequential does, so that names are the official ones.
class Sequential {
 public:
  Sequential(Builder& builder, std::string prefix) : b_(builder), prefix_(std::move(prefix)) {}
  std::string next() { return fmt::format("{}.{}", prefix_, index_++); }
  void skip() { ++index_; }
  int index() const { return index_; }

  int pad(PadMode mode, int all) {
    skip();
    return b_.pad(mode, all);
  }
  int conv(int in, int out, int kernel, int stride, int pad, bool bias) {
    return b_.conv(next(), in, out, kernel, stride, pad, bias);
  }
  int norm(NormChoice choice, int channels) { return add_norm(b_, choice, channels, next()); }
  int relu() {
    skip();
    return b_.relu();
  }

 private:
  Builder& b_;
  std::string prefix_;
  int index_ = 0;
};

void residual_block(Builder& b, const std::string& prefix, int channels, const ResnetOptions& o, bool bias) {
  const int input = b.last();
  Sequential s(b, prefix + ".conv_block");
  const auto padded_conv = [&] {
    if (o.padding == PadMode::zero) {
      s.conv(channels, channels, 3, 1, 1, bias);
    } else {
      s.pad(o.padding, 1);
      s.conv(channels, channels, 3, 1, 0, bias);
    }
    s.norm(o.norm, channels);
  };
  padded_conv();
  s.relu();
  if (o.dropout) {
    s.skip();
    b.add(Dropout{0.5});
  }
  padded_conv();
  b.join(Add{}, {input, b.last()});
}

}  // namespace

Description resnet(const ResnetOptions& o) {
  Builder b("resnet", o.in);
  Sequential s(b, "model");
  // The layer after which module i of the official Sequential is done, for CUT's taps.
  std::vector<int> done;
  const auto mark = [&](int from) {
    for (int i = from; i < s.index(); ++i) done.push_back(b.last());
  };
  const bool bias = o.norm != NormChoice::batch;
  const auto unit = [&](auto&& add) {
    const int before = s.index();
    add();
    mark(before);
  };
  unit([&] { s.pad(PadMode::reflect, 3); });
  unit([&] { s.conv(o.in, o.ngf, 7, 1, 0, bias); });
  unit([&] { s.norm(o.norm, o.ngf); });
  unit([&] { s.relu(); });
  int channels = o.ngf;
  for (int i = 0; i < 2; ++i) {
    unit([&] { s.conv(channels, channels * 2, 3, o.antialias_down ? 1 : 2, 1, bias); });
    channels *= 2;
    unit([&] { s.norm(o.norm, channels); });
    unit([&] { s.relu(); });
    if (o.antialias_down) unit([&] { b.add(BlurDown{channels}, s.next()); });
  }
  const int first_block = s.index();
  for (int i = 0; i < o.blocks; ++i) {
    unit([&] { residual_block(b, s.next(), channels, o, bias); });
  }
  const int last_block = s.index() - 1;
  for (int i = 0; i < 2; ++i) {
    switch (o.decoder) {
      case Decoder::transposed:
        b.add(ConvTranspose{channels, channels / 2, 3, 2, 1, 1, bias}, s.next());
        break;
      case Decoder::resize:
        s.skip();
        b.add(Upsample{Interpolation::nearest, 2, false});
        s.pad(PadMode::reflect, 1);
        s.conv(channels, channels / 2, 3, 1, 0, bias);
        break;
      case Decoder::antialias:
        b.add(BlurUp{channels}, s.next());
        s.conv(channels, channels / 2, 3, 1, 1, bias);
        break;
    }
    channels /= 2;
    s.norm(o.norm, channels);
    s.relu();
  }
  s.pad(PadMode::reflect, 3);
  s.conv(channels, o.out, 7, 1, 0, true);
  b.tanh();
  // CUT --nce_layers 0,4,8,12,16, clipped to the encoder where there are few blocks.
  constexpr int kNceLayers[] = {0, 4, 8, 12, 16};
  for (size_t i = 0; i < std::size(kNceLayers); ++i) {
    const int module =
        i < 3 ? kNceLayers[i]
              : std::clamp(kNceLayers[i], std::min(first_block + static_cast<int>(i) - 3, last_block),
                           last_block);
    b.tap(fmt::format("nce.{}", i), done[static_cast<size_t>(module)]);
  }
  b.description().size_multiple = 4;
  return b.finish();
}

namespace {

// One level of pix2pix's recursion; reads the last layer, which carries `outer` channels, and leaves
// [skip, up] as the last layer. `prefix` is the name of the block's Sequential.
void unet_level(Builder& b, const UnetOptions& o, const std::string& prefix, int level, int outer) {
  const int inner = o.ngf * std::min(8, 1 << level);
  const bool innermost = level == o.downs - 1;
  const bool bias = o.norm != NormChoice::batch;
  const int skip = b.last();
  // The official LeakyReLU works in place, so the skip carries the activated tensor; the ReLU that follows
  // on the way up makes the two equal: ReLU(LeakyReLU(x)) = ReLU(x).
  b.leaky_relu(0.2);
  b.conv(prefix + ".1", outer, inner, 4, 2, 1, bias);
  if (!innermost) {
    add_norm(b, o.norm, inner, prefix + ".2");
    unet_level(b, o, prefix + ".3.model", level + 1, inner);
  }
  b.relu();
  b.add(ConvTranspose{innermost ? inner : inner * 2, outer, 4, 2, 1, 0, bias},
        prefix + (innermost ? ".3" : ".5"));
  add_norm(b, o.norm, outer, prefix + (innermost ? ".4" : ".6"));
  const bool middle = level >= 4 && !innermost;  // the ngf·8 → ngf·8 blocks
  if (o.dropout && middle) b.add(Dropout{0.5});
  b.join(Concat{}, {skip, b.last()});
}

}  // namespace

Description unet(const UnetOptions& o) {
  if (o.downs < 5 || o.downs > 12) fail(ErrorKind::usage, "a U-Net has 5 … 12 levels, not {}", o.downs);
  Builder b("unet", o.in);
  b.conv("model.model.0", o.in, o.ngf, 4, 2, 1, o.norm != NormChoice::batch);  // outermost: no norm
  unet_level(b, o, "model.model.1.model", 1, o.ngf);
  b.relu();
  b.add(ConvTranspose{o.ngf * 2, o.out, 4, 2, 1, 0, true}, "model.model.3");
  b.tanh();
  b.description().size_multiple = 1 << o.downs;
  return b.finish();
}

Description seed_generator() {
  Builder b("seed", 3);
  const auto activate = [&](int channels, const std::string& name) {
    b.leaky_relu(0.2);
    b.add(Norm{NormKind::batch, channels, true, 1e-3, 0.2, 1}, name);
  };
  b.conv("conv1", 3, 64, 3, 1, 1);
  activate(64, "norm1");
  b.conv("conv2", 64, 128, 3, 1, 1);
  activate(128, "norm2");
  b.add(ConvTranspose{128, 256, 4, 2, 1, 0, true}, "up1");  // Keras "same", stride 2
  activate(256, "norm3");
  b.add(ConvTranspose{256, 128, 4, 2, 1, 0, true}, "up2");
  activate(128, "norm4");
  b.conv("conv3", 128, 3, 3, 1, 1);
  b.tanh();
  b.description().content_scale = 0.25;
  // CUT's contrastive loss compares places of the content with places of the result; both are taken here.
  b.tap("nce.0", 0);
  b.tap("nce.1", 3);
  b.tap("nce.2", 6);
  return b.finish();
}

Description compact(const CompactOptions& o) {
  Builder b(o.recurrent ? "recurrent" : "compact", o.in);
  const bool bias = o.norm != NormChoice::batch;
  const auto unit = [&](const std::string& name, int in, int out, int kernel, int stride) {
    b.conv(name, in, out, kernel, stride, kernel / 2, bias);
    add_norm(b, o.norm, out, name + "_norm");
    return b.relu();
  };
  const int w = o.ngf;
  b.tap("nce.0", 0);
  b.tap("nce.1", unit("stem", o.in, w, 5, 1));
  unit("down1", w, 2 * w, 3, 2);
  b.tap("nce.2", unit("down2", 2 * w, 4 * w, 3, 2));
  for (int i = 0; i < o.blocks; ++i) {
    const int input = b.last();
    if (o.recurrent && i == o.blocks / 2) {
      const int hidden = std::max(1, w * 3 / 2);
      add_conv_gru(b, "gru", input, 4 * w, hidden);
      b.conv("gru.out", hidden, 4 * w, 3, 1, 1);
      b.join(Add{}, {input, b.last()});
      continue;
    }
    unit(fmt::format("block{}.conv1", i), 4 * w, 4 * w, 3, 1);
    b.conv(fmt::format("block{}.conv2", i), 4 * w, 4 * w, 3, 1, 1, bias);
    add_norm(b, o.norm, 4 * w, fmt::format("block{}.conv2_norm", i));
    b.join(Add{}, {input, b.last()});
    if (i == o.blocks / 2 - 1) b.tap("nce.3", b.last());
  }
  b.tap("nce.4", b.last());
  b.add(Upsample{Interpolation::nearest, 2, false});
  unit("up1", 4 * w, 2 * w, 3, 1);
  b.add(Upsample{Interpolation::nearest, 2, false});
  unit("up2", 2 * w, w, 3, 1);
  const int head = b.conv("head", w, o.out, 5, 1, 2);
  if (o.residual) {
    if (o.in != o.out) fail(ErrorKind::usage, "a residual generator gives as many channels as it takes");
    b.join(Add{}, {b.add(ScaleShift{{2.0}, {0.0}}, {}, 0), head});
  }
  b.tanh();
  b.description().size_multiple = 4;
  return b.finish();
}

NormChoice norm_from_name(const std::string& name) {
  if (name == "instance") return NormChoice::instance;
  if (name == "batch") return NormChoice::batch;
  if (name == "none") return NormChoice::none;
  fail(ErrorKind::usage, "the norm \"{}\" is not known; choose instance, batch or none", name);
}

std::vector<std::string> generator_names() {
  return {"compact", "recurrent", "resnet_9blocks", "resnet_6blocks", "unet_256", "unet_128", "seed"};
}

Description make_generator(const GeneratorChoice& c) {
  const auto norm = [&](NormChoice own) { return c.norm == "auto" ? own : norm_from_name(c.norm); };
  const auto only_for = [&](bool differs, std::string_view option, std::string_view families) {
    if (differs)
      fail(ErrorKind::usage, "the generator {} has no choice of {}; that is for {}", c.name, option,
           families);
  };
  const bool recurrent = c.name == "recurrent", compact_like = c.name == "compact" || recurrent;
  if (compact_like || c.name == "seed") {
    only_for(c.norm != "auto" && c.name == "seed", "norm", "compact, recurrent, resnet and unet");
    only_for(c.dropout, "dropout", "resnet and unet");
  }
  only_for(c.residual && !compact_like, "residual", "compact and recurrent");
  if (!c.name.starts_with("resnet_")) {
    only_for(c.padding != "reflect", "padding", "resnet");
    only_for(c.decoder != "transposed" || c.antialias_down, "decoder", "resnet");
  }
  if (compact_like)
    return compact({c.in, c.out, c.ngf ? c.ngf : 32, 6, norm(NormChoice::instance), c.residual, recurrent});
  if (c.name == "seed") {
    if (c.in != 3 || c.out != 3 || (c.ngf && c.ngf != 64))
      fail(ErrorKind::usage, "the seed generator is fixed: 3 channels, 64 features; leave out --ngf");
    return seed_generator();
  }
  if (c.name == "unet_256" || c.name == "unet_128") {
    return unet(
        {c.in, c.out, c.ngf ? c.ngf : 64, c.name == "unet_256" ? 8 : 7, norm(NormChoice::batch), c.dropout});
  }
  int blocks = 0;
  const std::string_view text = c.name;
  if (text.starts_with("resnet_") && text.ends_with("blocks")) {
    const std::string_view digits = text.substr(7, text.size() - 13);
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), blocks);
    if (code != std::errc() || end != digits.data() + digits.size()) blocks = 0;
  }
  if (blocks < 1 || blocks > 64) {
    fail(ErrorKind::usage,
         "the generator \"{}\" is not known; choose one of: {}, or resnet_<n>blocks with n from 1 to 64",
         c.name, fmt::join(generator_names(), ", "));
  }
  ResnetOptions o{c.in, c.out, c.ngf ? c.ngf : 64, blocks, norm(NormChoice::instance)};
  o.dropout = c.dropout;
  o.antialias_down = c.antialias_down;
  if (c.padding == "zero")
    o.padding = PadMode::zero;
  else if (c.padding == "replicate")
    o.padding = PadMode::replicate;
  else if (c.padding != "reflect")
    fail(ErrorKind::usage, "the padding \"{}\" is not known; choose reflect, zero or replicate", c.padding);
  if (c.decoder == "resize")
    o.decoder = Decoder::resize;
  else if (c.decoder == "antialias")
    o.decoder = Decoder::antialias;
  else if (c.decoder != "transposed")
    fail(ErrorKind::usage, "the decoder \"{}\" is not known; choose transposed, resize or antialias",
         c.decoder);
  return resnet(o);
}

}  // namespace linmo::net

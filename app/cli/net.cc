// SPDX-License-Identifier: Apache-2.0
// linmo net NAME: what a network is and costs.
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "linmo/core/error.h"
#include "linmo/net/cost.h"
#include "linmo/net/discriminators.h"
#include "linmo/net/features.h"
#include "linmo/net/generators.h"

namespace linmo::cli {
namespace {

struct NetOptions {
  std::string name;
  int64_t size = 256;
  bool json = false, layers = true;
};

net::Description make(const std::string& name) {
  for (const std::string& known : net::discriminator_names()) {
    if (name == known) return net::make_discriminator({.name = name});
  }
  if (name == "perceptual") return net::perceptual({64, 128, 256, 256});  // a student of VGG-19's four stages
  if (name == "vgg19") return net::vgg19(net::VggInput::caffe);
  return net::make_generator({.name = name});
}

int run_net(const NetOptions& o) {
  const net::Description d = make(o.name);
  const auto content = static_cast<int64_t>(static_cast<double>(o.size) * d.content_scale);
  const net::Shape input{d.in_channels(), content, content};
  const std::vector<net::Shape> shapes = net::infer_shapes(d, input);
  const net::Cost c = net::cost(d, input);
  const int64_t field = net::receptive_field(d);
  if (o.json) {
    const nlohmann::json out = {{"name", o.name},
                                {"size", o.size},
                                {"parameters", c.parameters},
                                {"buffers", c.buffers},
                                {"macs", c.macs},
                                {"macs_at_output", c.macs_at_output},
                                {"receptive_field", field},
                                {"peak_activation_values", c.peak_values},
                                {"network", net::to_json(d)}};
    fmt::print("{}\n", out.dump(2));
    return 0;
  }
  for (size_t i = 0; i < d.layers.size(); ++i) {
    const net::Layer& layer = d.layers[i];
    fmt::print("{:4}  {:15} {:44} {:>5} × {} × {}\n", i, net::op_name(layer.op), layer.name,
               shapes[i].channels, shapes[i].height, shapes[i].width);
  }
  fmt::print(
      "\n{} at {} × {} pixels (N × C × H × W; the sizes above are C × H × W)\n"
      "  parameters       {:>12}  ({} more are stored: running statistics, filters)\n"
      "  arithmetic       {:>12.2f} GMAC ({:.2f} counting transposed convolutions at their output, as often "
      "quoted)\n"
      "  receptive field  {:>12} px\n"
      "  memory to apply  {:>12.1f} MB of fp32 activations at the most\n",
      o.name, o.size, o.size, c.parameters, c.buffers, static_cast<double>(c.macs) / 1e9,
      static_cast<double>(c.macs_at_output) / 1e9, field, static_cast<double>(c.peak_values) * 4 / 1e6);
  return 0;
}

}  // namespace

void add_net(Registry registry) {
  auto options = std::make_shared<NetOptions>();
  CLI::App* command =
      registry.app.add_subcommand("net", "Show a network: layers, parameters, arithmetic, receptive field");
  command
      ->add_option(
          "name", options->name,
          fmt::format("{}, resnet_<n>blocks; or a discriminator: {}; or a feature network: perceptual, vgg19",
                      fmt::join(net::generator_names(), ", "), fmt::join(net::discriminator_names(), ", ")))
      ->required();
  command->add_option("--size", options->size, "picture side [px]")
      ->capture_default_str()
      ->check(CLI::Range(4, 16384));
  command->add_flag("--json", options->json, "for machines");
  command->callback([options, &code = registry.exit_code] { code = run_net(*options); });
}

}  // namespace linmo::cli

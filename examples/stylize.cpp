// SPDX-License-Identifier: Apache-2.0
// stylize MODEL IN.ppm OUT.ppm: a picture in a model's style.
#include <linmo/linmo.h>

#include <fstream>
#include <iostream>
#include <vector>

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::cerr << "usage: stylize MODEL.safetensors IN.ppm OUT.ppm\n";
    return 2;
  }
  // A binary PPM: "P6", width, height, 255, one white space, then RGB.
  std::ifstream file(argv[2], std::ios::binary);
  std::string kind;
  linmo::PictureFormat in;
  int full = 0;
  file >> kind >> in.width >> in.height >> full;
  file.get();
  if (!file || kind != "P6" || full != 255 || in.width < 1 || in.height < 1 || in.width * in.height > 1 << 28)
    throw std::runtime_error(std::string(argv[2]) + " is not a binary PPM of 8 bits");
  std::vector<std::byte> pixels(in.bytes());
  if (!file.read(reinterpret_cast<char*>(pixels.data()), static_cast<std::streamsize>(pixels.size())))
    throw std::runtime_error(std::string(argv[2]) + " is cut short");

  const linmo::Stylizer stylizer = linmo::Stylizer::load(argv[1]);
  const linmo::PictureFormat out = stylizer.result_format(in);
  std::vector<std::byte> result(out.bytes());
  linmo::StyleSettings settings;
  settings.progress = [](double done) {
    return std::cerr << "\r" << int(100 * done) << " %" << std::flush, true;
  };
  stylizer.apply(pixels, in, result, settings);
  std::cerr << "\n" << stylizer.about() << "\n";

  std::ofstream to(argv[3], std::ios::binary);
  to << "P6\n" << out.width << " " << out.height << "\n255\n";
  to.write(reinterpret_cast<const char*>(result.data()), static_cast<std::streamsize>(result.size()));
  return to.flush() ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << "stylize: " << error.what() << "\n";
  return 1;
}

// SPDX-License-Identifier: Apache-2.0
// Everything a training run is decided by. Free of libtorch, so that `linmo train --help` is instant.
#pragma once

#include <cstdint>
#include <string>

#include "linmo/core/settings.h"

namespace linmo::train {

struct TrainSettings {
  // data
  std::string content, style, test;  // folders; see loader.h for the layouts understood
  std::string preprocess = "scale_shortside_and_crop";
  int64_t size = 128, load_size = 0;
  bool flip = true;
  double aspect_jitter = 0;
  std::string direction = "AtoB";
  int64_t max_pictures = 0;
  int64_t cache_mb = 2048;
  int64_t samples = 6;

  // networks
  std::string method = "swift";
  std::string generator = "compact";
  int64_t ngf = 0;
  std::string norm = "auto", padding = "reflect", decoder = "transposed";
  bool antialias_down = false, dropout = false, residual = false;
  std::string discriminator = "patch";
  int64_t ndf = 0, layers = 3, scales = 2;
  std::string norm_d = "auto";
  bool spectral_norm = false;
  std::string init = "auto", from, from_style, add_style;
  double learn_share = 1;
  double init_gain = 0.02;

  // losses
  std::string gan_loss = "auto";
  bool saturating = false;
  double label_smoothing = 0, r1 = 0, lambda_gp = 10;
  double lambda_gan = 1, lambda_cycle = 10, lambda_identity = -1, lambda_l1 = 100, lambda_nce = -1,
         lambda_content = 10, lambda_features = 0;
  std::string features = "features";
  int64_t patches = 256;
  int64_t frames = 4;
  double lambda_temporal = 5, motion = 3, frame_noise = 0.04;
  double temperature = 0.07;
  int64_t pool_size = 50;
  std::string augment = "";
  double adjust = 0.2;

  // optimisation
  std::string time = "";
  int64_t steps = 0;
  int64_t batch = 1;
  double rate = 2e-4, style_rate = 10, beta1 = 0.5, beta2 = 0.999;
  double decay_from = 0.5;
  int64_t warm_up = 0;
  double clip_norm = 0;
  double ema = 0.998;
  std::string precision = "auto";
  int64_t seed = 1;
  int64_t threads = 0;
  std::string device = "cpu";

  // the run
  std::string title, licence, credit, subject = "auto";
  std::string dtype = "f32";
  int64_t checkpoint_every = 300, log_every = 10;
  int64_t score_pictures = 32, patience = 0;
  std::string keep = "last";
  bool snapshots = false;
  int64_t stop_at = 0;

  void visit(FieldVisitor& v);

  // Fills in "auto" and −1 by method, checks that everything goes together; throws ErrorKind::usage.
  void resolve();
};

// The settings of `linmo tune`: swift on the network of --from, for a short time. Which layers learn, and the
// rest, were chosen by measurement (docs/methods.md, "tune").
constexpr const char* kTuneTime = "3m";
void prepare_tuning(TrainSettings& settings);
// Of `linmo tune --add-style`: multi on the network of --from, whose numbers keep their type, so that those
// which do not learn keep their bits.
void prepare_adding(TrainSettings& settings);

// Fields that a resumed run may not change, because the checkpoint's tensors or its data order depend on
// them.
bool fixed_on_resume(const std::string& key);

}  // namespace linmo::train

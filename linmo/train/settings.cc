// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/settings.h"

#include <algorithm>
#include <array>

#include "linmo/core/error.h"

namespace linmo::train {

void TrainSettings::visit(FieldVisitor& v) {
  constexpr double kMany = 1e9;
  v.section("Data");
  v.field({"content",
           "pictures to be changed: a folder, or a folder with trainA/trainB (then --style is not needed)"},
          content);
  v.field({"style",
           "pictures whose look is learnt; for paired the true results, with equal names; for multi a folder "
           "with a folder for each style, called as the style"},
          style);
  v.field(
      {"test",
       "held-out content pictures for the sample grids (default: testA, or a few kept out of the content)"},
      test);
  v.field(FieldInfo::one_of("preprocess", "from picture to training crop",
                            {"scale_shortside_and_crop", "resize_and_crop", "scale_width_and_crop",
                             "scale_width", "crop", "none"}),
          preprocess);
  v.field(FieldInfo{"size", "side of the training crop", "px", 16, 2048}.also("crop_size"), size);
  v.field(
      {"load_size", "side that pictures are brought to before the crop (0: size × 286/256)", "px", 0, 8192},
      load_size);
  v.field({"flip", "mirror half of the crops"}, flip);
  v.field({"aspect_jitter", "stretch crops by up to this factor − 1, at random", "", 0, 1}, aspect_jitter);
  v.field(
      FieldInfo::one_of("direction", "which side is the content of a side-by-side or trainA/trainB data set",
                        {"AtoB", "BtoA"}),
      direction);
  v.field(FieldInfo{"max_pictures", "use at most this many of each side (0: all)", "pictures", 0, kMany}.also(
              "max_dataset_size"),
          max_pictures);
  v.field({"cache_mb", "memory for decoded pictures; more are decoded again when needed", "MB", 0, 1e6},
          cache_mb);
  v.field({"samples", "held-out pictures in each sample grid", "pictures", 1, 64}, samples);

  v.section("Networks");
  v.field(FieldInfo::one_of(
              "method", "what is trained",
              {"swift", "multi", "cut", "fastcut", "cyclegan", "paired", "classic", "recurrent", "distil"}),
          method);
  v.field(FieldInfo{"generator",
                    "compact, recurrent, resnet_9blocks, resnet_6blocks, resnet_<n>blocks, unet_256, "
                    "unet_128, seed (see linmo net NAME); from: the network of --from MODEL"}
              .also("netG"),
          generator);
  v.field({"ngf", "features of the generator's first layer (0: the generator's own)", "", 0, 1024}, ngf);
  v.field(FieldInfo::one_of("norm", "the generator's norm", {"auto", "instance", "batch", "none"}), norm);
  v.field(FieldInfo::one_of("padding", "of residual blocks (resnet)", {"reflect", "zero", "replicate"}),
          padding);
  v.field(FieldInfo::one_of("decoder", "how resnet enlarges", {"transposed", "resize", "antialias"}),
          decoder);
  v.field({"antialias_down", "blur before resnet reduces, as CUT does"}, antialias_down);
  v.field({"dropout", "dropout in resnet's blocks or the U-Net's middle"}, dropout);
  v.field({"residual",
           "compact, recurrent: paints a change of the content instead of the whole picture: for drawings "
           "and letters"},
          residual);
  v.field(
      FieldInfo::one_of("discriminator", "what judges", {"patch", "basic", "n_layers", "pixel", "multiscale"})
          .also("netD"),
      discriminator);
  v.field({"ndf", "features of the discriminator's first layer (0: 64, or 48 beside the compact generator)",
           "", 0, 1024},
          ndf);
  v.field(FieldInfo{"layers", "depth of the patch discriminator: 3 sees 70 px", "", 1, 5}.also("n_layers_D"),
          layers);
  v.field({"scales", "of the multiscale discriminator", "", 1, 5}, scales);
  v.field(FieldInfo::one_of("norm_d", "the discriminator's norm", {"auto", "instance", "batch", "none"}),
          norm_d);
  v.field({"spectral_norm", "spectral normalisation of the discriminator"}, spectral_norm);
  v.field(FieldInfo::one_of("init", "how weights begin", {"auto", "normal", "xavier", "kaiming", "keras"})
              .also("init_type"),
          init);
  v.field({"from",
           "begin with this model's weights instead of random ones: a file, a run or a name; its generator "
           "must be the same, or --generator from takes it over"},
          from);
  v.field(
      {"from_style", "of a --from model of several styles, the one to begin with, as in linmo apply --style"},
      from_style);
  v.field({"add_style",
           "multi: learn the pictures of --style as one more style, of this name, of the --from model; all "
           "else that it has learnt keeps its bits"},
          add_style);
  v.field({"learn_share",
           "share of the generator's layers that learn, counted from the result back; the others stay as in "
           "--from",
           "", 0.01, 1},
          learn_share);
  v.field({"init_gain", "spread of the first weights", "", 1e-6, 10}, init_gain);

  v.section("Losses");
  v.field(FieldInfo::one_of("gan_loss", "adversarial loss (lsgan, vanilla, wgangp are understood)",
                            {"auto", "log", "cross-entropy", "least-squares", "hinge", "wasserstein-gp",
                             "vanilla", "lsgan", "wgangp"})
              .also("gan_mode"),
          gan_loss);
  v.field({"saturating", "log: the generator minimises log(1 − D) as in the minimax game"}, saturating);
  v.field({"label_smoothing", "real pictures count as 1 − this (cross-entropy, least-squares)", "", 0, 0.5},
          label_smoothing);
  v.field({"r1", "weight γ of the R1 penalty on real pictures (0: off)", "", 0, 1000}, r1);
  v.field({"lambda_gp", "weight of the gradient penalty (wasserstein-gp)", "", 0, 1000}, lambda_gp);
  v.field({"lambda_gan", "weight of the adversarial loss", "", 0, 1000}, lambda_gan);
  v.field(FieldInfo{"lambda_cycle", "cyclegan: weight of the cycle loss", "", 0, 1000}.also("lambda_A"),
          lambda_cycle);
  v.field({"lambda_identity",
           "cyclegan: identity loss as a share of lambda_cycle; cut: 1 with, 0 without identity NCE (−1: the "
           "method's own)",
           "", -1, 100},
          lambda_identity);
  v.field(
      FieldInfo{"lambda_l1", "paired: weight of the distance to the truth", "", 0, 10000}.also("lambda_L1"),
      lambda_l1);
  v.field(
      FieldInfo{"lambda_nce",
                "cut, swift, multi, recurrent: weight of the contrastive loss (−1: cut 1, fastcut 10, the "
                "others 2)",
                "", -1, 1000}
          .also("lambda_NCE"),
      lambda_nce);
  v.field({"lambda_content",
           "classic: weight of the reconstruction that keeps the content; recurrent: of the distance to what "
           "--from, a model for single pictures, gives for each frame alone",
           "", 0, 1000},
          lambda_content);
  v.field({"features",
           "swift, recurrent: the feature network that it judges with; distil: the teacher; a model file or "
           "name"},
          features);
  v.field(
      {"lambda_features",
       "swift, recurrent: weight of the distance between the features of result and content", "", 0, 1000},
      lambda_features);
  v.field(FieldInfo{"patches", "cut, swift, recurrent: places compared in each layer", "", 1, 65536}.also(
              "num_patches"),
          patches);
  v.field(
      FieldInfo{"temperature", "cut, swift, recurrent: of the contrastive loss", "", 1e-3, 10}.also("nce_T"),
      temperature);
  v.field({"frames", "recurrent: frames of a sequence, through all of which gradients pass", "frames", 2, 32},
          frames);
  v.field({"lambda_temporal",
           "recurrent: weight of the difference from the frame before, moved as the content, by the contrast",
           "", 0, 1000},
          lambda_temporal);
  v.field({"motion", "recurrent: how far the content moves from frame to frame, at most", "px", 0, 64},
          motion);
  v.field(
      {"frame_noise",
       "recurrent: spread of the noise on the frames, at most, of samples in [-1, 1]; brightness changes by "
       "half of it",
       "", 0, 1},
      frame_noise);
  v.field({"pool_size", "cyclegan: earlier results that the discriminators are reminded of", "pictures", 0,
           10000},
          pool_size);
  v.field(
      {"augment",
       "differentiable augmentation before the discriminator (Zhao 2020), any of: color,translation,cutout"},
      augment);
  v.field({"adjust", "classic: share of the budget in which only the generator is adjusted", "", 0, 0.9},
          adjust);

  v.section("Optimisation");
  v.field({"time",
           "train this long: 90s, 30m, 2h (the schedule stretches to it; 10m when neither time nor steps is "
           "given)"},
          time);
  v.field({"steps", "train this many steps instead of a time (0: by time)", "steps", 0, kMany}, steps);
  v.field(FieldInfo{"batch", "pictures a step", "pictures", 1, 256}.also("batch_size"), batch);
  v.field(FieldInfo{"rate", "Adam's learning rate", "", 1e-8, 1e6}.also("lr"), rate);
  v.field({"style_rate",
           "multi: rate of the scales and shifts in which styles differ, as a multiple of the rate; they are "
           "near 1 where other weights are near 0.03, and each style's turn comes seldom",
           "", 0.01, 1000},
          style_rate);
  v.field({"beta1", "Adam's β₁", "", 0, 0.9999}, beta1);
  v.field({"beta2", "Adam's β₂", "", 0, 0.99999}, beta2);
  v.field({"decay_from", "share of the budget after which the rate falls linearly to 0", "", 0, 1},
          decay_from);
  v.field({"warm_up", "steps over which the rate rises from 0", "steps", 0, kMany}, warm_up);
  v.field({"clip_norm", "largest gradient norm (0: off)", "", 0, 1e6}, clip_norm);
  v.field({"ema", "decay of the averaged generator, which is what is exported (0: off)", "", 0, 0.99999},
          ema);
  v.field(FieldInfo::one_of("precision",
                            "of the convolutions; auto: bf16 where the processor has it, else fp32; plain: "
                            "fp32 through libtorch's own "
                            "operations, slow, to compare with",
                            {"auto", "bf16", "fp32", "plain"}),
          precision);
  v.field({"seed", "of everything random: equal seeds give equal runs on one machine", "", 0, 9e15}, seed);
  v.field({"threads", "processor threads (0: all)", "", 0, 1024}, threads);
  v.field(FieldInfo::one_of("device", "where to train", {"cpu", "cuda"}), device);

  v.section("The run");
  v.field({"title", "what the model's card says it does (default: the names of the two folders)"}, title);
  v.field({"licence", "what may be done with the model, for its card"}, licence);
  v.field({"credit", "where the pictures come from, for the model's card"}, credit);
  v.field(
      FieldInfo::one_of("subject",
                        "what the content shows, for the card: the studio draws a sample of it and has the "
                        "model paint that; auto: as --from, else a landscape",
                        {"auto", "landscape", "characters"}),
      subject);
  v.field({"checkpoint_every", "time between checkpoints", "s", 1, 1e6}, checkpoint_every);
  v.field({"score_pictures",
           "results scored against the style and their contents at every twentieth of the budget, with the "
           "bundled network `features`; 0: none",
           "pictures", 0, 1000},
          score_pictures);
  v.field({"patience", "end when so many scores in a row were no better than the best before; 0: never",
           "scores", 0, 1000},
          patience);
  v.field(FieldInfo::one_of(
              "keep", "which state becomes model.safetensors; the best one is best.safetensors either way",
              {"last", "best"}),
          keep);
  v.field(
      {"snapshots",
       "keep the generator of every sample grid in snapshots/, to rank with linmo evaluate --leaderboard"},
      snapshots);
  v.field({"log_every", "steps between lines of stats.jsonl", "steps", 1, 1e6}, log_every);
  v.field(FieldInfo::one_of("dtype", "how the exported model's numbers are stored; from: as those of --from",
                            {"f32", "f16", "bf16", "from"}),
          dtype);
  v.field({"stop_at", "save and stop at this step as if interrupted; --resume goes on (0: off)", "steps", 0,
           kMany},
          stop_at);
}

void TrainSettings::resolve() {
  const auto pick = [](std::string& value, const char* own) {
    if (value == "auto") value = own;
  };
  const bool contrastive = method == "cut" || method == "fastcut";
  const bool swift = method == "swift" || method == "multi" || method == "recurrent";
  if (method == "distil") generator = "perceptual";  // the only student there is
  if (method == "recurrent" && generator == "compact") generator = "recurrent";
  const bool compact = generator == "compact" || generator == "recurrent";
  pick(gan_loss, method == "paired" || method == "classic" ? "cross-entropy" : "least-squares");
  if (gan_loss == "vanilla") gan_loss = "cross-entropy";
  if (gan_loss == "lsgan") gan_loss = "least-squares";
  if (gan_loss == "wgangp") gan_loss = "wasserstein-gp";
  pick(init, contrastive || compact ? "xavier" : generator == "seed" ? "keras" : "normal");
  pick(norm_d, generator.starts_with("unet_") ? "batch" : "instance");
  if (discriminator == "basic" || discriminator == "n_layers") discriminator = "patch";
  if (ndf == 0) ndf = compact ? 48 : 64;
  if (lambda_nce < 0) lambda_nce = method == "fastcut" ? 10 : swift ? 2 : 1;
  if (lambda_identity < 0) lambda_identity = method == "cyclegan" ? 0.5 : method == "cut" ? 1 : 0;
  if (load_size == 0) load_size = preprocess.ends_with("_and_crop") ? (size * 286 + 128) / 256 : size;
  if (time.empty() && steps == 0) time = "10m";
  if (!time.empty() && steps > 0) fail(ErrorKind::usage, "give --time or --steps, not both");
  if (!time.empty() && parse_duration(time) <= 0) fail(ErrorKind::usage, "--time must be longer than 0 s");
  if (preprocess.ends_with("_and_crop") && load_size < size) {
    fail(ErrorKind::usage, "load_size = {} is smaller than size = {}; raise --load-size or lower --size",
         load_size, size);
  }
  if (batch > 1 && (preprocess == "none" || preprocess == "scale_width")) {
    fail(ErrorKind::usage, "--preprocess {} keeps different sizes, so --batch must be 1", preprocess);
  }
  if (contrastive && generator.starts_with("unet_")) {
    fail(ErrorKind::usage,
         "--method {} compares places in the generator's encoder, which a U-Net's skips short-circuit; "
         "choose resnet_*, compact or seed",
         method);
  }
  if (swift && (gan_loss == "wasserstein-gp" || r1 > 0 || spectral_norm || discriminator != "patch"))
    fail(ErrorKind::usage,
         "--method {} has discriminators of its own, without gradient penalties: leave --discriminator, "
         "--spectral-norm, --r1 and --gan-loss wasserstein-gp away",
         method);
  if (score_pictures == 1) fail(ErrorKind::usage, "--score-pictures is 0 or at least 2");
  if (score_pictures == 0 && (patience > 0 || keep == "best"))
    fail(ErrorKind::usage, "--patience and --keep best go by the scores: leave --score-pictures 0 away");
  if (method == "recurrent" && !preprocess.ends_with("crop"))
    fail(ErrorKind::usage,
         "--method recurrent moves a square window over its contents, so --preprocess {} cannot be",
         preprocess);
  if (generator == "from" && from.empty())
    fail(ErrorKind::usage, "--generator from takes the network of --from MODEL: say which");
  if (learn_share < 1 && from.empty())
    fail(ErrorKind::usage, "--learn-share keeps layers as they are in --from MODEL: say which");
  if (!from_style.empty() && from.empty())
    fail(ErrorKind::usage, "--from-style names a style of --from MODEL: say which");
  if (!add_style.empty()) {
    if (method != "multi" || generator != "from" || from.empty())
      fail(ErrorKind::usage,
           "--add-style goes with --method multi --generator from --from MODEL, or with linmo tune MODEL");
    if (!from_style.empty() || learn_share < 1)
      fail(ErrorKind::usage,
           "--add-style keeps all that the model has learnt; leave --from-style and --learn-share away");
  }
  if (dtype == "from" && from.empty())
    fail(ErrorKind::usage, "--dtype from stores numbers as --from MODEL does: say which");
  if (saturating && gan_loss != "log") fail(ErrorKind::usage, "--saturating goes with --gan-loss log");
  if ((gan_loss == "wasserstein-gp" || r1 > 0) && norm_d == "batch") {
    fail(ErrorKind::usage,
         "a gradient penalty needs a discriminator without batch norm; choose --norm-d instance or none");
  }
  std::string rest = augment;
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    const std::string word = rest.substr(0, comma);
    if (word != "color" && word != "translation" && word != "cutout") {
      fail(ErrorKind::usage, "--augment takes color, translation, cutout, with commas between; not \"{}\"",
           word);
    }
    rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
  }
  check(*this);
}

void prepare_tuning(TrainSettings& s) {
  s.method = "swift";
  s.generator = "from";
  s.time = kTuneTime;
  s.load_size = 224;
  s.beta2 = 0.99;
  s.dtype = "f16";
}

void prepare_adding(TrainSettings& s) {
  prepare_tuning(s);
  s.method = "multi";
  s.dtype = "from";
}

bool fixed_on_resume(const std::string& key) {
  static constexpr std::array kFree = {"time",    "steps",    "checkpoint_every", "log_every", "stop_at",
                                       "threads", "cache_mb", "patience",         "keep",      "decay_from",
                                       "title",   "licence",  "credit",           "dtype",     "snapshots",
                                       "subject"};
  return std::find(kFree.begin(), kFree.end(), key) == kFree.end();
}

}  // namespace linmo::train

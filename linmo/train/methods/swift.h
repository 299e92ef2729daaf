// SPDX-License-Identifier: Apache-2.0
// linmo's own method: a generator judged through the eyes of a frozen feature network. Small discriminators,
// one on each stage of the features (Sauer 2021, "Projected GANs converge faster"), need not learn what edges
// and textures are before they can tell a painting from a photograph, so the generator learns in minutes.
// The content is kept by PatchNCE (Park 2020): every place of the result must be recognisable among the
// places of its content.
//
// `multi` is the same for several styles: the generator has a row of scales and shifts for each
// (net/styles.h), every discriminator a map of logits for each (Liu 2019, FUNIT), and each picture of a batch
// its own style, in which its content is painted and by whose map it is judged. A style's map refuses the
// other styles' pictures too: paintings are further from photographs than from each other.
#pragma once

#include "linmo/train/features.h"
#include "linmo/train/method.h"
#include "linmo/train/nce.h"

namespace linmo::train {

class Swift : public Method {
 public:
  // `learnt`: the styles that the pictures have, empty for one without a name.
  explicit Swift(const TrainSettings& settings, const std::vector<std::string>& learnt = {});
  Losses step(const Batch& batch, const StepContext& context) override;
  double flops_per_step() const override;
  void set_precision(Precision precision) override;
  std::vector<StateItem> state() const override;

 protected:
  // Another term of the generator's loss.
  struct Term {
    std::string name;
    at::Tensor loss;
    double weight;
  };
  // Everything of a step after the generator's pass: the lesson of its judges, then its own. `fake` and
  // `content` are alike in number and size; `style` may be of another number where there is one style, and
  // otherwise each has the style of its place in `styles`.
  Losses learn(const at::Tensor& fake, const at::Tensor& content, const at::Tensor& style,
               const std::vector<int64_t>& styles, const std::vector<Term>& terms, Random& random,
               const StepContext& context);
  // Of the feature network and the judges, for a step with so many batches of results to one of style.
  double flops_of_judging(double results) const;
  const Network& generator() const { return *g_; }

 private:
  // What the generator can paint after the run: of a model that is added to, its styles first.
  struct Styles {
    Styles(const TrainSettings& settings, const std::vector<std::string>& learnt);
    std::vector<std::string> all;
    size_t known = 0;  // those of the model that is added to
  };
  Swift(const TrainSettings& settings, Styles styles, size_t judged);
  std::vector<std::shared_ptr<Network>> add_heads();
  std::vector<int64_t> compared_channels() const;
  std::vector<at::Tensor> projection_parameters() const;
  at::Tensor own_map(const at::Tensor& logits, const std::vector<int64_t>& styles) const;
  at::Tensor other_maps(const at::Tensor& logits, const std::vector<int64_t>& styles) const;
  std::vector<at::Tensor> judge(const std::vector<at::Tensor>& features,
                                const std::vector<int64_t>& styles) const;
  at::Tensor lesson(const std::vector<at::Tensor>& real, const std::vector<at::Tensor>& fake,
                    const std::vector<int64_t>& styles) const;
  at::Tensor contrastive(const std::vector<at::Tensor>& result, const std::vector<at::Tensor>& content,
                         Random& random) const;

  int judged_;  // styles that the heads tell apart
  Features eye_;
  std::shared_ptr<Network> g_;
  std::vector<std::shared_ptr<Network>> heads_;
  NceHeads projections_;
  std::vector<std::pair<Adam*, double>> adams_g_;  // with their multiple of the rate
  Adam &adam_d_, &adam_f_;
};

}  // namespace linmo::train

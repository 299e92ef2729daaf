// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/iiif.h"

#include <gtest/gtest.h>

#include "linmo/core/error.h"

namespace linmo {
namespace {

TEST(Iiif, PresentationTwo) {
  const IiifDocument got = parse_iiif(R"({
    "@context": "http://iiif.io/api/presentation/2/context.json", "@type": "sc:Manifest",
    "@id": "https://museum.example/1/manifest", "label": [{"@value": "Snow", "@language": "en"}],
    "license": "https://creativecommons.org/publicdomain/zero/1.0/", "attribution": "The <b>Museum</b>",
    "metadata": [{"label": "Creator", "value": ["Hokusai", "Eisen"]}, {"label": "Date", "value": "c. 1830"},
                 {"label": "Culture", "value": "Japan"}],
    "sequences": [{"canvases": [
      {"label": "front", "images": [{"resource": {"@id": "https://museum.example/iiif/2/ab%2Fcd/full/full/0/default.jpg",
         "service": {"@id": "https://museum.example/iiif/2/ab%2Fcd"}}}]},
      {"label": "back", "images": [{"resource": {"@id": "https://museum.example/files/back.png?x=1"}}]}]}]})",
                                      "manifest.json");
  ASSERT_EQ(got.pictures.size(), 2u);
  EXPECT_EQ(got.label, "Snow");
  const IiifPicture& front = got.pictures[0];
  EXPECT_EQ(front.names, (std::vector<std::string>{"ab/cd", "cd"}));
  EXPECT_EQ(front.canvas, "front");
  EXPECT_EQ(front.picture.title, "Snow");
  EXPECT_EQ(front.picture.artist, "Hokusai; Eisen");
  EXPECT_EQ(front.picture.date, "c. 1830");
  EXPECT_EQ(front.picture.culture, "Japan");
  EXPECT_EQ(front.picture.source, "The Museum");
  EXPECT_EQ(front.picture.licence, "https://creativecommons.org/publicdomain/zero/1.0/");
  EXPECT_EQ(front.picture.work, "https://museum.example/1/manifest");
  EXPECT_EQ(got.pictures[1].names, (std::vector<std::string>{"back.png"}));
}

TEST(Iiif, PresentationThree) {
  const IiifDocument got = parse_iiif(R"({
    "@context": "http://iiif.io/api/presentation/3/context.json", "type": "Manifest", "id": "https://m.example/9",
    "label": {"zh": ["雪景"], "en": ["Snow"]}, "rights": "http://rightsstatements.org/vocab/InC/1.0/",
    "requiredStatement": {"label": {"en": ["Attribution"]}, "value": {"en": ["The Museum"]}},
    "metadata": [{"label": {"en": ["Artist"]}, "value": {"none": ["Fan Kuan 范宽"]}}],
    "homepage": [{"id": "https://m.example/page/9"}],
    "items": [{"type": "Canvas", "items": [{"type": "AnnotationPage", "items": [
      {"type": "Annotation", "motivation": "painting",
       "body": {"id": "images/雪景.jpg", "type": "Image", "service": [{"id": "https://m.example/iiif/3/x1"}]}},
      {"type": "Annotation", "motivation": "commenting", "body": {"type": "TextualBody", "value": "no"}}]}]}]})",
                                      "m.json");
  ASSERT_EQ(got.pictures.size(), 1u);
  EXPECT_EQ(got.pictures[0].names, (std::vector<std::string>{"x1", "images/雪景.jpg", "雪景.jpg"}));
  EXPECT_EQ(got.pictures[0].picture.artist, "Fan Kuan 范宽");
  EXPECT_EQ(got.pictures[0].picture.source, "The Museum");
  EXPECT_EQ(got.pictures[0].picture.permalink, "https://m.example/page/9");
  EXPECT_EQ(got.pictures[0].canvas, "");
}

TEST(Iiif, ImageInformation) {
  const IiifDocument got = parse_iiif(
      R"({"@context": "http://iiif.io/api/image/3/context.json", "id": "https://m.example/iiif/3/x1",
          "protocol": "http://iiif.io/api/image", "width": 6000, "height": 4000})",
      "info.json");
  ASSERT_EQ(got.pictures.size(), 1u);
  EXPECT_EQ(got.pictures[0].names[0], "x1");
  EXPECT_EQ(got.pictures[0].names[1], "full/max/0/default.jpg");
}

TEST(Iiif, NoNameLeadsOutOfTheFolder) {
  const auto names = [](const std::string& address) {
    const std::string text = R"({"type": "Manifest", "items": [{"items": [{"items": [{"body": {"id": ")" +
                             address + R"("}}]}]}]})";
    const IiifDocument got = parse_iiif(text, "m");
    return got.pictures.empty() ? std::vector<std::string>{} : got.pictures[0].names;
  };
  EXPECT_EQ(names("../secret.jpg"), std::vector<std::string>{"secret.jpg"});
  EXPECT_EQ(names("/etc/passwd"), std::vector<std::string>{"passwd"});
  EXPECT_EQ(names("https://m.example/iiif/..%2F..%2Fx/full/max/0/default.jpg"),
            std::vector<std::string>{"x"});
  EXPECT_EQ(names(".."), std::vector<std::string>{});
}

TEST(Iiif, RefusesWhatIsNone) {
  EXPECT_THROW(parse_iiif("{}", "x"), Error);
  EXPECT_THROW(parse_iiif("[1, 2", "x"), Error);
  EXPECT_THROW(parse_iiif(R"({"type": "Collection", "items": []})", "x"), Error);
  EXPECT_THROW(parse_iiif(std::string(100'000, '['), "x"), Error);
  EXPECT_TRUE(parse_iiif(R"({"type": "Manifest", "items": 5, "metadata": {"a": 1}, "label": 7})", "x")
                  .pictures.empty());
}

}  // namespace
}  // namespace linmo

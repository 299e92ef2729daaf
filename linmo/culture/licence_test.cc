// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/licence.h"

#include <gtest/gtest.h>

namespace linmo::culture {
namespace {

struct Case {
  const char* text;
  const char* name;
  bool may_embed, needs_attribution, share_alike;
};

TEST(Licence, NamesAddressesAndIdentifiers) {
  const Case cases[] = {
      {"CC0", "CC0", true, false, false},
      {"CC0 1.0 Universal", "CC0 1.0", true, false, false},
      {"https://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0", true, false, false},
      {"http://creativecommons.org/publicdomain/mark/1.0/", "Public domain", true, false, false},
      {"Public Domain", "Public domain", true, false, false},
      {"PD", "Public domain", true, false, false},
      {"artworks public domain", "Public domain", true, false, false},
      {"http://rightsstatements.org/vocab/NoC-US/1.0/", "Public domain", true, false, false},
      {"CC BY 4.0", "CC BY 4.0", true, true, false},
      {"CC-BY-2.0", "CC BY 2.0", true, true, false},
      {"https://creativecommons.org/licenses/by/2.0/", "CC BY 2.0", true, true, false},
      {"Creative Commons Attribution 4.0 International", "CC BY 4.0", true, true, false},
      {"CC BY-SA", "CC BY-SA", true, true, true},
      {"https://creativecommons.org/licenses/by-sa/4.0/deed.en", "CC BY-SA 4.0", true, true, true},
      {"Attribution-ShareAlike 3.0 (Creative Commons)", "CC BY-SA 3.0", true, true, true},
      {"GPL-2+", "GPL", true, true, true},
      {"CC BY-NC 4.0", "CC BY-NC 4.0", false, false, false},
      {"https://creativecommons.org/licenses/by-nc-nd/4.0/", "CC BY-NC-ND 4.0", false, false, false},
      {"CC BY-ND", "CC BY-ND", false, false, false},
      {"Creative Commons Attribution-NonCommercial-ShareAlike 3.0", "CC BY-NC-SA 3.0", false, false, false},
      {"© 2020 The Museum. All rights reserved.", "All rights reserved", false, false, false},
      {"http://rightsstatements.org/vocab/InC/1.0/", "In copyright", false, false, false},
      {"http://rightsstatements.org/vocab/InC-EDU/1.0/", "In copyright", false, false, false},
      {"http://rightsstatements.org/vocab/NoC-NC/1.0/", "", false, false, false},
      {"http://rightsstatements.org/vocab/CNE/1.0/", "", false, false, false},
      {"not in the public domain", "", false, false, false},
      {"Harvard: own terms", "", false, false, false},
      {"", "", false, false, false},
      {"unknown", "", false, false, false},
      {"copy", "", false, false, false},
      {"public domain, photograph © 2011 The Museum", "", false, false, false},
      {"No known copyright restrictions", "Public domain", true, false, false},
      // Two licences: the stricter one counts.
      {"public domain; photograph CC BY-NC", "CC BY-NC", false, false, false},
      {"artwork public domain, photograph CC BY-SA 3.0", "CC BY-SA 3.0", true, true, true},
  };
  for (const Case& c : cases) {
    const Licence got = parse_licence(c.text);
    EXPECT_EQ(got.name, c.name) << c.text;
    EXPECT_EQ(got.may_embed, c.may_embed) << c.text;
    EXPECT_EQ(got.needs_attribution, c.needs_attribution) << c.text;
    EXPECT_EQ(got.share_alike, c.share_alike) << c.text;
  }
  EXPECT_FALSE(parse_licence(std::string(100'000, 'x') + " cc0").may_embed);
}

}  // namespace
}  // namespace linmo::culture

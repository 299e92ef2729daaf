// SPDX-License-Identifier: Apache-2.0
#include "app/server/http.h"

#include <gtest/gtest.h>

#include "app/server/folders.h"
#include "app/server/guard.h"
#include "linmo/collection/csv.h"

namespace linmo::studio {
namespace {

template <class F>
int status_of(F&& f) {
  try {
    f();
  } catch (const HttpError& error) {
    return error.status;
  }
  return 200;
}

Request request_of(std::string_view target, const char* method = "GET") {
  Request request;
  request.method = method;
  split_target(target, request);
  return request;
}

TEST(Router, FindsByPatternAndDecodes) {
  Router router;
  router.add({"GET", "/a/{id}", nullptr});
  router.add({"POST", "/a/{id}/b", nullptr, true});
  Request request = request_of("/a/%E5%B1%B1%2F..?x=1%262&y");
  EXPECT_EQ(router.find(request).pattern, "/a/{id}");
  EXPECT_EQ(request.parameter("id"), "山/..");
  EXPECT_EQ(request.text("x"), "1&2");
  EXPECT_EQ(request.text("y", "z"), "");
  request = request_of("/a/1/b", "POST");
  EXPECT_TRUE(router.find(request).takes_upload);
  for (const char* nothing : {"/", "/a", "/a/", "/a/1/", "/a/1/b/c", "/b"}) {
    request = request_of(nothing);
    EXPECT_EQ(status_of([&] { router.find(request); }), 404) << nothing;
  }
  request = request_of("/a/1/b");
  EXPECT_EQ(status_of([&] { router.find(request); }), 405);
}

TEST(Router, RefusesBrokenAddresses) {
  for (const char* broken : {"%", "%1", "%zz", "a%00b", "%ff"})
    EXPECT_EQ(status_of([&] { percent_decoded(broken); }), 400) << broken;
  EXPECT_EQ(percent_decoded("a+b%20c%e5%b1%b1"), "a+b c山");
  EXPECT_EQ(percent_decoded(percent_encoded("a b/山%\"")), "a b/山%\"");
  EXPECT_EQ(status_of([] { request_of("http://x/"); }), 400);
}

TEST(Request, NumbersAndJsonAreChecked) {
  Request request = request_of("/?a=5&b=x&c=99&d=");
  EXPECT_EQ(request.number("a", 0, 1, 10), 5);
  EXPECT_EQ(request.number("e", 7, 1, 10), 7);
  for (const char* wrong : {"b", "c", "d"})
    EXPECT_EQ(status_of([&] { request.number(wrong, 0, 1, 10); }), 400);
  for (const std::string& body :
       {std::string("[1]"), std::string("{"), std::string(), std::string(50'000, '[')}) {
    request.body = body;
    EXPECT_EQ(status_of([&] { (void)request.json(); }), 400);
  }
}

TEST(Guard, KnowsItsOwnPagesOnly) {
  Guard guard("secret");
  guard.listens_at(81);
  const auto status = [&](Request request) {
    Response response;
    return status_of([&] { guard(request, response); });
  };
  Request request = request_of("/api/v1/session");
  request.host = "127.0.0.1:81";
  EXPECT_EQ(status(request), 401);
  request.authorization = "Bearer secret";
  EXPECT_EQ(status(request), 200);
  request.origin = "http://127.0.0.1:81";
  EXPECT_EQ(status(request), 200);
  for (const char* foreign :
       {"http://127.0.0.1:82", "https://127.0.0.1:81", "null", "http://127.0.0.1:81.evil.example"}) {
    request.origin = foreign;
    EXPECT_EQ(status(request), 403) << foreign;
  }
  request.origin.clear();
  for (const char* foreign : {"", "127.0.0.1", "127.0.0.1:810", "evil.example:81", "localhost"}) {
    request.host = foreign;
    EXPECT_EQ(status(request), 403) << foreign;
  }
  request.host = "localhost:81";
  for (const char* wrong : {"Bearer secre", "Bearer secrets", "secret", "bearer secret", ""}) {
    request.authorization = wrong;
    EXPECT_EQ(status(request), 401) << wrong;
  }
}

TEST(Guard, ASessionIsMadeOfTheLinkAndEndsWhenManyFollow) {
  Guard guard("secret");
  guard.listens_at(81);
  const auto open = [&] {
    Request request = request_of("/?token=secret");
    request.host = "127.0.0.1:81";
    Response response;
    EXPECT_TRUE(guard(request, response));
    EXPECT_EQ(response.status, 303);
    const std::string cookie = response.headers.at(1).second;
    return cookie.substr(0, cookie.find(';'));
  };
  const auto status = [&](const std::string& cookie) {
    Request request = request_of("/api/v1/session");
    request.host = "127.0.0.1:81";
    request.cookie = cookie;
    Response response;
    return status_of([&] { guard(request, response); });
  };
  const std::string first = open();
  EXPECT_EQ(status(first), 200);
  EXPECT_EQ(status("x=y; " + first + "; z=1"), 200);
  EXPECT_EQ(status(first + "0"), 401);
  EXPECT_EQ(status("linmo-82=" + first.substr(first.find('=') + 1)), 401);
  for (int i = 0; i < 64; ++i) open();
  EXPECT_EQ(status(first), 401);
}

TEST(Guard, APasswordOpensWhereThereIsOne) {
  Guard guard("secret", Password("correct horse"));
  guard.listens_at(81, {"studio.example"});
  Request request = request_of("/api/v1/session");
  request.host = "studio.example:81";
  Response response;
  EXPECT_EQ(status_of([&] { guard(request, response); }), 401);
  EXPECT_EQ(status_of([&] { guard.log_in("wrong horse"); }), 401);
  EXPECT_EQ(status_of([&] { guard.log_in("correct horse"); }), 429);  // not at once
  Guard other("secret", Password("correct horse"));
  other.listens_at(81, {"studio.example"});
  const std::string cookie = other.log_in("correct horse").headers.at(0).second;
  request.cookie = cookie.substr(0, cookie.find(';'));
  EXPECT_EQ(status_of([&] { other(request, response); }), 200);
  EXPECT_EQ(status_of([&] { guard(request, response); }), 401);
  request.host = "other.example:81";
  EXPECT_EQ(status_of([&] { other(request, response); }), 403);
  Guard without("secret");
  EXPECT_EQ(status_of([&] { without.log_in(""); }), 404);
}

TEST(SafeName, KeepsNamesAndNothingElse) {
  EXPECT_EQ(safe_name("山 水.png", "x"), "山 水.png");
  EXPECT_EQ(safe_name("../../etc/passwd", "x"), "passwd");
  EXPECT_EQ(safe_name("C:\\a\\b.png", "x"), "b.png");
  EXPECT_EQ(safe_name("..", "x"), "x");
  EXPECT_EQ(safe_name(".hidden", "x"), "hidden");
  EXPECT_EQ(safe_name("-rf\n", "x"), "rf");
  const std::string lengthy =
      safe_name(std::string(100, 'a') + std::string("山水山水山水山水山水山水山水.png"), "x");
  EXPECT_LE(lengthy.size(), 120u);
  EXPECT_TRUE(lengthy.ends_with(".png"));
  EXPECT_TRUE(is_utf8(lengthy));
}

}  // namespace
}  // namespace linmo::studio

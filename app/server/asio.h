// SPDX-License-Identifier: Apache-2.0
// Boost.Asio's coroutines. Include this before any other header of Boost.Asio.
#pragma once

// clang-format off
#include <utility>  // Boost 1.74's awaitable.hpp uses std::exchange without it
#include <boost/asio/awaitable.hpp>
// clang-format on
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace linmo::studio {

namespace asio = boost::asio;
template <class T>
using Task = asio::awaitable<T>;

// Wakes coroutines that wait for something to change. One thread: nothing is lost between looking and
// waiting.
class Bell {
 public:
  explicit Bell(asio::io_context& context) : timer_(context) {
    timer_.expires_at(asio::steady_timer::time_point::max());
  }
  void ring() { timer_.cancel(); }
  Task<void> wait() {
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

 private:
  asio::steady_timer timer_;
};

}  // namespace linmo::studio

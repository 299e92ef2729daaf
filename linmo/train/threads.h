// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace linmo::train {

// Lets libtorch and oneDNN compute on `threads` threads (0: all processors). When that is every processor,
// each thread is tied to one: the threads of a parallel region wait for each other, and one that the system
// moves makes all others wait. Call from the thread that trains. Returns the number of threads.
int use_threads(int threads);

// For a thread started by one that is tied: it may run anywhere again.
void untie_this_thread();

}  // namespace linmo::train

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace linmo::train {

// Lets libtorch and oneDNN compute on `threads` threads (0: all processors). When that is every processor,
// each thread is tied to one: the threads of a parallel region wait for each other, and one that the system
// moves makes all others wait. Call from the thread that trains. Returns the number of threads.
int use_threads(int threads);

// What OPENBLAS_CORETYPE should say where OpenBLAS does not know this processor: Debian 12's 0.3.21 falls
// back on its code for SSE3 ("Prescott") on an Emerald Rapids. Empty where it knows better, or another BLAS
// is linked. It reads the variable when it is loaded, so the program has to be started again with it.
std::string better_blas_core();

// For a thread started by one that is tied: it may run anywhere again.
void untie_this_thread();

}  // namespace linmo::train

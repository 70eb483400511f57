#include <stdlib.h>

#include "Width.h"

// All tests begin at once by default, hundreds on two threads. Those that talk to servers within the process then wait so
// long for their turn that the other side counts as too slow, and a process of more than 1,024 open files, which they
// reach together, can start no programs any more. This runs before the tests are read.
__attribute__((constructor)) static void let_a_few_tests_go_on_at_once(void) {
  setenv(BIRLIK_TEST_WIDTH_VARIABLE, "6", 0);
}

#pragma once

// How many tests go on at once; swift-testing reads it when the tests begin. Whoever sets it decides.
#define BIRLIK_TEST_WIDTH_VARIABLE "SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH"

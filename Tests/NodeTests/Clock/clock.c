// Preloaded into a program, it moves its wall clock by CLOCK_OFFSET_MS milliseconds. SQLite asks gettimeofday, Swift
// clock_gettime; clocks that only measure stay as they are.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long long offset(void) {
  const char *text = getenv("CLOCK_OFFSET_MS");
  return text ? atoll(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    long long moved = now->tv_sec * 1000LL + offset() + now->tv_nsec / 1000000;
    now->tv_sec = moved / 1000;
    now->tv_nsec = moved % 1000 * 1000000 + now->tv_nsec % 1000000;
  }
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec moved;
  int result = clock_gettime(CLOCK_REALTIME, &moved);
  now->tv_sec = moved.tv_sec;
  now->tv_usec = moved.tv_nsec / 1000;
  return result;
}

time_t time(time_t *result) {
  struct timespec moved;
  clock_gettime(CLOCK_REALTIME, &moved);
  if (result) *result = moved.tv_sec;
  return moved.tv_sec;
}

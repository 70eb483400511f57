// Makes one change of a file fail, or kills the process at it. Preloaded into the program; see sweep.py.
//
// BIRLIK_FAULT_FOLDER   only files in this folder count
// BIRLIK_FAULT_COUNTER  a file of eight bytes: how many changes there were, over all threads
// BIRLIK_FAULT_AT       the number of the change, from 1; 0 counts only
// BIRLIK_FAULT_KIND     kill (before it), torn (in the middle of it), EIO, ENOSPC
// BIRLIK_FAULT_LASTING  1 when all later changes fail as well
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *folder;
static uint64_t *counter;
static uint64_t at;
static int error_number;  // 0: the process is killed
static int is_torn, is_lasting;

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("BIRLIK_FAULT_COUNTER");
  const char *kind = getenv("BIRLIK_FAULT_KIND");
  if (!path || !kind) return;
  int file = open(path, O_RDWR);
  if (file < 0) abort();
  counter = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (counter == MAP_FAILED) abort();
  at = strtoull(getenv("BIRLIK_FAULT_AT"), NULL, 10);
  error_number = !strcmp(kind, "EIO") ? EIO : !strcmp(kind, "ENOSPC") ? ENOSPC : 0;
  is_torn = !strcmp(kind, "torn");
  is_lasting = getenv("BIRLIK_FAULT_LASTING") != NULL;
  folder = getenv("BIRLIK_FAULT_FOLDER");
}

static int is_ours(const char *path) { return path && folder && !strncmp(path, folder, strlen(folder)); }

static int is_ours_at(const char *path) {
  if (!folder || !path) return 0;
  if (path[0] == '/') return is_ours(path);
  char here[PATH_MAX];
  return getcwd(here, sizeof here) && is_ours(here);
}

static int is_ours_open(int file) {
  if (!folder) return 0;
  char name[64], path[PATH_MAX];
  snprintf(name, sizeof name, "/proc/self/fd/%d", file);
  ssize_t length = readlink(name, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_ours(path);
}

/// Counts one change. 1: it fails with `errno`; 2: its first half is made, then the process is killed.
static int fails(int frees_space) {
  uint64_t number = __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
  if (at == 0 || number < at || (number > at && !is_lasting)) return 0;
  if (error_number == 0) {
    if (is_torn) return 2;
    raise(SIGKILL);
  }
  if (error_number == ENOSPC && frees_space) return 0;
  errno = error_number;
  return 1;
}

#define DIE() raise(SIGKILL)

#define WRITES(name, parameters, arguments, halved)        \
  ssize_t name parameters {                                \
    if (is_ours_open(file)) switch (fails(0)) {            \
      case 1: return -1;                                   \
      case 2: NEXT(name) halved; DIE();                    \
    }                                                      \
    return NEXT(name) arguments;                           \
  }

WRITES(write, (int file, const void *bytes, size_t count), (file, bytes, count), (file, bytes, count / 2))
WRITES(pwrite, (int file, const void *bytes, size_t count, off_t offset), (file, bytes, count, offset),
       (file, bytes, count / 2, offset))
WRITES(pwrite64, (int file, const void *bytes, size_t count, off64_t offset), (file, bytes, count, offset),
       (file, bytes, count / 2, offset))
WRITES(writev, (int file, const struct iovec *pieces, int count), (file, pieces, count), (file, pieces, count / 2))

#define CHANGES(name, parameters, arguments, ours, frees_space)  \
  int name parameters {                                          \
    if (ours) switch (fails(frees_space)) {                      \
      case 1: return -1;                                         \
      case 2: NEXT(name) arguments; DIE();                       \
    }                                                            \
    return NEXT(name) arguments;                                 \
  }

CHANGES(fsync, (int file), (file), is_ours_open(file), 0)
CHANGES(fdatasync, (int file), (file), is_ours_open(file), 0)
CHANGES(ftruncate, (int file, off_t size), (file, size), is_ours_open(file), size == 0)
CHANGES(ftruncate64, (int file, off64_t size), (file, size), is_ours_open(file), size == 0)
CHANGES(rename, (const char *old, const char *new), (old, new), is_ours_at(new), 0)
CHANGES(renameat, (int from, const char *old, int to, const char *new), (from, old, to, new), is_ours_at(new), 0)
CHANGES(link, (const char *old, const char *new), (old, new), is_ours_at(new), 0)
CHANGES(linkat, (int from, const char *old, int to, const char *new, int flags), (from, old, to, new, flags),
        is_ours_at(new), 0)
CHANGES(unlink, (const char *path), (path), is_ours_at(path), 1)
CHANGES(unlinkat, (int at_folder, const char *path, int flags), (at_folder, path, flags), is_ours_at(path), 1)
CHANGES(remove, (const char *path), (path), is_ours_at(path), 1)
CHANGES(mkdir, (const char *path, mode_t mode), (path, mode), is_ours_at(path), 0)
CHANGES(chmod, (const char *path, mode_t mode), (path, mode), is_ours_at(path), 1)
CHANGES(fchmod, (int file, mode_t mode), (file, mode), is_ours_open(file), 1)

// Only a file that is made anew is a change.
#define OPENS(name)                                                                        \
  int name(const char *path, int flags, ...) {                                             \
    va_list list;                                                                          \
    va_start(list, flags);                                                                 \
    mode_t mode = va_arg(list, mode_t);                                                    \
    va_end(list);                                                                          \
    int is_new = (flags & O_TMPFILE) == O_TMPFILE || ((flags & O_CREAT) && access(path, F_OK) != 0); \
    if (is_new && is_ours_at(path)) switch (fails(0)) {                                    \
      case 1: return -1;                                                                   \
      case 2: NEXT(name)(path, flags, mode); DIE();                                        \
    }                                                                                      \
    return NEXT(name)(path, flags, mode);                                                  \
  }

OPENS(open)
OPENS(open64)

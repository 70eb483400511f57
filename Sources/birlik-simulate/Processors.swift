#if canImport(Glibc)
  import Glibc
#endif

enum Processors {
  /// How many processors this machine has; 1 where that cannot be asked.
  static let count = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
}

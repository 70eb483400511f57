import Glibc

/// This machine's clock.
public enum SystemClock {
  /// Milliseconds since 1970, as the machine believes.
  public static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
